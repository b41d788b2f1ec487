"""Exponential averages that lag less than a plain one, or listen to the volume.

The chains are seeded with means, as TA-Lib seeds them.
"""

import numpy as np
import talib

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous
from alphamill.indicators.trend import ema_from_mean
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@memoised
def dema(x: Floats, n_bars: int) -> Floats:
    """Return the double exponential average 2 e1 - e2, e2 the average of e1 (TA-Lib's ``DEMA``).

    Parameters
    ----------
    x : ndarray of shape (n,)
        Leading NaN are passed over; a NaN after them makes all later rows NaN.
    n_bars : int
        Span, at least 2. After 17 x ``n_bars`` rows the seed weighs below 1e-12.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first 2 (``n_bars`` - 1) rows.

    References
    ----------
    Mulloy (1994), Smoothing Data with Faster Moving Averages, Stocks & Commodities 12:1.

    Examples
    --------
    >>> dema(np.array([1.0, 3.0, 5.0, 4.0]), 2).round(4).tolist()
    [nan, nan, 5.0, 4.3333]
    """
    out: Floats = talib.DEMA(column(x), n_bars)
    return out


@memoised
def tema(x: Floats, n_bars: int) -> Floats:
    """Return the triple exponential average 3 e1 - 3 e2 + e3 (TA-Lib's ``TEMA``).

    Parameters
    ----------
    x : ndarray of shape (n,)
        Leading NaN are passed over; a NaN after them makes all later rows NaN.
    n_bars : int
        Span, at least 2. After 19 x ``n_bars`` rows the seed weighs below 1e-12.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first 3 (``n_bars`` - 1) rows.

    References
    ----------
    Mulloy (1994), Smoothing Data with Less Lag, Stocks & Commodities 12:2.

    Examples
    --------
    >>> tema(np.array([1.0, 3.0, 5.0, 7.0, 5.0]), 2).round(4).tolist()
    [nan, nan, nan, 7.0, 5.1481]
    """
    out: Floats = talib.TEMA(column(x), n_bars)
    return out


@memoised
def t3(x: Floats, n_bars: int, volume_factor: float = 0.7) -> Floats:
    """Return Tillson's T3: (1 + v) e1 - v e2, done three times over (TA-Lib's ``T3``).

    Parameters
    ----------
    x : ndarray of shape (n,)
        Leading NaN are passed over; a NaN after them makes all later rows NaN.
    n_bars : int
        Span of each of the six averages, at least 2. After 21 x ``n_bars`` rows the seed
        weighs below 1e-12.
    volume_factor : float
        Tillson's v, in [0, 1]: 0 is a plain triple average, 1 three ``dema`` in a row.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first 6 (``n_bars`` - 1) rows.

    References
    ----------
    Tillson (1998), Smoothing Techniques for More Accurate Signals, Stocks & Commodities 16:1.

    Examples
    --------
    >>> t3(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), 2).round(4).tolist()[-1]
    6.55
    """
    out: Floats = talib.T3(column(x), n_bars, volume_factor)
    return out


@memoised
def zlema(x: Floats, n_bars: int) -> Floats:
    """Return the zero-lag exponential average: ``ema_from_mean`` of x + (x - x of the lag ago).

    The lag is (``n_bars`` - 1) / 2, rounded down: how far an average of that span stands behind.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Leading NaN are passed over; a NaN after them makes all later rows NaN.
    n_bars : int
        Span, at least 3. After 14 x ``n_bars`` rows the seed weighs below 1e-12.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars`` - 1 + lag rows.

    References
    ----------
    Ehlers and Way (2010), Zero Lag (Well, Almost), Stocks & Commodities 28:11.

    Examples
    --------
    >>> zlema(np.array([1.0, 2.0, 3.0, 4.0, 9.0]), 3).tolist()
    [nan, nan, nan, 4.0, 9.0]
    """
    return ema_from_mean(2.0 * x - previous(x, (n_bars - 1) // 2), n_bars)


@memoised
def vwema(x: Floats, volume: Floats, n_bars: int) -> Floats:
    """Return the exponential average weighted by volume: ema of x times volume / ema of volume.

    Both averages are seeded with their first value (``ema``); with one volume on all bars it is
    ``ema``. It is worked out as one average that moves towards the price by the bar's share of the
    smoothed volume, so no bar without volume moves it and no quotient of vanishing totals is
    formed.

    Parameters
    ----------
    x, volume : ndarray of shape (n,)
        Prices and units traded, oldest first. Unknown volume (NaN) counts as none.
    n_bars : int
        Span, at least 1. It forgets with the volume: where that keeps its size, after
        14 x ``n_bars`` rows the seed weighs below 1e-12.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows and until something traded.

    References
    ----------
    Dormeier (2011), Investing with Volume Analysis, chapter 15.

    Examples
    --------
    >>> vwema(np.array([1.0, 4.0, 9.0]), np.array([1.0, 2.0, 0.0]), 1 + 2).tolist()
    [nan, nan, 3.0]
    """
    out = np.full(x.size, np.nan)
    smooth_by_volume(column(x), column(volume), 2.0 / (n_bars + 1.0), out)
    out[: n_bars - 1] = np.nan
    return out


@jit
def smooth_by_volume(x: Floats, volume: Floats, weight: float, out: Floats) -> None:
    value, usual = np.nan, 0.0
    for t in range(x.size):
        traded = volume[t] if volume[t] > 0.0 else 0.0
        usual = usual + (traded - usual) * weight if t else traded
        if traded > 0.0:
            value = x[t] if np.isnan(value) else value + (x[t] - value) * (weight * traded / usual)
        out[t] = value
