"""How much prices changed, and what their changes look like."""

from functools import partial

from alphamill.core.market import Bars, Floats, as_of, last_closed
from alphamill.features.feature import Feature
from alphamill.features.measures import price, quotient, returns
from alphamill.indicators.persistence import autocorrelation
from alphamill.indicators.rolling import previous
from alphamill.indicators.statistics import rolling_skew

HOUR_NS = 3_600_000_000_000
# Bars of a minute or more: at most 60 close within an hour, and one before it.
HOUR_BARS = 61


def _prev_return(bars: Bars) -> Floats:
    return previous(returns(bars))


def _hourly_return(bars: Bars) -> Floats:
    then = last_closed(bars.close_ns - HOUR_NS, bars.close_ns)
    began = as_of(price(bars), then)
    return quotient(bars.close - as_of(bars.close, then), began)


def _skew(bars: Bars, n_bars: int) -> Floats:
    return rolling_skew(returns(bars), n_bars)


def _autocorrelation(bars: Bars, n_bars: int) -> Floats:
    return autocorrelation(returns(bars), n_bars)


moved = partial(Feature, family="returns")
RETURNS = (
    *(
        moved(
            name=f"returns_{n}",
            meaning=f"change over {n} bar{'s' if n > 1 else ''}, fraction",
            function=returns,
            params={"n_bars": n},
            n_bars=n + 1,
            crosses=n == 1,
        )
        for n in (1, 2, 3, 5, 10, 20, 60)
    ),
    moved(name="prev_bar_pct", meaning="change of the bar before", function=_prev_return, n_bars=3),
    moved(
        name="hourly_return",
        meaning="change since the last close at least an hour old, fraction",
        function=_hourly_return,
        n_bars=HOUR_BARS,
        crosses=True,
    ),
    moved(
        name="skew_60",
        meaning="skewness of 60 bars' changes",
        function=_skew,
        params={"n_bars": 60},
        n_bars=61,
        source="pandas' rolling skew",
    ),
    moved(
        name="autocorrelation_50",
        meaning="lag-1 correlation of 50 bars' changes",
        function=_autocorrelation,
        params={"n_bars": 50},
        n_bars=52,
        source="pandas' rolling correlation",
    ),
)
