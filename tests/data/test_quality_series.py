"""Rules about the series as a whole: timeframe, coverage, splits, scale."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError
from alphamill.data.quality import admit, inspect
from tests.data.sound_series import FUTURE, SHARE, changed, daily, minutes, rules, scaled


def test_another_timeframe_is_refused_wherever_it_begins():
    late = pd.concat([minutes(200).frame, minutes(100, "2024-01-08 18:20", "15min").frame])

    found = inspect(replace(minutes(), frame=late), FUTURE)

    assert rules(found, "refuse") == ["D18"]
    assert "15 minutes apart" in found[0].message
    assert rules(inspect(minutes(timeframe="5m"), FUTURE), "refuse") == ["D18"]


def test_a_thin_market_is_not_another_timeframe():
    raw = minutes(600)
    rng = np.random.default_rng(1)
    thin = raw.frame.iloc[np.sort(rng.permutation(600)[:300])]

    assert "D18" not in rules(inspect(replace(raw, frame=thin), FUTURE), "refuse")


def test_missing_sessions_warn_at_one_and_refuse_at_ten_percent():
    raw = daily()
    expected = raw.frame.index.strftime("%Y%m%d").astype(int).to_numpy()
    verdicts = []
    for n_missing in (1, 2, 12):
        holed = replace(raw, frame=raw.frame.drop(raw.frame.index[50 : 50 + n_missing]))
        found = inspect(holed, SHARE, expected_sessions=expected)
        verdicts.append([f.severity for f in found if "sessions" in f.message])

    assert verdicts == [[], ["warn"], ["refuse"]]


def test_the_calendar_is_asked_only_about_the_series_own_span():
    raw = daily()
    expected = pd.bdate_range("2020-01-01", "2026-01-01").strftime("%Y%m%d").astype(int)

    assert inspect(raw, SHARE, expected_sessions=expected.to_numpy()) == []


def test_a_day_outside_the_calendar_is_named():
    raw = daily()
    expected = raw.frame.index.strftime("%Y%m%d").astype(int).to_numpy()

    found = inspect(raw, SHARE, expected_sessions=np.delete(expected, 30))

    assert [(f.rule, f.severity, f.row) for f in found] == [("D16", "warn", 30)]


def test_a_daily_break_is_no_hole_but_a_lost_hour_is():
    days = [minutes(120, f"2024-01-{d:02d} 15:00").frame for d in range(8, 13)]
    days += [minutes(60, f"2024-01-{d:02d} 18:00").frame for d in range(8, 13)]
    whole = pd.concat(days).sort_index()
    lost = whole[(whole.index < "2024-01-10 15:30") | (whole.index > "2024-01-10 15:50")]

    assert inspect(replace(minutes(), frame=whole), FUTURE) == []
    found = inspect(replace(minutes(), frame=lost), FUTURE)
    assert [(f.rule, f.severity, f.row) for f in found] == [("D17", "warn", 390)]


@pytest.mark.parametrize(("ratio", "shown"), [(2, "2-for-1"), (7, "7-for-1"), (20, "20-for-1")])
def test_an_unadjusted_split_is_refused_with_its_ratio(ratio, shown):
    raw = scaled(daily(), 60, 1 / ratio, volume=ratio)

    with pytest.raises(DataError, match=rf"bar 60 .* unadjusted {shown} split.*\[D20\]"):
        admit(raw, SHARE)
    assert rules(admit(raw, SHARE, accepted={"D20"})[1], "warn") == ["D20"]


def test_what_only_looks_like_a_split_is_left_alone():
    a_third_off = scaled(daily(), 60, 0.6)
    back_again = scaled(scaled(daily(), 60, 0.5), 61, 2.0)
    a_future = scaled(daily(), 60, 0.5)

    for raw, instrument in ((a_third_off, SHARE), (back_again, SHARE), (a_future, FUTURE)):
        assert "D20" not in rules(inspect(raw, instrument), "refuse")


def test_a_halving_of_prices_declared_adjusted_is_named_only():
    raw = replace(scaled(daily(volume=np.nan), 60, 0.5), adjusted="ratio")

    assert rules(inspect(raw, SHARE), "refuse") == []
    assert "D20" in rules(inspect(raw, SHARE), "warn")
    assert rules(inspect(replace(raw, adjusted="none"), SHARE), "refuse") == ["D20"]


def test_a_row_of_another_scale_is_refused_in_any_market():
    found = inspect(changed(daily(), 60, open=1e4, high=1.1e4, low=9e3, close=1e4), FUTURE)

    assert rules(found, "refuse") == ["D22"]
    assert (found[0].row, found[0].count) == (60, 2)


def test_the_whole_file_is_compared_with_the_known_size():
    raw = scaled(daily(), 0, 10_000.0)
    median = float(daily().frame["close"].median())

    assert rules(inspect(raw, SHARE, reference_median=median), "refuse") == ["D22"]
    assert inspect(raw, SHARE, reference_median=median, accepted=["D22"])[0].severity == "warn"
    assert inspect(daily(), SHARE, reference_median=median * 3) == []
