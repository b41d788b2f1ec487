"""Strength within a bar, its close's place in the range, and between bars, Wilder's index."""

from functools import partial

from alphamill.core.market import Bars, Floats
from alphamill.features.feature import LEGACY, Feature
from alphamill.features.measures import HL, scaled
from alphamill.indicators.candles import ibs
from alphamill.indicators.momentum import rsi
from alphamill.indicators.rolling import percentile_rank, previous, rolling_mean, rolling_std
from alphamill.indicators.statistics import zscore


def _ibs(bars: Bars) -> Floats:
    return ibs(bars.high, bars.low, bars.close)


def _prev_ibs(bars: Bars) -> Floats:
    return previous(_ibs(bars))


def _ibs_mean(bars: Bars, n_bars: int) -> Floats:
    return rolling_mean(_ibs(bars), n_bars)


def _ibs_deviation(bars: Bars, n_bars: int) -> Floats:
    return rolling_std(_ibs(bars), n_bars)


def _ibs_zscore(bars: Bars, n_bars: int) -> Floats:
    return zscore(_ibs(bars), n_bars)


def _ibs_percentile(bars: Bars, n_bars: int) -> Floats:
    return scaled(percentile_rank(_ibs(bars), n_bars), 0.01)


strength = partial(Feature, family="ibs", needs=HL)
IBS = (
    strength(name="ibs", meaning="close's place in its bar, 0 low to 1 high", function=_ibs),
    strength(name="prev_ibs", meaning="that of the bar before", function=_prev_ibs, n_bars=2),
    *(
        strength(
            name=f"ibs_sma_{n}",
            meaning=f"mean of {n} bars",
            function=_ibs_mean,
            params={"n_bars": n},
            n_bars=n,
        )
        for n in (5, 10)
    ),
    strength(
        name="ibs_std_10",
        meaning="deviation over 10 bars",
        function=_ibs_deviation,
        params={"n_bars": 10},
        n_bars=10,
    ),
    strength(
        name="ibs_zscore",
        meaning="deviations above the mean of 20 bars",
        function=_ibs_zscore,
        params={"n_bars": 20},
        n_bars=20,
    ),
    strength(
        name="ibs_percentile_20",
        meaning="share of the 19 bars before that lie below",
        function=_ibs_percentile,
        params={"n_bars": 20},
        n_bars=20,
    ),
)


def _rsi(bars: Bars, n_bars: int) -> Floats:
    return rsi(bars.close, n_bars)


def _rsi_zscore(bars: Bars, n_bars: int, window: int) -> Floats:
    return zscore(rsi(bars.close, n_bars), window)


relative = partial(Feature, family="rsi", fades=True)
RSI = (
    *(
        relative(
            name=f"rsi_{n}",
            meaning="0 only losses to 100 only gains",
            function=_rsi,
            params={"n_bars": n},
            n_bars=34 * n + 1,
            source="Wilder (1978)",
        )
        for n in (2, 5, 9, 14, 21)
    ),
    relative(
        name="rsi_14_zscore",
        meaning="deviations above the mean of 50 bars",
        function=_rsi_zscore,
        params={"n_bars": 14, "window": 50},
        n_bars=40 * 14 + 51,
        source=LEGACY,
    ),
)
