"""How fast the price moves, and whether it tires."""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.trend import ema, rma


class Macd(NamedTuple):
    """Line, its signal line, and their difference; columns of shape (n,), unit of the input."""

    line: Floats
    signal: Floats
    histogram: Floats


@memoised
def rsi(x: Floats, n_bars: int) -> Floats:
    """Return Wilder's relative strength index.

    100 x gains / (gains + losses), each ``rma``-smoothed over ``n_bars``. Without losses it is
    100; with neither gains nor losses 50. In a flat stretch both averages shrink together and the
    index keeps its last value.

    TA-Lib's ``RSI`` agrees to 1e-10 wherever the price moves. It is not used because it gives 0,
    the most oversold value there is, to a price that has not moved, and in older releases also to
    one whose averages have shrunk below 1e-14, as they do on a quiet night.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Wilder's length, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100]; NaN in the first ``n_bars`` rows.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems, section VI.

    Examples
    --------
    >>> rsi(np.array([10.0, 13.0, 12.0, 12.0, 14.0]), 2).round(2).tolist()
    [nan, nan, 75.0, 75.0, 91.67]
    """
    change = np.full(x.size, np.nan)
    change[1:] = np.diff(x)
    gain = rma(np.maximum(change, 0.0), n_bars)
    both = gain + rma(np.maximum(-change, 0.0), n_bars)
    out = np.where(np.isnan(both), np.nan, 50.0)
    # The quotient first: x / x is 1 exactly, so that 100 is the highest value.
    np.divide(gain, both, out=out, where=both > 0.0)
    return np.where(both > 0.0, 100.0 * out, out)


@memoised
def macd(x: Floats, fast_bars: int, slow_bars: int, signal_bars: int) -> Macd:
    """Return moving average convergence/divergence.

    line = ema(x, fast) - ema(x, slow); signal = ema(line, signal); histogram = line - signal.
    Each average is seeded with its first known value; TA-Lib's ``MACD`` seeds with means and
    agrees once the seeds are forgotten.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    fast_bars, slow_bars, signal_bars : int
        Spans.

    Returns
    -------
    Macd
        NaN while an average lacks rows: the line for the longer span - 1, the others for
        ``signal_bars`` - 1 more.

    References
    ----------
    Appel (2005), Technical Analysis: Power Tools for Active Investors.

    Examples
    --------
    >>> macd(np.array([4.0, 4.0, 8.0]), 1, 2, 2).line.round(3).tolist()
    [nan, 0.0, 1.333]
    """
    line = ema(x, fast_bars) - ema(x, slow_bars)
    signal = ema(line, signal_bars)
    return Macd(line, signal, line - signal)
