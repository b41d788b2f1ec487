"""Where a price stands to its averages and extremes, and how straight it came there."""

from functools import partial

import numpy as np

from alphamill.core.market import Bars, Floats
from alphamill.features.feature import DERIVED, LEGACY, Feature
from alphamill.features.measures import (
    HL,
    average_true_range,
    difference,
    flagged,
    of_price,
    quotient,
    returns,
)
from alphamill.indicators.directional import directional
from alphamill.indicators.persistence import efficiency_ratio
from alphamill.indicators.ranges import choppiness
from alphamill.indicators.rolling import previous, rolling_max, rolling_min, rolling_std
from alphamill.indicators.statistics import zscore
from alphamill.indicators.trend import ema, sma
from alphamill.indicators.volatility import previous_donchian

# An exponential average of n bars weighs what lies 20 n back by 4e-18.
FORGETS = 20
SPIRAL = ((5, 0.5), (20, 0.25), (60, 0.125))


def _dist_sma(bars: Bars, n_bars: int) -> Floats:
    return of_price(bars, difference(bars.close, sma(bars.close, n_bars)))


def _dist_zscore(bars: Bars, n_bars: int, window: int) -> Floats:
    return zscore(_dist_sma(bars, n_bars), window)


def _zscore(bars: Bars, n_bars: int) -> Floats:
    return zscore(bars.close, n_bars)


def _dist_ema(bars: Bars, n_bars: int) -> Floats:
    return of_price(bars, difference(bars.close, ema(bars.close, n_bars)))


def _above_ema(bars: Bars, n_bars: int) -> Floats:
    return flagged(bars.close > ema(bars.close, n_bars))


def _ema_slope(bars: Bars, n_bars: int, lag_bars: int) -> Floats:
    line = ema(bars.close, n_bars)
    return of_price(bars, difference(line, previous(line, lag_bars)))


def _ema_spread(bars: Bars, short_bars: int, long_bars: int) -> Floats:
    spread = difference(ema(bars.close, short_bars), ema(bars.close, long_bars))
    return of_price(bars, spread)


def _slope_in_ranges(bars: Bars, n_bars: int, lag_bars: int) -> Floats:
    line = ema(bars.close, n_bars)
    return quotient(line - previous(line, lag_bars), average_true_range(bars, 14))


def _from_high(bars: Bars, n_bars: int) -> Floats:
    return of_price(bars, difference(bars.close, rolling_max(bars.high, n_bars)))


def _from_low(bars: Bars, n_bars: int) -> Floats:
    return of_price(bars, difference(bars.close, rolling_min(bars.low, n_bars)))


def _efficiency(bars: Bars, n_bars: int) -> Floats:
    return efficiency_ratio(bars.close, n_bars)


def _spiral(bars: Bars) -> Floats:
    total = sum(weight for _, weight in SPIRAL)
    parts = [weight * efficiency_ratio(bars.close, n_bars) for n_bars, weight in SPIRAL]
    out: Floats = np.sum(parts, axis=0) / total
    return out


def _drift(bars: Bars, n_bars: int) -> Floats:
    return quotient(returns(bars, n_bars), rolling_std(returns(bars), n_bars))


def _adx(bars: Bars, n_bars: int) -> Floats:
    return directional(bars.high, bars.low, bars.close, n_bars).adx


def _di_diff(bars: Bars, n_bars: int) -> Floats:
    found = directional(bars.high, bars.low, bars.close, n_bars)
    return difference(found.plus, found.minus)


def _choppiness(bars: Bars, n_bars: int) -> Floats:
    return choppiness(bars.high, bars.low, bars.close, n_bars)


def _proximity(bars: Bars, n_bars: int) -> Floats:
    band = previous_donchian(bars.high, bars.low, n_bars)
    nearest = np.minimum(np.abs(bars.close - band.lower), np.abs(bars.close - band.upper))
    return quotient(nearest, average_true_range(bars, 14))


