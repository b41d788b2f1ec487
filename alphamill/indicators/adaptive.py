"""Averages whose speed the market sets: fast where it trends, slow where it turns to and fro.

Each moves a share of the way to the price, a share of its own at every bar. At rest it stays where
it is, to the last bit.
"""

import math
from typing import NamedTuple

import numpy as np
import talib

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.oscillators import cmo
from alphamill.indicators.persistence import efficiency_ratio
from alphamill.indicators.rolling import column, previous, rolling_max, rolling_mean, rolling_min
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Mama(NamedTuple):
    """Adaptive average and the slower one that follows it; columns of shape (n,), price unit."""

    mama: Floats
    fama: Floats


@memoised
def kama(x: Floats, n_bars: int, fast_bars: int = 2, slow_bars: int = 30) -> Floats:
    """Return Kaufman's adaptive average: as fast as the price is straight.

    The share is (e (f - s) + s) squared, e the ``efficiency_ratio`` over ``n_bars``, f and s those
    of exponential averages of the two spans. It starts from the price before the first known
    ratio. TA-Lib's ``KAMA`` agrees; where the price did not move both take e = 1.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first; leading NaN are passed over.
    n_bars : int
        Window of the ratio, at least 1.
    fast_bars, slow_bars : int
        Spans at a ratio of 1 and of 0. In a market without direction the start weighs below 1e-12
        after 7 x (``slow_bars`` + 1) squared rows, and far sooner in any other.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars`` rows.

    References
    ----------
    Kaufman (1995), Smarter Trading.

    Examples
    --------
    >>> kama(np.array([1.0, 4.0, 4.0, 7.0]), 2, 1, 3).tolist()
    [nan, nan, 4.0, 7.0]
    """
    fast, slow = 2.0 / (fast_bars + 1.0), 2.0 / (slow_bars + 1.0)
    known = ~np.isnan(previous(x, n_bars))
    ratio = efficiency_ratio(x, n_bars)
    straight = np.where(known & np.isnan(ratio), 1.0, ratio)
    return _approach(x, (straight * (fast - slow) + slow) ** 2, previous(x))


@memoised
def vidya(x: Floats, n_bars: int, momentum_bars: int) -> Floats:
    """Return Chande's variable index dynamic average: as fast as the momentum is one-sided.

    The share is that of an exponential average of ``n_bars`` times |``cmo``| / 100, the plain sums
    of Chande. It starts from the price before the first known momentum.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Span at full speed, at least 1.
    momentum_bars : int
        Window of the ``cmo``. Where gains equal losses the average stands still, so its memory
        has no bound.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``momentum_bars`` rows.

    References
    ----------
    Chande (1992), Adapting Moving Averages to Market Volatility, Stocks & Commodities 10:3, in
    the form of Chande and Kroll (1994) with the momentum oscillator.

    Examples
    --------
    >>> vidya(np.array([2.0, 4.0, 6.0, 4.0]), 3, 2).tolist()
    [nan, nan, 5.0, 5.0]
    """
    speed = 2.0 / (n_bars + 1.0) * np.abs(cmo(x, momentum_bars)) / 100.0
    return _approach(x, speed, previous(x))


