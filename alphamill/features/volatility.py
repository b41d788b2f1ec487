"""How far prices reach: true ranges, deviations of changes, and how large they are today."""

from functools import partial

import numpy as np

from alphamill.core.market import Bars, Floats
from alphamill.features.feature import DERIVED, Feature
from alphamill.features.measures import (
    HL,
    OHL,
    USUAL_SESSIONS,
    average_true_range,
    bars_a_year,
    difference,
    of_price,
    quotient,
    returns,
)
from alphamill.indicators.ranges import garman_klass, parkinson
from alphamill.indicators.rolling import percentile_rank, rolling_mean, rolling_std
from alphamill.indicators.statistics import zscore
from alphamill.strategies.units import traded

# Below 0.7 of its long average a short range counts as compressed.
COMPRESSED = 0.7


def _atr_pct(bars: Bars, n_bars: int) -> Floats:
    return of_price(bars, average_true_range(bars, n_bars))


def _atr_zscore(bars: Bars, n_bars: int, window: int) -> Floats:
    return zscore(average_true_range(bars, n_bars), window)


def _atr_percentile(bars: Bars, n_bars: int, window: int) -> Floats:
    return percentile_rank(average_true_range(bars, n_bars), window)


def _deviation(bars: Bars, n_bars: int) -> Floats:
    return rolling_std(returns(bars), n_bars)


def _volatility(bars: Bars, n_bars: int) -> Floats:
    return _deviation(bars, n_bars) * np.sqrt(bars_a_year(bars))


def _volatility_ratio(bars: Bars, short_bars: int, long_bars: int) -> Floats:
    return quotient(_deviation(bars, short_bars), _deviation(bars, long_bars))


def _parkinson(bars: Bars, n_bars: int) -> Floats:
    high, low = traded(bars, bars.high), traded(bars, bars.low)
    return parkinson(high, low, n_bars) * np.sqrt(bars_a_year(bars))


def _garman_klass(bars: Bars, n_bars: int) -> Floats:
    open_, high = traded(bars, bars.open), traded(bars, bars.high)
    low, close = traded(bars, bars.low), traded(bars, bars.close)
    return garman_klass(open_, high, low, close, n_bars) * np.sqrt(bars_a_year(bars))


def _range_pct(bars: Bars) -> Floats:
    return of_price(bars, difference(bars.high, bars.low))


def _range_mean(bars: Bars, n_bars: int) -> Floats:
    return rolling_mean(_range_pct(bars), n_bars)


def _range_expansion(bars: Bars, n_bars: int) -> Floats:
    return quotient(_range_pct(bars), _range_mean(bars, n_bars))


def _range_compression(bars: Bars, short_bars: int, long_bars: int) -> Floats:
    ratio = quotient(average_true_range(bars, short_bars), average_true_range(bars, long_bars))
    return np.clip((COMPRESSED - ratio) / COMPRESSED, 0.0, 1.0)


wide = partial(Feature, family="volatility", needs=HL)
moving = partial(Feature, family="volatility", needs=())
VOLATILITY = (
    *(
        wide(
            name="atr_pct" if n == 14 else f"atr_{n}_pct",
            meaning=f"mean true range of {n} bars, fraction of the price",
            function=_atr_pct,
            params={"n_bars": n},
            n_bars=n + 1,
            source=DERIVED,
        )
        for n in (5, 10, 14, 20)
    ),
    wide(
        name="atrz",
        meaning="mean true range of 14 bars, deviations above its mean of 50",
        function=_atr_zscore,
        params={"n_bars": 14, "window": 50},
        n_bars=64,
        crosses=True,
    ),
    *(
        wide(
            name="atr_percentile" if n == 252 else f"atr_percentile_{n}",
            meaning=f"percent of the {n - 1} mean true ranges before that lie below",
            function=_atr_percentile,
            params={"n_bars": 14, "window": n},
            n_bars=14 + n,
        )
        for n in (252, 100)
    ),
    *(
        moving(
            name=f"volatility_{n}",
            meaning=f"deviation of {n} bars' changes, fraction a year",
            function=_volatility,
            params={"n_bars": n},
            n_bars=n + 1,
            n_sessions=USUAL_SESSIONS + 1,
        )
        for n in (5, 10, 20, 60)
    ),
    *(
        moving(
            name=f"vol_ratio_{short}_{long}",
            meaning=f"deviation of {short} bars' changes over that of {long}",
            function=_volatility_ratio,
            params={"short_bars": short, "long_bars": long},
            n_bars=long + 1,
        )
        for short, long in ((5, 20), (10, 60))
    ),
    wide(
        name="parkinson_20",
        meaning="volatility from ranges of 20 bars, fraction a year",
        function=_parkinson,
        params={"n_bars": 20},
        n_bars=20,
        n_sessions=USUAL_SESSIONS + 1,
        source="Parkinson (1980)",
    ),
    wide(
        name="garman_klass_20",
        meaning="volatility from opens, ranges and closes of 20 bars, fraction a year",
        function=_garman_klass,
        params={"n_bars": 20},
        needs=OHL,
        n_bars=20,
        n_sessions=USUAL_SESSIONS + 1,
        source="Garman and Klass (1980)",
    ),
    wide(name="range_pct", meaning="high less low, fraction of the price", function=_range_pct),
    *(
        wide(
            name=f"range_pct_avg_{n}",
            meaning=f"its mean of {n} bars",
            function=_range_mean,
            params={"n_bars": n},
            n_bars=n,
        )
        for n in (5, 20)
    ),
    wide(
        name="range_expansion",
        meaning="range over its mean of 20 bars",
        function=_range_expansion,
        params={"n_bars": 20},
        n_bars=20,
    ),
    wide(
        name="twrc",
        meaning="how far ATR10 lies below 0.7 ATR100, 0 to 1",
        function=_range_compression,
        params={"short_bars": 10, "long_bars": 100},
        n_bars=101,
    ),
)
