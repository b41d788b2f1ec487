"""No feature of the table reads ahead, own or of another instrument; one that did is caught."""

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.features import compute
from alphamill.features.table import BY_NAME, CROSSING, FEATURES
from alphamill.research.audits import (
    OTHER,
    crossing_grounds,
    crossing_subject,
    feature_subjects,
    leaks,
)

from .test_audits import accused_and_missed

# A calendar is known beforehand: a month that is told a bar early is no leak.
SUBJECTS = [s for s in feature_subjects() if s.name not in ("month", "is_quarter_end")]
# Every feature in fifteen; all of them where there is time.
SOME = pytest.mark.parametrize("each", [15, pytest.param(1, marks=pytest.mark.slow)])


def test_all_own_features_and_all_that_cross_are_asked():
    names = [subject.name for subject in feature_subjects()]

    assert names == [row.name for row in FEATURES] + [f"{OTHER}_{name}" for name in crossing()]
    assert len(set(names)) == len(FEATURES) + len(CROSSING)


def crossing():
    return [row.name for row in FEATURES if row.crosses]


@SOME
def test_no_feature_is_accused_and_each_is_caught_one_bar_early(each):
    assert accused_and_missed(SUBJECTS[::each]) == ([], [])


def test_features_are_asked_by_name_those_of_other_instruments_too():
    own, other = feature_subjects(["rsi_14", "ES_hourly_return"])

    assert (own.name, own.kind, own.memory) == ("rsi_14", "feature", BY_NAME["rsi_14"].n_bars)
    assert other.name == "ES_hourly_return"
    assert list(other.call(other.grounds[0].rows(0, 30))) == ["ES_hourly_return"]


def test_an_unknown_name_is_refused_before_anything_is_asked():
    with pytest.raises(SettingsError, match="no feature is called 'rsi_1400'; the nearest are"):
        next(feature_subjects(["rsi_14", "rsi_1400"]))


def test_another_instrument_is_read_and_at_its_last_closed_bar_only(monkeypatch):
    subject = crossing_subject(BY_NAME["returns_1"])
    same, later = (ground.rows(0, 100) for ground in crossing_grounds()[:2])
    apart = [subject.call(series)[subject.name] for series in (same, later)]
    assert not leaks([subject])
    assert not np.array_equal(*(column[: min(map(len, apart))] for column in apart))

    # The next bar of the other instrument, as a match to the nearest or by the open gives.
    honest = compute.last_closed
    monkeypatch.setattr(
        compute, "last_closed", lambda at, other: np.minimum(honest(at, other) + 1, other.size - 1)
    )

    assert leaks([subject])


def test_an_instrument_beside_keeps_the_clock_or_closes_inside_the_bars():
    for same, later in zip(crossing_grounds()[::2], crossing_grounds()[1::2], strict=True):
        own, other = same.series
        assert np.array_equal(own.close_ns, other.close_ns)
        own, other = later.series
        assert not np.isin(other.close_ns, own.close_ns).any()
        assert 0.45 < len(other) / len(own) < 0.55
