"""Another future of a training table leaves what was known alone, and hides what was not."""

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.research.audit_rows import N_FEATURES, Labelled, RowsGround, made_up_trades
from alphamill.validation.audit_subject import HOWS

TABLE = made_up_trades()
NAMES = ("x", "y", "returns", "start", "end")
KEPT = 120
NOW = TABLE.start[KEPT - 1]
IS_OPEN = TABLE.end[:KEPT] > NOW
CHANGED = [how for how in HOWS if how != "missing"]
SHARPNESS = pytest.mark.parametrize("is_sharp", [True, False])


def small(**given):
    columns = {
        "x": np.ones((3, 2)),
        "y": np.array([0.0, 1.0, 1.0]),
        "returns": np.array([-0.1, 0.2, 0.3]),
        "start": np.array([10, 20, 30]),
        "end": np.array([15, 40, 35]),
    }
    return Labelled(**columns | given)


def same(ours, theirs):
    return np.array_equal(ours, theirs, equal_nan=True)


# --- the table ---------------------------------------------------------------------------------


def test_made_up_trades_overlap_and_tell_a_little():
    alive = [(TABLE.start < t).sum() - (TABLE.end < t).sum() for t in TABLE.start[50:250]]

    assert len(TABLE) == 300
    assert 5 < np.mean(alive) < 20
    assert 0.3 < TABLE.y.mean() < 0.7
    links = np.abs(np.corrcoef(TABLE.x, TABLE.y, rowvar=False)[-1, :N_FEATURES])
    assert 0.2 < links.max() < 0.6


def test_a_table_is_an_own_copy_that_nobody_edits():
    y = np.array([0.0, 1.0, 1.0])
    table = small(y=y)
    y[0] = 7.0

    assert table.y[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        table.x[0, 0] = 2.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"y": np.zeros(2)}, r"must have a row a decision.*\(2,\)"),
        ({"x": np.zeros(3)}, "x of two dimensions"),
        ({"start": np.array([20, 10, 30])}, "1 that fall back"),
        ({"end": np.array([9, 40, 35])}, "1 that end too soon. Sort the rows by start"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(given, words):
    with pytest.raises(DataError, match=words):
        small(**given)


def test_a_table_without_a_known_label_is_refused():
    with pytest.raises(DataError, match="must hold a label that is known, received 3 rows"):
        RowsGround(small(y=np.full(3, np.nan)))


# --- the ground --------------------------------------------------------------------------------


def test_the_whole_table_is_shown_as_it_became_known():
    shown = RowsGround(TABLE).rows(0, len(TABLE))

    assert all(same(getattr(shown, name), getattr(TABLE, name)) for name in NAMES)


def test_what_ended_later_than_the_last_row_is_not_shown():
    shown = RowsGround(TABLE).rows(0, KEPT)

    assert IS_OPEN.sum() > 5
    assert np.array_equal(np.isnan(shown.y), IS_OPEN)
    assert np.array_equal(np.isnan(shown.returns), IS_OPEN)
    assert same(shown.y[~IS_OPEN], TABLE.y[:KEPT][~IS_OPEN])
    assert same(shown.end[~IS_OPEN], TABLE.end[:KEPT][~IS_OPEN])
    # Open is all that is known of it.
    assert (shown.end[IS_OPEN] == NOW + 1).all()


def test_without_sharpness_the_rows_that_are_kept_are_whole():
    shown = RowsGround(TABLE, is_sharp=False).rows(20, KEPT)

    assert all(same(getattr(shown, name), getattr(TABLE, name)[20:KEPT]) for name in NAMES)


@SHARPNESS
@pytest.mark.parametrize("how", CHANGED)
def test_another_future_leaves_what_was_known(how, is_sharp):
    other = RowsGround(TABLE, is_sharp=is_sharp).changed(KEPT, how)
    known = ~IS_OPEN if is_sharp else np.ones(KEPT, dtype=bool)

    assert same(other.x[:KEPT], TABLE.x[:KEPT])
    assert same(other.start[:KEPT], TABLE.start[:KEPT])
    for name in ("y", "returns", "end"):
        assert same(getattr(other, name)[:KEPT][known], getattr(TABLE, name)[:KEPT][known])
    # A trade that was open stays open: an honest purge sees the same rows.
    assert (other.end[:KEPT][IS_OPEN] > NOW).all()


def test_noise_changes_features_labels_returns_and_both_times():
    other = RowsGround(TABLE).changed(KEPT, "noise")
    unknown = np.append(IS_OPEN, np.ones(len(TABLE) - KEPT, dtype=bool))

    assert not (other.x[KEPT:] == TABLE.x[KEPT:]).any()
    assert 0.3 < (other.y[unknown] != TABLE.y[unknown]).mean() < 0.7
    assert set(np.unique(other.y)) == {0.0, 1.0}
    assert not (other.returns[unknown] == TABLE.returns[unknown]).any()
    assert (other.start[KEPT + 10 :] > TABLE.start[KEPT + 10 :]).all()
    assert (other.end[unknown] != TABLE.end[unknown]).mean() > 0.9


def test_a_constant_future_repeats_the_last_row_and_the_last_known_outcome():
    other = RowsGround(TABLE).changed(KEPT, "constant")
    last = np.flatnonzero(~IS_OPEN)[-1]

    assert (other.x[KEPT:] == TABLE.x[KEPT - 1]).all()
    assert (other.y[KEPT:] == TABLE.y[last]).all()
    assert (other.returns[:KEPT][IS_OPEN] == TABLE.returns[last]).all()


def test_before_any_trade_has_ended_a_constant_outcome_is_nothing():
    other = RowsGround(TABLE).changed(1, "constant")

    assert not other.y.any()
    assert not other.returns.any()


def test_an_unknown_future_is_nan_in_all_but_the_times():
    other = RowsGround(TABLE).changed(KEPT, "nan")

    assert np.isnan(other.x[KEPT:]).all()
    assert np.array_equal(np.isnan(other.y[:KEPT]), IS_OPEN)
    assert np.array_equal(np.isnan(other.returns[:KEPT]), IS_OPEN)
    assert same(other.end, TABLE.end)
