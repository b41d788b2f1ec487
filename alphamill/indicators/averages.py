"""Weighted averages of the last bars.

Each window is worked out anew from its own bars, about the present value: at rest it is exactly
the price, and a row computed live from a window equals the row of the whole history.
"""

import math

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import BLOCK, column
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@memoised
def wma(x: Floats, n_bars: int) -> Floats:
    """Return the linearly weighted average: ``n_bars`` for the present value, 1 for the oldest.

    TA-Lib's ``WMA`` keeps running totals and agrees but for their rounding.

    Parameters
    ----------
    x : ndarray of shape (n,)
        NaN in a window makes its value NaN.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Kaufman (2013), Trading Systems and Methods, chapter 7.

    Examples
    --------
    >>> wma(np.array([1.0, 4.0, 10.0]), 2).tolist()
    [nan, 3.0, 8.0]
    """
    return _weighted(x, np.arange(n_bars, 0.0, -1.0))


@memoised
def swma(x: Floats) -> Floats:
    """Return the symmetric average of four values, weighted 1, 2, 2, 1.

    Parameters
    ----------
    x : ndarray of shape (n,)
        NaN in a window makes its value NaN.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first 3 rows.

    References
    ----------
    Ehlers (2002), Relative Vigor Index, Stocks & Commodities 20:1.

    Examples
    --------
    >>> swma(np.array([1.0, 2.0, 4.0, 11.0])).tolist()
    [nan, nan, nan, 4.0]
    """
    return _weighted(x, np.array([1.0, 2.0, 2.0, 1.0]))


@memoised
def trima(x: Floats, n_bars: int) -> Floats:
    """Return the triangular average: weights rise to the middle of the window and fall again.

    It is the simple average of a simple average, of (n + 1) / 2 bars each, or of n / 2 and
    n / 2 + 1 where n is even (TA-Lib's ``TRIMA``, which keeps running totals).

    Parameters
    ----------
    x : ndarray of shape (n,)
        NaN in a window makes its value NaN.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, moving averages.

    Examples
    --------
    >>> trima(np.array([1.0, 2.0, 7.0]), 3).tolist()
    [nan, nan, 3.0]
    """
    rising = np.arange(1.0, n_bars + 1.0)
    return _weighted(x, np.minimum(rising, rising[::-1]))


@memoised
def alma(x: Floats, n_bars: int, offset: float = 0.85, sharpness: float = 6.0) -> Floats:
    """Return the Arnaud Legoux average: weights on a bell that leans to the present.

    The bell's middle lies ``offset`` of the way from the oldest value to the present one, on a
    whole bar, rounded down (Pine's ``ta.alma`` does so with ``floor``); its standard deviation is
    ``n_bars / sharpness``.

    Parameters
    ----------
    x : ndarray of shape (n,)
        NaN in a window makes its value NaN.
    n_bars : int
        Window, at least 1.
    offset : float
        In [0, 1]; 1 follows fastest.
    sharpness : float
        Above 0; the higher, the narrower.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Legoux and Kouzis-Loukas (2009), Arnaud Legoux Moving Average.

    Examples
    --------
    >>> alma(np.array([1.0, 2.0, 9.0]), 3, offset=0.5, sharpness=3.0).round(4).tolist()
    [nan, nan, 3.6444]
    """
    place = np.arange(n_bars - 1.0, -1.0, -1.0)
    from_middle = place - math.floor(offset * (n_bars - 1))
    return _weighted(x, np.exp(-0.5 * (from_middle * sharpness / n_bars) ** 2))


@memoised
def hma(x: Floats, n_bars: int) -> Floats:
    """Return Hull's average: ``wma`` of 2 wma(x, n / 2) - wma(x, n), over the root of n.

    Half and root are rounded down. It leads where the price runs, and so overshoots its turns.

    Parameters
    ----------
    x : ndarray of shape (n,)
        NaN in a window makes its value NaN.
    n_bars : int
        At least 2.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars`` + isqrt(``n_bars``) - 2 rows.

    References
    ----------
    Hull (2005), Hull Moving Average.

    Examples
    --------
    >>> hma(np.array([2.0, 5.0, 8.0, 11.0, 14.0]), 4).tolist()
    [nan, nan, nan, nan, 14.0]
    """
    lead = 2.0 * wma(x, n_bars // 2) - wma(x, n_bars)
    return wma(lead, math.isqrt(n_bars))


@memoised
def vwma(x: Floats, volume: Floats, n_bars: int) -> Floats:
    """Return the average weighted by volume: sum of x times volume / sum of volume.

    Parameters
    ----------
    x, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows, where nothing traded in the window,
        and where the window holds a NaN.

    References
    ----------
    Kaufman (2013), Trading Systems and Methods, chapter 7.

    Examples
    --------
    >>> vwma(np.array([1.0, 5.0, 9.0]), np.array([1.0, 3.0, 0.0]), 2).tolist()
    [nan, 4.0, 5.0]
    """
    out = np.full(x.size, np.nan)
    window_by_volume(column(x), column(volume), n_bars, out)
    return out


def _weighted(x: Floats, weight: Floats) -> Floats:
    """Weigh the present value by the first of ``weight``, the oldest by the last."""
    out = np.full(x.size, np.nan)
    window_weighted(column(x), column(weight / weight.sum()), out)
    return out


@jit
def window_weighted(x: Floats, weight: Floats, out: Floats) -> None:
    # Distances from the present value: small, and exactly 0 where prices stand still.
    n_bars = weight.size
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        mean = out[start : start + now.size]
        mean[:] = 0.0
        for lag in range(1, n_bars):
            then = x[start - lag : start - lag + now.size]
            for i in range(now.size):
                mean[i] += weight[lag] * (then[i] - now[i])
        for i in range(now.size):
            mean[i] += now[i]


@jit
def window_by_volume(x: Floats, volume: Floats, n_bars: int, out: Floats) -> None:
    total = np.empty(BLOCK)
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        mean = out[start : start + now.size]
        mean[:] = 0.0
        total[:] = 0.0
        for lag in range(n_bars):
            then = x[start - lag : start - lag + now.size]
            traded = volume[start - lag : start - lag + now.size]
            for i in range(now.size):
                mean[i] += traded[i] * (then[i] - now[i])
                total[i] += traded[i]
        for i in range(now.size):
            mean[i] = now[i] + mean[i] / total[i] if total[i] > 0.0 else np.nan
