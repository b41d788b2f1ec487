"""Completed sessions against a pandas twin, and against every kind of later bar."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alphamill.core.market import Bars, as_of
from alphamill.indicators.higher import aggregate, completed_sessions
from alphamill.strategies.contract_markets import disturbed, quarter_hours

COLUMNS = ("session", "session_end", "open", "high", "low", "close", "volume")
PRICES = ("open", "high", "low", "close", "volume")


def days_of(bars: Bars):
    return completed_sessions(*(getattr(bars, name) for name in COLUMNS))


def seen_at(bars: Bars) -> np.ndarray:
    """Return what is known of the last completed session at each bar, a row a column."""
    days = days_of(bars)
    return np.vstack([as_of(getattr(days, name), days.last) for name in PRICES])


def twin(bars: Bars) -> pd.DataFrame:
    """Return the same by grouping whole sessions and joining them on the moment they ended."""
    table = pd.DataFrame({name: getattr(bars, name) for name in ("close_ns", *COLUMNS)})
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    whole = table.groupby("session").agg(rules)
    ended = table[table.session_end].set_index("session").close_ns
    next_began = table.groupby("session").close_ns.first().shift(-1)
    whole["close_ns"] = ended.reindex(whole.index).fillna(next_began)
    known = whole.iloc[1:].dropna(subset="close_ns").astype({"close_ns": np.int64})
    return pd.merge_asof(table[["close_ns"]], known, on="close_ns")


@pytest.mark.parametrize("seed", range(8))
def test_completed_sessions_equal_their_pandas_twin(seed):
    # Three bars in a hundred are missing, so some sessions lack their last one.
    bars = quarter_hours(700, seed=seed)

    np.testing.assert_allclose(seen_at(bars), twin(bars)[list(PRICES)].T.to_numpy(), rtol=1e-12)
    flagged = len(set(bars.session[bars.session_end].tolist()))
    assert flagged < len(set(bars.session.tolist()))


def test_a_session_is_known_at_the_calendars_last_bar_and_not_a_bar_sooner():
    session = np.array([1, 2, 2, 3, 3, 4])
    price = np.array([5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    ends = np.array([True, False, True, False, False, False])

    days = completed_sessions(session, ends, price, price, price, price, price)

    # Session 1 may have begun before the data, 3 lacks its last bar, 4 is under way.
    assert days.close.tolist() == [7.0, 9.0]
    assert days.last.tolist() == [-1, -1, 0, 0, 0, 1]


def test_what_comes_after_the_calendars_end_of_a_session_does_not_change_it():
    session, ends = np.array([1, 2, 2, 2, 3]), np.array([True, False, True, False, False])
    price = np.array([5.0, 6.0, 7.0, 99.0, 8.0])

    days = completed_sessions(session, ends, price, price, price, price, price)

    assert (days.high.tolist(), days.close.tolist(), days.volume.tolist()) == ([7.0], [7.0], [13.0])
    assert days.last.tolist() == [-1, -1, 0, 0, 0]


def test_an_unknown_volume_is_that_of_its_session_only():
    bars = quarter_hours(120, seed=3)
    volume = bars.volume.copy()
    volume[40] = np.nan

    found = days_of(replace(bars, volume=volume)).volume

    at = np.unique(bars.session).tolist().index(bars.session[40]) - 1
    assert np.flatnonzero(np.isnan(found)).tolist() == [at]


def test_nothing_later_changes_what_was_known():
    bars = quarter_hours(300, seed=4)
    whole = seen_at(bars)

    for cut in range(1, 300):
        np.testing.assert_array_equal(seen_at(bars.head(cut)), whole[:, :cut])
        (other,) = disturbed((bars,), cut)
        np.testing.assert_array_equal(seen_at(other)[:, :cut], whole[:, :cut])


def test_no_bar_has_no_session():
    days = days_of(quarter_hours(30).head(0))

    assert days.last.size == days.close.size == 0


def test_compiled_equals_uncompiled():
    bars = quarter_hours(200, seed=5)
    table = np.vstack([getattr(bars, name) for name in PRICES])
    fast, slow = np.empty_like(table), np.empty_like(table)
    last, slow_last = np.empty((2, 200), dtype=np.int64)

    n_ended = aggregate(bars.session, bars.session_end, table, fast, last)
    plain = getattr(aggregate, "py_func", aggregate)
    assert plain(bars.session, bars.session_end, table, slow, slow_last) == n_ended > 5

    assert np.array_equal(last, slow_last)
    assert np.array_equal(fast[:, :n_ended], slow[:, :n_ended])