@memoised
def frama(high: Floats, low: Floats, n_bars: int) -> Floats:
    """Return Ehlers' fractal adaptive average of (H + L) / 2: as fast as the path is a line.

    The share is exp(-4.6 (D - 1)), within [0.01, 1]. D = log2((N1 + N2) / N3) is the fractal
    dimension: N1, N2 and N3 are the ranges a bar of the window's later half, its earlier half and
    the whole. Where a range is missing the share is 1.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, even and at least 2. After 2,760 rows more, and mostly far sooner, the start
        weighs below 1e-12.

    Returns
    -------
    ndarray of shape (n,)
        Unit of the price; NaN in the first ``n_bars - 1`` rows. It starts from the middle of the
        bar before.

    References
    ----------
    Ehlers (2005), FRAMA - Fractal Adaptive Moving Average, Stocks & Commodities 23:10.

    Examples
    --------
    >>> high = np.array([1.0, 2.0, 3.0, 4.0])
    >>> frama(high, high - 1.0, 2).tolist()
    [nan, 1.5, 2.5, 3.5]
    """
    half = n_bars // 2
    later = (rolling_max(high, half) - rolling_min(low, half)) / half
    earlier = previous(later, half)
    whole = (rolling_max(high, n_bars) - rolling_min(low, n_bars)) / n_bars
    ratio = np.where(np.isnan(whole), np.nan, 1.0)
    np.divide(later + earlier, whole, out=ratio, where=(later + earlier > 0.0) & (whole > 0.0))
    share = np.clip(np.exp(-4.6 * (np.log2(ratio) - 1.0)), 0.01, 1.0)
    middle = (high + low) / 2.0
    return _approach(middle, share, previous(middle))


@memoised
def mcginley(x: Floats, n_bars: int) -> Floats:
    """Return McGinley's dynamic: an average that hurries after a falling price.

    m = m before + (x - m before) / (n (x / m before)^4), seeded with the mean of the first
    ``n_bars`` values. No step goes beyond the price, as the formula's would after a fall to half.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Length, at least 1. While the price stays within a fifth of the average, the seed weighs
        below 1e-12 after some 28 x ``n_bars`` rows.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows, and from the first price on that is
        not above 0.

    References
    ----------
    McGinley (1997), McGinley Dynamics, Market Technicians Association Journal 48.

    Examples
    --------
    >>> mcginley(np.array([1.0, 3.0, 4.0]), 2).tolist()
    [nan, 2.0, 2.0625]
    """
    out = np.full(x.size, np.nan)
    if n_bars <= x.size:
        hurry(column(x), n_bars, float(rolling_mean(x[:n_bars], n_bars)[-1]), out)
    return out


@memoised
def mama(x: Floats, fast_limit: float = 0.5, slow_limit: float = 0.05) -> Mama:
    """Return Ehlers' MESA adaptive averages: as fast as the phase of the cycle turns.

    TA-Lib's ``MAMA``, which starts both averages from 0 and so shows them too low for a hundred
    bars; here they start from the first price, as if the market had rested there before.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first; Ehlers takes (H + L) / 2.
    fast_limit, slow_limit : float
        Highest and lowest share of the way; the follower goes half of it.

    Returns
    -------
    Mama
        NaN in the first 32 rows.

    References
    ----------
    Ehlers (2001), MESA Adaptive Moving Averages, Stocks & Commodities 19:10.

    Examples
    --------
    >>> mama(np.full(40, 7.0)).fama[-1].item()
    7.0
    """
    start = x[:1] if x.size else np.zeros(1)
    fast, slow = talib.MAMA(column(x - start), fast_limit, slow_limit)
    return Mama(fast + start, slow + start)


def _approach(x: Floats, share: Floats, start: Floats) -> Floats:
    """Go ``share`` of the way to ``x`` at each bar, from where ``start`` is at the first known."""
    out = np.full(x.size, np.nan)
    first = int(np.argmax(~np.isnan(share))) if x.size else 0
    if x.size and not math.isnan(share[first]):
        go(column(x), column(share), first, float(start[first]), out)
    return out


@jit
def go(x: Floats, share: Floats, first: int, start: float, out: Floats) -> None:
    value = start
    for t in range(first, x.size):
        value += (x[t] - value) * share[t]
        out[t] = value


@jit
def hurry(x: Floats, n_bars: int, seed: float, out: Floats) -> None:
    value = seed
    for t in range(x.size):
        if not x[t] > 0.0:
            value = np.nan
        elif t >= n_bars:
            above = min(value / x[t], float(n_bars))
            value += (x[t] - value) * min(above**4 / n_bars, 1.0)
        if t >= n_bars - 1:
            out[t] = value
