"""What a single bar, or a bar and the one before it, looks like."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous


class Shadows(NamedTuple):
    """What of a bar lies above and below its body; columns of shape (n_bars,)."""

    upper: Floats
    lower: Floats


@memoised
def ibs(high: Floats, low: Floats, close: Floats) -> Floats:
    """Return the internal bar strength: where in its range a bar closed.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Prices of one bar each, quote currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        0 for a close at the low, 1 at the high, 0.5 for a bar without range.

    Examples
    --------
    >>> ibs(np.array([4.0, 3.0]), np.array([2.0, 3.0]), np.array([2.5, 3.0])).tolist()
    [0.25, 0.5]
    """
    out = np.full(close.size, 0.5)
    np.divide(close - low, high - low, out=out, where=high > low)
    return out


@memoised
def body_share(open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Return how much of a bar's range lies between its open and its close.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 1]; NaN for a bar without range.

    Examples
    --------
    >>> body_share(np.array([2.0]), np.array([4.0]), np.array([0.0]), np.array([3.0])).tolist()
    [0.25]
    """
    out = np.full(close.size, np.nan)
    np.divide(np.abs(close - open_), high - low, out=out, where=high > low)
    return out


@memoised
def shadows(open_: Floats, high: Floats, low: Floats, close: Floats) -> Shadows:
    """Return how far a bar reached beyond its body, above and below.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency.

    Returns
    -------
    Shadows
        Quote currency, at least 0.

    Examples
    --------
    >>> shadows(np.array([2.0]), np.array([4.0]), np.array([0.5]), np.array([3.0])).lower.tolist()
    [1.5]
    """
    return Shadows(high - np.maximum(open_, close), np.minimum(open_, close) - low)


@memoised
def engulfing(open_: Floats, close: Floats) -> NDArray[np.int8]:
    """Return where a bar's body covers the opposite body before it.

    Bullish: close > open after a bar with close < open, with open <= previous close and
    close >= previous open. Bearish is the mirror. Both ends may be equal; TA-Lib's
    ``CDLENGULFING`` wants one of them strictly beyond.

    Parameters
    ----------
    open_, close : ndarray of shape (n_bars,)
        Prices, quote currency, oldest first.

    Returns
    -------
    ndarray of shape (n_bars,), int8
        1 bullish, -1 bearish, 0 neither; 0 in the first row.

    Examples
    --------
    >>> engulfing(np.array([9.0, 7.0, 10.0]), np.array([8.0, 10.0, 7.0])).tolist()
    [0, 1, -1]
    """
    opened, closed = previous(open_), previous(close)
    up = (close > open_) & (closed < opened) & (open_ <= closed) & (close >= opened)
    down = (close < open_) & (closed > opened) & (open_ >= closed) & (close <= opened)
    return up.astype(np.int8) - down.astype(np.int8)
