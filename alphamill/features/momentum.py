"""How fast a price moves, in percent or in deviations, and where in its range it stands."""

from functools import partial

from alphamill.core.market import Bars, Floats
from alphamill.features.feature import DERIVED, Feature
from alphamill.features.measures import HL, difference, of_price, price
from alphamill.indicators.momentum import cci, macd, roc
from alphamill.indicators.oscillators import cmo
from alphamill.indicators.oscillators_range import raw_stochastic
from alphamill.indicators.statistics import zscore
from alphamill.indicators.trend import sma

MACD = {"fast_bars": 12, "slow_bars": 26, "signal_bars": 9}
# A chain of averages of 26 and 9 bars forgets within twenty times their sum.
MACD_BARS = 20 * (26 + 9)


def _roc(bars: Bars, n_bars: int) -> Floats:
    return roc(bars.close, n_bars, price(bars))


def _roc_zscore(bars: Bars, n_bars: int, window: int) -> Floats:
    return zscore(_roc(bars, n_bars), window)


def _macd_pct(bars: Bars, part: int) -> Floats:
    return of_price(bars, macd(bars.close, **MACD)[part])


def _macd_zscore(bars: Bars, window: int) -> Floats:
    return zscore(macd(bars.close, **MACD)[0], window)


def _stoch_k(bars: Bars, n_bars: int) -> Floats:
    return raw_stochastic(bars.high, bars.low, bars.close, n_bars)


def _stoch_d(bars: Bars, n_bars: int, mean_bars: int) -> Floats:
    return sma(_stoch_k(bars, n_bars), mean_bars)


def _stoch_diff(bars: Bars, n_bars: int, mean_bars: int) -> Floats:
    return difference(_stoch_k(bars, n_bars), _stoch_d(bars, n_bars, mean_bars))


def _cci(bars: Bars, n_bars: int) -> Floats:
    return cci(bars.high, bars.low, bars.close, n_bars)


def _cmo(bars: Bars, n_bars: int) -> Floats:
    return cmo(bars.close, n_bars)


speed = partial(Feature, family="momentum")
MOMENTUM = (
    *(
        speed(
            name=f"roc_{n}",
            meaning=f"change over {n} bars, percent",
            function=_roc,
            params={"n_bars": n},
            n_bars=n + 1,
            # The same change as a fraction is a column of the returns.
            on_request=True,
        )
        for n in (3, 5, 10, 20)
    ),
    *(
        speed(
            name=f"mom{n}_z",
            meaning=f"change over {n} bars, deviations above its mean of 20",
            function=_roc_zscore,
            params={"n_bars": n, "window": 20},
            n_bars=n + 20,
        )
        for n in (3, 5, 10)
    ),
    *(
        speed(
            name=f"{name}_pct",
            meaning=f"{said}, fraction of the price",
            function=_macd_pct,
            params={"part": part},
            n_bars=MACD_BARS,
            fades=True,
            source=DERIVED,
        )
        for part, name, said in (
            (0, "macd", "average of 12 bars less that of 26"),
            (1, "macd_signal", "its average of 9 bars"),
            (2, "macd_histogram", "the one less the other"),
        )
    ),
    speed(
        name="macd_zscore",
        meaning="the line, deviations above its mean of 20 bars",
        function=_macd_zscore,
        params={"window": 20},
        n_bars=26 * 26 + 20,
        fades=True,
    ),
    speed(
        name="stoch_k",
        meaning="close's place in the range of 14 bars, percent",
        function=_stoch_k,
        params={"n_bars": 14},
        needs=HL,
        n_bars=14,
        source="Lane (1984)",
    ),
    speed(
        name="stoch_d",
        meaning="its mean of 3 bars",
        function=_stoch_d,
        params={"n_bars": 14, "mean_bars": 3},
        needs=HL,
        n_bars=16,
        source="Lane (1984)",
    ),
    speed(
        name="stoch_diff",
        meaning="the one less the other",
        function=_stoch_diff,
        params={"n_bars": 14, "mean_bars": 3},
        needs=HL,
        n_bars=16,
    ),
    speed(
        name="cci_20",
        meaning="commodity channel index",
        function=_cci,
        params={"n_bars": 20},
        needs=HL,
        n_bars=20,
        source="Lambert (1980)",
    ),
    speed(
        name="cmo_14",
        meaning="gains less losses over both, 14 bars, -100 to 100",
        function=_cmo,
        params={"n_bars": 14},
        n_bars=15,
        source="Chande (1994)",
    ),
)
