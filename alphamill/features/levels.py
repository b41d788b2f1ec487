"""Raw levels of price and volume, by request only.

They depend on the back-adjustment or on the year, so that a model learns when a row was, not what.
"""

from functools import partial

from alphamill.core.market import Bars, Floats
from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.features.feature import Feature
from alphamill.features.measures import HL, VOLUME, average_true_range
from alphamill.features.momentum import MACD, MACD_BARS
from alphamill.features.present import gap
from alphamill.features.trend import FORGETS
from alphamill.features.volume import signed
from alphamill.indicators.momentum import macd
from alphamill.indicators.rolling import rolling_max, rolling_mean, rolling_min
from alphamill.indicators.trend import ema, sma
from alphamill.indicators.volatility import bollinger
from alphamill.indicators.volume import obv


def _macd(bars: Bars, part: int) -> Floats:
    return macd(bars.close, **MACD)[part]


def _sma(bars: Bars, n_bars: int) -> Floats:
    return sma(bars.close, n_bars)


def _ema(bars: Bars, n_bars: int) -> Floats:
    return ema(bars.close, n_bars)


def _high(bars: Bars, n_bars: int) -> Floats:
    return rolling_max(bars.high, n_bars)


def _low(bars: Bars, n_bars: int) -> Floats:
    return rolling_min(bars.low, n_bars)


def _band(bars: Bars, part: int) -> Floats:
    return bollinger(bars.close, 20, 2.0, 0)[part]


def _volume_sma(bars: Bars, n_bars: int) -> Floats:
    return rolling_mean(bars.volume, n_bars)


def _signed(bars: Bars) -> Floats:
    return signed(bars.close, bars.volume)


def _obv(bars: Bars) -> Floats:
    return obv(bars.close, bars.volume)


level = partial(Feature, family="levels", on_request=True)
MEASURES = (
    ("atr", "mean true range", average_true_range, HL, (5, 10, 14, 20), 1),
    ("sma", "mean close", _sma, (), (20, 50), 0),
    ("high", "highest high", _high, ("high",), (5, 10, 20, 50), 0),
    ("low", "lowest low", _low, ("low",), (5, 10, 20, 50), 0),
    ("volume_sma", "mean volume", _volume_sma, VOLUME, (5, 20), 0),
)
LEVELS = (
    *(
        level(
            name=f"{name}_{n}",
            meaning=f"{said} of {n} bars",
            function=function,
            params={"n_bars": n},
            needs=needs,
            n_bars=n + more,
        )
        for name, said, function, needs, windows, more in MEASURES
        for n in windows
    ),
    *(
        level(
            name=f"ema_{n}",
            meaning=f"exponential average of {n} bars",
            function=_ema,
            params={"n_bars": n},
            n_bars=FORGETS * n,
            fades=True,
        )
        for n in (8, 20, 50, 100, 200)
    ),
    *(
        level(
            name=name,
            meaning=said,
            function=_macd,
            params={"part": part},
            n_bars=MACD_BARS,
            fades=True,
        )
        for part, name, said in (
            (0, "macd", "average of 12 bars less that of 26"),
            (1, "macd_signal", "its average of 9 bars"),
            (2, "macd_histogram", "the one less the other"),
        )
    ),
    *(
        level(name=name, meaning=said, function=_band, params={"part": part}, n_bars=20)
        for part, name, said in (
            (0, "bb_lower", "mean of 20 bars less 2 deviations"),
            (1, "bb_sma", "mean of 20 bars"),
            (2, "bb_upper", "mean of 20 bars and 2 deviations"),
        )
    ),
    level(
        name="gap",
        meaning="session's open less the close before it",
        function=gap,
        needs=("open",),
        n_sessions=1,
    ),
    level(
        name="obv_change",
        meaning="volume signed by the close's change",
        function=_signed,
        needs=VOLUME,
        n_bars=2,
    ),
    level(
        name="obv",
        meaning="its running total since the data began",
        function=_obv,
        needs=VOLUME,
        n_bars=WHOLE_HISTORY,
    ),
)