stand = partial(Feature, family="trend")
AVERAGES = (
    *(
        stand(
            name=f"dist_sma_{n}",
            meaning=f"close less its mean of {n} bars, fraction of the price",
            function=_dist_sma,
            params={"n_bars": n},
            n_bars=n,
        )
        for n in (20, 50)
    ),
    stand(
        name="dist_z",
        meaning="dist_sma_20, deviations above its mean of 20",
        function=_dist_zscore,
        params={"n_bars": 20, "window": 20},
        n_bars=39,
    ),
    *(
        stand(
            name="z_score" if n == 20 else f"z_score_{n}",
            meaning=f"close, deviations above its mean of {n} bars",
            function=_zscore,
            params={"n_bars": n},
            n_bars=n,
            crosses=n != 50,
        )
        for n in (20, 50, 100)
    ),
    *(
        stand(
            name=f"dist_ema_{n}",
            meaning=f"close less its exponential average of {n} bars, fraction of the price",
            function=_dist_ema,
            params={"n_bars": n},
            n_bars=FORGETS * n,
            fades=True,
            source=DERIVED,
        )
        for n in (8, 20, 50, 100, 200)
    ),
    *(
        stand(
            name=f"above_ema_{n}",
            meaning="1 where the close lies above it",
            function=_above_ema,
            params={"n_bars": n},
            n_bars=FORGETS * n,
            fades=True,
        )
        for n in (8, 20, 50, 200)
    ),
    *(
        stand(
            name=f"ema_{n}_slope",
            meaning=f"its change over {lag} bars, fraction of the price",
            function=_ema_slope,
            params={"n_bars": n, "lag_bars": lag},
            n_bars=FORGETS * n + lag,
            fades=True,
        )
        for n, lag in ((20, 5), (50, 10))
    ),
    *(
        stand(
            name=f"ema_{short}_{long}_diff",
            meaning=f"average of {short} bars less that of {long}, fraction of the price",
            function=_ema_spread,
            params={"short_bars": short, "long_bars": long},
            n_bars=FORGETS * long,
            fades=True,
        )
        for short, long in ((8, 20), (20, 50))
    ),
    stand(
        name="ema_20_slope_atr",
        meaning="change of the average of 20 bars over 5, in mean true ranges",
        function=_slope_in_ranges,
        params={"n_bars": 20, "lag_bars": 5},
        needs=HL,
        n_bars=FORGETS * 20 + 5,
        fades=True,
        source=LEGACY,
    ),
)
EXTREMES = (
    *(
        stand(
            name=f"pct_from_high_{n}",
            meaning=f"close less the highest high of {n} bars, fraction of the price",
            function=_from_high,
            params={"n_bars": n},
            needs=("high",),
            n_bars=n,
        )
        for n in (5, 10, 20, 50)
    ),
    *(
        stand(
            name=f"pct_from_low_{n}",
            meaning=f"close less the lowest low of {n} bars, fraction of the price",
            function=_from_low,
            params={"n_bars": n},
            needs=("low",),
            n_bars=n,
        )
        for n in (5, 10, 20, 50)
    ),
    stand(
        name="donchian_proximity",
        meaning="to the nearer end of the 20 bars before, in mean true ranges",
        function=_proximity,
        params={"n_bars": 20},
        needs=HL,
        n_bars=21,
        source=LEGACY,
    ),
)
STRAIGHTNESS = (
    *(
        stand(
            name=f"efficiency_ratio_{n}",
            meaning=f"way gained over way walked, {n} bars",
            function=_efficiency,
            params={"n_bars": n},
            n_bars=n + 1,
            source="Kaufman (1995)",
        )
        for n in (10, 20)
    ),
    stand(
        name="spiral_efficiency",
        meaning="efficiency of 5, 20 and 60 bars, weighted 4 : 2 : 1",
        function=_spiral,
        n_bars=61,
        source=LEGACY,
    ),
    stand(
        name="drift_50",
        meaning="change over 50 bars in deviations of one",
        function=_drift,
        params={"n_bars": 50},
        n_bars=51,
        source=LEGACY,
    ),
    stand(
        name="adx_14",
        meaning="strength of direction, 0 to 100",
        function=_adx,
        params={"n_bars": 14},
        needs=HL,
        n_bars=44 * 14 + 1,
        fades=True,
        source="Wilder (1978)",
    ),
    stand(
        name="di_diff_14",
        meaning="upward less downward movement, -100 to 100",
        function=_di_diff,
        params={"n_bars": 14},
        needs=HL,
        n_bars=34 * 14 + 1,
        fades=True,
        source="Wilder (1978)",
    ),
    stand(
        name="choppiness_14",
        meaning="way walked against range, percent",
        function=_choppiness,
        params={"n_bars": 14},
        needs=HL,
        n_bars=15,
        source="Dreiss",
    ),
)
TREND = (*AVERAGES, *EXTREMES, *STRAIGHTNESS)
