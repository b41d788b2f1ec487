"""How fast the price moves, and whether it tires."""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import (
    previous,
    rolling_max,
    rolling_mean,
    rolling_min,
)
from alphamill.indicators.statistics import mean_deviation
from alphamill.indicators.trend import ema, rma

# Less of a range than this, in points of RSI, is rounding: in a quiet night the index rests.
NO_RANGE = 1e-9
# A spread below this share of the price is one price, summed in another order.
ROUNDING = 1e-12


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


@memoised
def stochastic_rsi(x: Floats, n_bars: int, range_bars: int) -> Floats:
    """Return where ``rsi`` stands in its own range.

    100 (RSI - min RSI) / (max RSI - min RSI), the extremes over ``range_bars`` with the present
    bar. Not smoothed. TA-Lib's ``STOCHRSI`` at a fast %K agrees where the price moves.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars, range_bars : int
        Wilder's length, and the window of the range.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100]; NaN in the first ``n_bars + range_bars - 1`` rows and where the index did not
        move within the window.

    References
    ----------
    Chande and Kroll (1994), The New Technical Trader.

    Examples
    --------
    >>> stochastic_rsi(np.array([10.0, 13.0, 12.0, 12.5, 12.0]), 2, 2).tolist()
    [nan, nan, nan, 100.0, 0.0]
    """
    strength = rsi(x, n_bars)
    return _place(strength, rolling_min(strength, range_bars), rolling_max(strength, range_bars))


@memoised
def williams_r(high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return Williams' %R: how far below the highest high the close lies, in percent of the range.

    -100 (max high - close) / (max high - min low). TA-Lib's ``WILLR`` gives 0, the top, to a
    window without range.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, the present bar included.

    Returns
    -------
    ndarray of shape (n,)
        In [-100, 0]; NaN in the first ``n_bars - 1`` rows and where the window has no range.

    References
    ----------
    Williams (1973), How I Made One Million Dollars Last Year Trading Commodities.

    Examples
    --------
    >>> close = np.array([1.0, 5.0, 4.0])
    >>> williams_r(close, close, close, 3).tolist()
    [nan, nan, -25.0]
    """
    highest, lowest = rolling_max(high, n_bars), rolling_min(low, n_bars)
    out = np.full(close.size, np.nan)
    np.divide(highest - close, highest - lowest, out=out, where=highest > lowest)
    return -100.0 * out


@memoised
def cci(high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return Lambert's commodity channel index.

    (TP - mean TP) / (0.015 x mean absolute deviation of TP), TP = (H + L + C) / 3. Each window is
    worked out anew about its own mean, so a window at rest gives exactly 0; TA-Lib's ``CCI``
    agrees where the price moves.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Lambert (1980), Commodity Channel Index, Commodities 9.

    Examples
    --------
    >>> price = np.array([1.0, 1.0, 4.0])
    >>> cci(price, price, price, 3).round(6).tolist()
    [nan, nan, 100.0]
    """
    typical = (high + low + close) / 3.0
    middle = rolling_mean(typical, n_bars)
    spread = mean_deviation(typical, n_bars)
    out = np.where(np.isnan(spread), np.nan, 0.0)
    moved = spread > ROUNDING * np.abs(middle)
    np.divide(typical - middle, 0.015 * spread, out=out, where=moved)
    return out


@memoised
def momentum(x: Floats, n_bars: int) -> Floats:
    """Return the change over ``n_bars`` bars, in the unit of ``x`` (TA-Lib's ``MOM``).

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        At least 1.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars`` rows.

    Examples
    --------
    >>> momentum(np.array([10.0, 11.0, 13.0]), 2).tolist()
    [nan, nan, 3.0]
    """
    return x - previous(x, n_bars)


@memoised
def roc(x: Floats, n_bars: int, base: Floats | None = None) -> Floats:
    """Return the change over ``n_bars`` bars in percent of the price it began at.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        At least 1.
    base : ndarray of shape (n,), optional
        What the percent is of, where not of ``x`` itself: the unadjusted prices of a series whose
        adjustment added a constant.

    Returns
    -------
    ndarray of shape (n,)
        Percent; NaN in the first ``n_bars`` rows and where the price it began at is not above 0.

    Examples
    --------
    >>> roc(np.array([10.0, 11.0, 13.0]), 2).tolist()
    [nan, nan, 30.0]
    """
    began = previous(x if base is None else base, n_bars)
    out = np.full(x.size, np.nan)
    np.divide(100.0 * momentum(x, n_bars), began, out=out, where=began > 0.0)
    return out


@memoised
def log_return(x: Floats, n_bars: int = 1) -> Floats:
    """Return the logarithm of the price over that of ``n_bars`` bars ago; returns of bars add up.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        At least 1.

    Returns
    -------
    ndarray of shape (n,)
        Fraction; NaN in the first ``n_bars`` rows and where one of the prices is not above 0.

    Examples
    --------
    >>> log_return(np.exp(np.array([1.0, 1.5]))).round(12).tolist()
    [nan, 0.5]
    """
    began = previous(x, n_bars)
    out = np.full(x.size, np.nan)
    np.divide(x, began, out=out, where=(x > 0.0) & (began > 0.0))
    np.log(out, out=out)
    return out


def _place(x: Floats, lowest: Floats, highest: Floats) -> Floats:
    out = np.full(x.size, np.nan)
    np.divide(x - lowest, highest - lowest, out=out, where=highest - lowest > NO_RANGE)
    return 100.0 * out
