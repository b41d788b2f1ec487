"""The table against its functions, its page and the specification's list."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.core.market import Bars
from alphamill.features.compute import beside, default_names, features, last_row
from alphamill.features.table import (
    BY_NAME,
    FAMILIES,
    FEATURES,
    as_markdown,
    cross_names,
    own_names,
    split,
)

from .markets import FOURS, OTHERS, QUARTERS

# Columns of Bars that a row names when it reads them; closes and the calendar are always there.
DECLARED = ("open", "high", "low", "volume")
# The specification's groups (factory 4.3), less its copies and what it names after bars.
SPECIFIED = """
day_of_week hour day_of_month month is_month_end is_month_start is_quarter_end week_of_year
is_beginning_of_week is_end_of_week is_even_day dom_first_half
ibs prev_ibs ibs_sma_5 ibs_sma_10 ibs_std_10 ibs_zscore ibs_percentile_20 daily_ibs prev_daily_ibs
returns_1 returns_2 returns_3 returns_5 returns_10 returns_20 returns_60 prev_bar_pct prev_day_pct
rsi_2 rsi_5 rsi_9 rsi_14 rsi_21 rsi_14_zscore
atr_5 atr_10 atr_14 atr_20 atr_pct atrz datrz volatility_5 volatility_10 volatility_20
volatility_60 vol_ratio_5_20 vol_ratio_10_60 range_pct range_pct_avg_5 range_pct_avg_20
range_expansion atr_percentile twrc
volume_sma_20 volume_sma_5 volume_ratio volz dvolz volume_trend obv_change obv obv_zscore
roc_3 roc_5 roc_10 roc_20 mom3_z mom5_z mom10_z macd macd_signal macd_histogram macd_zscore
stoch_k stoch_d stoch_diff
sma_20 sma_50 dist_sma_20 dist_sma_50 dist_z z_score z_score_50 ema_8 ema_20 ema_50 ema_100
ema_200 above_ema_8 above_ema_20 above_ema_50 above_ema_200 ema_20_slope ema_50_slope
ema_8_20_diff ema_20_50_diff high_5 high_10 high_20 high_50 low_5 low_10 low_20 low_50
pct_from_high_5 pct_from_high_10 pct_from_high_20 pct_from_high_50
pct_from_low_5 pct_from_low_10 pct_from_low_20 pct_from_low_50 efficiency_ratio_10
efficiency_ratio_20
bb_sma bb_upper bb_lower bb_pct_b bb_bandwidth bb_pct_b_daily bb_bandwidth_daily
inside_bar outside_bar bearish_bar bullish_bar bear_streak bull_streak n7_bar n10_bar_low
n10_bar_high gap gap_pct gap_filled body_pct upper_wick_pct lower_wick_pct is_doji is_hammer
is_shooting_star
"""
FACTORY = "ES NQ RTY YM GC SI HG CL NG 6A 6B 6E 6J 6N 6S"


def test_the_table_holds_what_the_specification_lists():
    assert sorted(set(SPECIFIED.split()) - set(BY_NAME)) == []


def test_names_are_distinct():
    assert len(BY_NAME) == len(FEATURES)


def test_fifteen_instruments_have_about_280_columns_each():
    names = (*own_names(), *cross_names(symbol for symbol in FACTORY.split() if symbol != "ES"))

    assert len(own_names()) == 168
    assert len(names) == 280
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("symbol", FACTORY.split())
def test_a_name_of_another_instrument_is_read_back(symbol):
    for name, crossing in zip(
        cross_names([symbol]), (r for r in FEATURES if r.crosses), strict=True
    ):
        assert split(name) == (symbol, crossing)


def test_raw_levels_come_by_request_only():
    assert {row.family for row in FEATURES if row.on_request} == {"levels", "momentum"}
    assert not set(own_names()) & {row.name for row in FEATURES if row.family == "levels"}
    assert set(own_names(on_request=True)) == set(BY_NAME)


@pytest.mark.parametrize("row", FEATURES, ids=lambda row: row.name)
def test_a_row_reads_no_column_but_those_it_names(row):
    whole = row.column(FOURS)

    for name in DECLARED:
        changes = not np.array_equal(row.column(_without(FOURS, name)), whole, equal_nan=True)
        assert changes <= (name in row.needs), name
    if row.needs:
        bare = FOURS
        for name in row.needs:
            bare = _without(bare, name)
        assert not np.array_equal(row.column(bare), whole, equal_nan=True)


def _without(bars: Bars, name: str) -> Bars:
    """Return bars of which one column is another: wider bars, other opens, volumes in reverse."""
    inner_high = np.maximum(bars.open, bars.close)
    inner_low = np.minimum(bars.open, bars.close)
    other = {
        "open": np.where(np.arange(len(bars)) % 2 == 0, bars.low, bars.high),
        "high": inner_high + 2.0 * (bars.high - inner_high) + 0.25,
        "low": inner_low - 3.0 * (inner_low - bars.low) - 0.25,
        "volume": bars.volume[::-1],
    }
    return replace(bars, **{name: other[name]})


def test_values_are_a_matrix_of_the_names_that_were_asked():
    frame = features(FOURS, OTHERS)

    assert frame.values.dtype == np.float64
    assert frame.values.shape == (len(FOURS), len(frame.names))
    assert frame.names == (*own_names(), *cross_names(OTHERS))
    assert not np.isinf(frame.values).any()


def test_every_feature_is_known_in_the_end():
    frame = features(FOURS, OTHERS, (*own_names(on_request=True), *cross_names(OTHERS)))

    never = [n for n in frame.names if np.isnan(frame.column(n)[700:]).mean() > 0.5]
    assert [name for name in never if name not in {"dist_ema_200"}] == []


def test_no_two_features_are_the_same():
    frame = features(QUARTERS, None, own_names())
    seen: dict[bytes, str] = {}

    for name in frame.names:
        column = np.ascontiguousarray(frame.column(name)).tobytes()
        assert seen.setdefault(column, name) == name


def test_bars_without_volumes_or_ranges_are_offered_what_they_can_tell():
    silent = replace(FOURS, volume=np.full(len(FOURS), np.nan))
    ends = replace(FOURS, open=FOURS.close, high=FOURS.close, low=FOURS.close, closes_only=True)

    assert not any("volume" in BY_NAME[name].needs for name in default_names(silent))
    assert not any(set(BY_NAME[name].needs) - {"volume"} for name in default_names(ends))
    assert {"rsi_14", "volz", "daily_return"} <= set(default_names(ends))
    assert np.isnan(features(silent, None, ("volz",)).values).all()
    assert np.isnan(features(ends, None, ("ibs",)).values).all()
    assert np.isnan(last_row(ends, None, ("ibs",))).all()


def test_of_an_instrument_without_ranges_none_is_offered():
    ends = replace(FOURS, open=FOURS.close, high=FOURS.close, low=FOURS.close, closes_only=True)

    for other in (ends, beside(ends)):
        assert set(cross_names("E")) - set(default_names(QUARTERS, {"E": other})) == {"E_atrz"}
    some = beside(FOURS, ("z_score",))
    assert default_names(QUARTERS, {"E": some})[168:] == ("E_z_score",)


def test_an_instrument_is_not_offered_beside_itself():
    assert default_names(FOURS, {"FOUR": FOURS}) == default_names(FOURS)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("rsi_15",), r"'rsi_15'; the nearest are \['rsi_"),
        (("rsi_14", "rsi_14"), r"received \['rsi_14'\] more than once"),
        (
            ("ZZ_hourly_return",),
            r"features of \['ZZ'\] need their bars, received those of \['A', 'B",
        ),
        (("A_rsi_14",), "no feature is called 'A_rsi_14'"),
    ],
)
def test_names_that_cannot_be_are_refused(names, said):
    for call in (features, last_row):
        with pytest.raises(SettingsError, match=said):
            call(FOURS, OTHERS, names)


def test_what_was_not_computed_beside_is_refused():
    computed = {"A": beside(FOURS, ("z_score",))}

    with pytest.raises(SettingsError, match=r"\['returns_1'\] are not among \['z_score'\]"):
        features(FOURS, computed, ("A_returns_1",))


def test_the_page_of_the_documentation_shows_the_table():
    page = (Path(__file__).resolve().parents[2] / "docs" / "features.md").read_text()

    assert page.partition("a test compares it. -->\n\n")[2] == as_markdown()
    assert all(f"### {f.upper() if len(f) == 3 else f.capitalize()}\n" in page for f in FAMILIES)
