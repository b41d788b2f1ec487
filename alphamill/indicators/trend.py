"""Averages that follow the price, and their crossings."""

import numpy as np
import talib

from alphamill.core.market import Flags, Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, rolling_max, rolling_mean, rolling_min
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


def sma(x: Floats, n_bars: int) -> Floats:
    """Return the simple moving average: ``rolling_mean`` by the name traders use.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> sma(np.array([1.0, 2.0, 6.0]), 2).tolist()
    [nan, 1.5, 4.0]
    """
    return rolling_mean(x, n_bars)


@memoised
def ema(x: Floats, n_bars: int) -> Floats:
    """Return the exponential moving average seeded with the first value; rules use this one.

    e[0] = x[0];  e[t] = e[t-1] + (x[t] - e[t-1]) * 2 / (n_bars + 1).

    It never forgets its seed; after 14 x ``n_bars`` rows the seed weighs below 1e-12.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Leading NaN are passed over; a NaN after them makes all later rows NaN.
    n_bars : int
        Span, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows, although the recursion runs there.

    See Also
    --------
    ema_from_mean : the same recursion seeded as TA-Lib seeds it.

    Examples
    --------
    >>> ema(np.array([1.0, 2.0, 4.0]), 3).tolist()
    [nan, nan, 2.75]
    """
    out = np.full(x.size, np.nan)
    first = _first_known(x)
    if first + n_bars <= x.size:
        smooth(column(x), 2.0 / (n_bars + 1.0), first, float(x[first]), out)
        out[: first + n_bars - 1] = np.nan
    return out


@memoised
def ema_from_mean(x: Floats, n_bars: int) -> Floats:
    """Return the exponential moving average seeded with the mean of the first ``n_bars`` values.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Leading NaN are passed over (TA-Lib's ``EMA``).
    n_bars : int
        Span, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> ema_from_mean(np.array([1.0, 2.0, 6.0, 5.0]), 3).tolist()
    [nan, nan, 3.0, 4.0]
    """
    out: Floats = talib.EMA(column(x), n_bars)
    return out


@memoised
def rma(x: Floats, n_bars: int) -> Floats:
    """Return Wilder's average, seeded with the mean of the first ``n_bars`` values.

    r[t] = r[t-1] + (x[t] - r[t-1]) / n_bars: an exponential average of span 2 x ``n_bars`` - 1.
    After 28 x ``n_bars`` rows the seed weighs below 1e-12.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Leading NaN are passed over; a NaN after them makes all later rows NaN.
    n_bars : int
        Wilder's length, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems.

    Examples
    --------
    >>> rma(np.array([1.0, 3.0, 4.0]), 2).tolist()
    [nan, 2.0, 3.0]
    """
    out = np.full(x.size, np.nan)
    first = _first_known(x)
    if first + n_bars <= x.size:
        seed = float(np.mean(x[first : first + n_bars]))
        smooth(column(x), 1.0 / n_bars, first + n_bars - 1, seed, out)
    return out


@memoised
def midpoint(x: Floats, n_bars: int) -> Floats:
    """Return the middle of the highest and the lowest of the last values (``MIDPOINT``).

    Parameters
    ----------
    x : ndarray of shape (n,)
        Without NaN, but for leading rows.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> midpoint(np.array([1.0, 3.0, 2.0]), 2).tolist()
    [nan, 2.0, 2.5]
    """
    return midprice(x, x, n_bars)


@memoised
def midprice(high: Floats, low: Floats, n_bars: int) -> Floats:
    """Return the middle of the highest high and the lowest low of the last bars (``MIDPRICE``).

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Quote currency; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> midprice(np.array([3.0, 5.0]), np.array([1.0, 2.0]), 2).tolist()
    [nan, 3.0]
    """
    return (rolling_max(high, n_bars) + rolling_min(low, n_bars)) / 2.0


@memoised
def crosses_above(x: Floats, level: Floats | float) -> Flags:
    """Return where ``x`` is above ``level`` and was not on the bar before.

    Parameters
    ----------
    x : ndarray of shape (n,)
    level : float or ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,), bool
        False wherever one of the four values is NaN: what was unknown has not crossed.

    Examples
    --------
    >>> crosses_above(np.array([np.nan, 3.0, 2.0, 3.0]), 2.0).tolist()
    [False, False, False, True]
    """
    above: Flags = x > level
    above[:1] = False
    above[1:] &= (x <= level)[:-1]
    return above


@memoised
def crosses_below(x: Floats, level: Floats | float) -> Flags:
    """Return where ``x`` is below ``level`` and was not on the bar before.

    Parameters
    ----------
    x : ndarray of shape (n,)
    level : float or ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,), bool
        False wherever one of the four values is NaN.

    Examples
    --------
    >>> crosses_below(np.array([1.0, 2.0, 1.0]), 2.0).tolist()
    [False, False, True]
    """
    below: Flags = x < level
    below[:1] = False
    below[1:] &= (x >= level)[:-1]
    return below


def _first_known(x: Floats) -> int:
    known = ~np.isnan(x)
    return int(known.argmax()) if known.any() else x.size


@jit
def smooth(x: Floats, weight: float, first: int, seed: float, out: Floats) -> None:
    # e + (x - e) * weight, not x * weight + e * (1 - weight): where prices stand still at e, so
    # does the average, to the last bit.
    value = seed
    out[first] = value
    for t in range(first + 1, x.size):
        value += (x[t] - value) * weight
        out[t] = value
