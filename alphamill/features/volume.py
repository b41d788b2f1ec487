"""What traded, against what usually does; NaN where the volume is not known."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from alphamill.core.market import Bars, Floats
from alphamill.features.feature import DERIVED, Feature
from alphamill.features.measures import HL, VOLUME, quotient
from alphamill.indicators.flow import relative_session_volume
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, rolling_mean
from alphamill.indicators.statistics import zscore
from alphamill.indicators.volume import chaikin_money_flow, mfi, volume_ratio
from alphamill.strategies.units import traded


@memoised
def signed(close: Floats, volume: Floats) -> Floats:
    """Return the volume with the sign of the close's change; NaN in the first row."""
    return np.sign(close - previous(close)) * volume


@memoised
def balance_zscore(flow: Floats, n_bars: int) -> Floats:
    """Return the z-score of a running total of ``flow`` within its last ``n_bars`` values.

    A running total has no memory that ends, but its place among its last values has: they are
    the present one less the flows since. Counted back from the present bar, they are the same
    numbers wherever the data begin.
    """
    mean, squares = np.zeros(flow.size), np.zeros(flow.size)
    for level in _levels(flow, n_bars):
        mean += level / n_bars
    for level in _levels(flow, n_bars):
        squares += (level - mean) ** 2
    squares += mean**2
    return quotient(-mean, np.sqrt(squares / (n_bars - 1)))


def _levels(flow: Floats, n_bars: int) -> Iterator[Floats]:
    """Yield the total of each bar before, less the present one, which is 0."""
    level = np.zeros(flow.size)
    for lag in range(n_bars - 1):
        level = level - (previous(flow, lag) if lag else flow)
        yield level


def _ratio(bars: Bars, n_bars: int) -> Floats:
    return volume_ratio(bars.volume, n_bars)


def _zscore(bars: Bars, n_bars: int) -> Floats:
    return zscore(bars.volume, n_bars)


def _trend(bars: Bars, short_bars: int, long_bars: int) -> Floats:
    return quotient(rolling_mean(bars.volume, short_bars), rolling_mean(bars.volume, long_bars))


def _signed_ratio(bars: Bars, n_bars: int) -> Floats:
    return quotient(signed(bars.close, bars.volume), rolling_mean(bars.volume, n_bars))


def _balance(bars: Bars, n_bars: int) -> Floats:
    return balance_zscore(signed(bars.close, bars.volume), n_bars)


def _money_flow(bars: Bars, n_bars: int) -> Floats:
    high, low, close = (traded(bars, x) for x in (bars.high, bars.low, bars.close))
    return mfi(high, low, close, bars.volume, n_bars)


def _chaikin(bars: Bars, n_bars: int) -> Floats:
    return chaikin_money_flow(bars.high, bars.low, bars.close, bars.volume, n_bars)


def _of_session(bars: Bars, n_sessions: int) -> Floats:
    return relative_session_volume(bars.session, bars.cash_minute, bars.volume, n_sessions)


trading = partial(Feature, family="volume", needs=VOLUME)
VOLUMES = (
    trading(
        name="volume_ratio",
        meaning="over its mean of 20 bars",
        function=_ratio,
        params={"n_bars": 20},
        n_bars=20,
    ),
    trading(
        name="volz",
        meaning="deviations above its mean of 20 bars",
        function=_zscore,
        params={"n_bars": 20},
        n_bars=20,
    ),
    trading(
        name="volume_trend",
        meaning="mean of 5 bars over that of 20",
        function=_trend,
        params={"short_bars": 5, "long_bars": 20},
        n_bars=20,
    ),
    trading(
        name="obv_change_ratio",
        meaning="volume signed by the close's change, over the mean of 20 bars",
        function=_signed_ratio,
        params={"n_bars": 20},
        n_bars=20,
        source=DERIVED,
    ),
    trading(
        name="obv_zscore",
        meaning="on-balance volume, deviations above its mean of 20 bars",
        function=_balance,
        params={"n_bars": 20},
        n_bars=20,
    ),
    trading(
        name="mfi_14",
        meaning="money flow index, 0 to 100",
        function=_money_flow,
        params={"n_bars": 14},
        needs=(*HL, *VOLUME),
        n_bars=15,
        source="Quong and Soudack (1989)",
    ),
    trading(
        name="cmf_20",
        meaning="Chaikin's money flow of 20 bars, -1 to 1",
        function=_chaikin,
        params={"n_bars": 20},
        needs=(*HL, *VOLUME),
        n_bars=20,
        source="Chaikin",
    ),
    trading(
        name="relative_session_volume",
        meaning="traded so far in the session, over what usually has by now in 20",
        function=_of_session,
        params={"n_sessions": 20},
        n_sessions=21,
        source=DERIVED,
    ),
)
