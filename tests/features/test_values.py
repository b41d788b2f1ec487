"""Values of every family, compared with twins and worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.market import Bars
from alphamill.features.compute import default_names, features
from alphamill.features.table import BY_NAME, FAMILIES, own_names

from .markets import FOURS, four_a_session, multiplied, shifted, usual_size, values
from .readable import TWINS, atr, rank, table

SHORT = four_a_session(420)
# Its own moves again: a fixed constant was added to all its prices.
ADJUSTED = shifted(SHORT, -150.0)


@pytest.mark.parametrize("bars", [SHORT, ADJUSTED], ids=["raw", "adjusted"])
@pytest.mark.parametrize("name", TWINS)
def test_values_are_those_of_the_readable_twin(name, bars):
    ours = BY_NAME[name].column(bars)
    theirs = TWINS[name](table(bars)).to_numpy(dtype=np.float64)

    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    assert (~np.isnan(ours)).sum() > 100
    # pandas' running totals leave some dust of the rows that went before.
    assert np.nanmax(np.abs(ours - theirs)) < 1e-7 * usual_size(theirs)


def test_a_rank_of_ranges_is_right_but_for_ties():
    ours = BY_NAME["atr_percentile_100"].column(SHORT)
    off = np.abs(ours - 100.0 * rank(atr(table(SHORT), 14), 100).to_numpy())

    # Two means of one size may differ in their last bit, and a tie then falls either way.
    assert np.nanmax(off) < 100.0 / 99.0 + 1e-9
    assert np.nanmean(off > 1e-9) < 0.05
    assert (~np.isnan(off)).sum() > 300


def test_every_family_has_a_twin():
    assert {BY_NAME[name].family for name in TWINS} == set(FAMILIES)


# --- by hand -----------------------------------------------------------------------------------


def hand(**columns: list[float]) -> Bars:
    """Return two sessions of three bars: the second gaps up, sinks and closes the gap."""
    n = 6
    given = {
        "close_ns": np.arange(1, n + 1) * 900_000_000_000,
        "open": [10.0, 11, 12, 14, 15, 13],
        "high": [11.0, 12, 13, 16, 15, 14],
        "low": [10.0, 10, 11, 14, 12, 9],
        "close": [11.0, 12, 12, 15, 13, 9],
        "volume": [100.0, 200, 300, 100, 100, 400],
        "session": [20240328] * 3 + [20240401] * 3,
        "session_end": [False, False, True] * 2,
        "minute": [570, 585, 600] * 2,
        "cash_minute": [0, 15, 30] * 2,
        "sessions_left_in_month": [0] * 3 + [21] * 3,
        "raw_close": [11.0, 12, 12, 15, 13, 9],
    }
    return Bars("H", "15m", **{**given, **columns})


BY_HAND = {
    "day_of_week": [3, 3, 3, 0, 0, 0],
    "is_month_end": [1, 1, 1, 0, 0, 0],
    "is_month_start": [np.nan, np.nan, np.nan, 1, 1, 1],
    "is_quarter_end": [1, 1, 1, 0, 0, 0],
    "week_of_year": [13, 13, 13, 14, 14, 14],
    "hour": [9, 9, 10, 9, 9, 10],
    "is_end_of_week": [1, 1, 1, 0, 0, 0],
    "weekday_of_month": [20, 20, 20, 1, 1, 1],
    "ibs": [1, 1, 0.5, 0.5, 1 / 3, 0],
    "returns_1": [np.nan, 1 / 11, 0, 0.25, -2 / 15, -4 / 13],
    "returns_3": [np.nan, np.nan, np.nan, 4 / 11, 1 / 12, -3 / 12],
    "hourly_return": [np.nan, np.nan, np.nan, np.nan, 2 / 11, -3 / 12],
    "rsi_2": [np.nan, np.nan, 100, 100, 100 * 0.875 / 1.875, 100 * 0.4375 / 2.9375],
    "range_pct": [1 / 11, 2 / 12, 2 / 12, 2 / 15, 3 / 13, 5 / 9],
    "pct_from_high_5": [np.nan, np.nan, np.nan, np.nan, -3 / 13, -7 / 9],
    "inside_bar": [np.nan, 0, 0, 0, 0, 0],
    "outside_bar": [np.nan, 0, 0, 0, 0, 0],
    "bear_streak": [0, 0, 0, 0, 1, 2],
    "bull_streak": [1, 2, 0, 1, 0, 0],
    "body_pct": [1, 0.5, 0, 0.5, 2 / 3, 0.8],
    "is_doji": [0, 0, 1, 0, 0, 0],
    "session_return": [np.nan, np.nan, np.nan, 0.25, 1 / 12, -3 / 12],
    "session_open_return": [np.nan, np.nan, np.nan, 1 / 15, -1 / 13, -5 / 9],
    "session_place": [np.nan, np.nan, np.nan, 0.5, 0.25, 0],
    "gap_pct": [np.nan, np.nan, np.nan, 2 / 15, 2 / 13, 2 / 9],
    "gap": [np.nan, np.nan, np.nan, 2, 2, 2],
    "gap_filled": [np.nan, np.nan, np.nan, 0, 1, 1],
    "pct_from_prior_high": [np.nan, np.nan, np.nan, 2 / 15, 0, -4 / 9],
    "daily_ibs": [np.nan, np.nan, np.nan, np.nan, np.nan, 0],
    "daily_range_pct": [np.nan, np.nan, np.nan, np.nan, np.nan, 7 / 9],
    "obv": [100, 300, 300, 400, 300, -100],
    "obv_change": [np.nan, 200, 0, 100, -100, -400],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values_worked_out_by_hand(name):
    np.testing.assert_allclose(BY_NAME[name].column(hand()), BY_HAND[name], rtol=1e-14, atol=1e-15)


def test_a_hammer_its_mirror_and_a_bar_without_range():
    shapes = {"open": [9.5, 1.3], "high": [10.0, 10], "low": [0.0, 1], "close": [9.9, 1.5]}
    flat = {name: [*x, 7.0, 7.0, 7.0, 7.0] for name, x in shapes.items()}
    bars = hand(**flat, raw_close=flat["close"])

    assert BY_NAME["is_hammer"].column(bars).tolist() == [1, 0, 0, 0, 0, 0]
    assert BY_NAME["is_shooting_star"].column(bars).tolist() == [0, 1, 0, 0, 0, 0]
    for name in ("body_pct", "upper_wick_pct", "lower_wick_pct", "is_doji"):
        assert BY_NAME[name].column(bars)[2:].tolist() == [0, 0, 0, 0]


# --- stationary --------------------------------------------------------------------------------


def apart(ours: Bars, theirs: Bars, names: tuple[str, ...]) -> dict[str, float]:
    """Return the features that differ, and by how many usual sizes."""
    pairs = zip(names, values(ours, names).T, values(theirs, names).T, strict=True)
    found = {}
    for name, a, b in pairs:
        same_nan = np.array_equal(np.isnan(a), np.isnan(b))
        found[name] = np.nanmax(np.abs(a - b)) / usual_size(a) if same_nan else np.inf
    return {name: size for name, size in found.items() if size > 1e-8}


def test_a_back_adjustment_by_a_constant_changes_no_feature():
    assert apart(FOURS, shifted(FOURS, 1000.0), own_names()) == {}
    assert "sma_20" in apart(FOURS, shifted(FOURS, 1000.0), own_names(on_request=True))


def test_another_currency_changes_no_feature():
    assert apart(FOURS, multiplied(FOURS, 4.0), own_names()) == {}
    assert "atr_14" in apart(FOURS, multiplied(FOURS, 4.0), own_names(on_request=True))


def test_volume_in_other_units_changes_no_feature():
    hundreds = replace(FOURS, volume=FOURS.volume * 100.0)

    assert apart(FOURS, hundreds, own_names()) == {}
    assert "volume_sma_5" in apart(FOURS, hundreds, own_names(on_request=True))


def test_prices_at_and_below_zero_have_no_percent():
    below = hand(**{
        name: [x - 12.0 for x in values]
        for name, values in {
            "open": [10.0, 11, 12, 14, 15, 13],
            "high": [11.0, 12, 13, 16, 15, 14],
            "low": [10.0, 10, 11, 14, 12, 9],
            "close": [11.0, 12, 12, 15, 13, 9],
            "raw_close": [11.0, 12, 12, 15, 13, 9],
        }.items()
    })  # fmt: skip
    column = features(below, None, ("returns_1", "range_pct", "gap_pct")).values

    np.testing.assert_allclose(column[:, 0], [np.nan] * 4 + [-2 / 3, -4])
    np.testing.assert_allclose(column[:, 1], [np.nan] * 3 + [2 / 3, 3, np.nan])
    assert not np.isinf(values(below, default_names(below))).any()
