"""Oscillators of bars: what bodies, pressure and new ground say of who is stronger."""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.averages import swma
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, rolling_mean
from alphamill.indicators.trend import sma


class RelativeVigor(NamedTuple):
    """Relative vigor and its signal line; columns of shape (n,), in [-1, 1]."""

    line: Floats
    signal: Floats


@memoised
def bop(open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Return the balance of power: (close - open) / (high - low).

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n,)
        Prices, oldest first.

    Returns
    -------
    ndarray of shape (n,)
        In [-1, 1]; 0 for a bar without range (TA-Lib's ``BOP``).

    References
    ----------
    Livshin (2001), Balance of Market Power, Stocks & Commodities 19:8.

    Examples
    --------
    >>> one = np.ones(2)
    >>> bop(2.0 * one, 4.0 * one, 0.0 * one, np.array([4.0, 1.0])).tolist()
    [0.5, -0.25]
    """
    out = np.zeros(close.size)
    np.divide(close - open_, high - low, out=out, where=high > low)
    return out


@memoised
def ultimate(
    high: Floats,
    low: Floats,
    close: Floats,
    short_bars: int = 7,
    middle_bars: int = 14,
    long_bars: int = 28,
) -> Floats:
    """Return Williams' ultimate oscillator: buying pressure over three windows.

    Pressure = close - true low, as a share of the true range (both stretched to the close
    before); the shares of the three windows count 4, 2, 1. TA-Lib's ``ULTOSC`` agrees where the
    price moves, and gives 0 where it does not.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    short_bars, middle_bars, long_bars : int
        Windows, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100]; NaN in as many first rows as the longest window has bars, and where a window
        has no range.

    References
    ----------
    Williams (1985), The Ultimate Oscillator, Stocks & Commodities 3:4.

    Examples
    --------
    >>> close = np.array([1.0, 5.0, 4.0])
    >>> ultimate(close, close, close, 1, 1, 2).round(2).tolist()
    [nan, nan, 11.43]
    """
    before = previous(close)
    bottom = np.minimum(low, before)
    total = np.zeros(close.size)
    for weight, n_bars in ((4.0, short_bars), (2.0, middle_bars), (1.0, long_bars)):
        pressure = rolling_mean(close - bottom, n_bars)
        reach = rolling_mean(np.maximum(high, before) - bottom, n_bars)
        total += weight * _share(pressure, reach)
    return 100.0 * total / 7.0


@memoised
def relative_vigor(
    open_: Floats, high: Floats, low: Floats, close: Floats, n_bars: int = 10
) -> RelativeVigor:
    """Return Ehlers' relative vigor index: how much of their ranges the bars kept.

    sma(swma(close - open)) / sma(swma(high - low)) over ``n_bars``; the signal is its ``swma``.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    RelativeVigor
        NaN in the first ``n_bars`` + 2 rows, the signal in 3 more, and where a window has no
        range.

    References
    ----------
    Ehlers (2002), Relative Vigor Index, Stocks & Commodities 20:1.

    Examples
    --------
    >>> one = np.ones(4)
    >>> relative_vigor(2 * one, 4 * one, 0 * one, np.array([2.0, 3.0, 3.0, 2.0]), 1).line[-1].item()
    0.16666666666666666
    """
    kept, reach = sma(swma(close - open_), n_bars), sma(swma(high - low), n_bars)
    line = _share(kept, reach)
    return RelativeVigor(line, swma(line))


@memoised
def demarker(high: Floats, low: Floats, n_bars: int = 14) -> Floats:
    """Return DeMark's DeMarker: new ground above as a share of new ground above and below.

    Above is max(high - high before, 0), below max(low before - low, 0), each averaged simply.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]; NaN in the first ``n_bars`` rows and where no new ground was taken.

    References
    ----------
    DeMark (1994), The New Science of Technical Analysis, chapter 3.

    Examples
    --------
    >>> high = np.array([4.0, 7.0, 6.0])
    >>> demarker(high, high - 2.0, 2).tolist()
    [nan, nan, 0.75]
    """
    above = rolling_mean(np.maximum(high - previous(high), 0.0), n_bars)
    below = rolling_mean(np.maximum(previous(low) - low, 0.0), n_bars)
    return _share(above, above + below)


@memoised
def intraday_momentum(open_: Floats, close: Floats, n_bars: int = 14) -> Floats:
    """Return Chande's intraday momentum index: rising bodies as a share of all bodies.

    Parameters
    ----------
    open_, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100]; NaN in the first ``n_bars`` - 1 rows and where no bar had a body.

    References
    ----------
    Chande and Kroll (1994), The New Technical Trader, chapter 6.

    Examples
    --------
    >>> intraday_momentum(np.array([1.0, 4.0]), np.array([4.0, 3.0]), 2).tolist()
    [nan, 75.0]
    """
    body = close - open_
    rising = rolling_mean(np.maximum(body, 0.0), n_bars)
    return 100.0 * _share(rising, rolling_mean(np.abs(body), n_bars))


def _share(part: Floats, whole: Floats) -> Floats:
    out = np.full(part.size, np.nan)
    np.divide(part, whole, out=out, where=whole > 0.0)
    return out
