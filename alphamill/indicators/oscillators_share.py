"""Oscillators between 0 and 100: what rose as a share of what moved.

Where nothing moved they rest at 50.
"""

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous, rolling_std
from alphamill.indicators.trend import rma
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# Steps below this share of the price are one price, filtered in another order.
ROUNDING = 1e-12


@memoised
def relative_volatility_index(x: Floats, std_bars: int = 10, mean_bars: int = 14) -> Floats:
    """Return Dorsey's relative volatility index: how much of the volatility falls on rising bars.

    The population deviation of the last ``std_bars`` values counts as up where the price rose and
    as down where it fell; both are ``rma``-smoothed, and up is given as a share of both.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first. Dorsey's revision averages the index of highs and that of lows.
    std_bars, mean_bars : int
        Window of the deviation, and Wilder's length.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100], 50 where nothing moved; NaN in the first ``std_bars`` + ``mean_bars`` - 2
        rows.

    References
    ----------
    Dorsey (1993), The Relative Volatility Index, Stocks & Commodities 11:6.

    Examples
    --------
    >>> relative_volatility_index(np.array([1.0, 3.0, 2.0]), 2, 2).round(2).tolist()
    [nan, nan, 66.67]
    """
    spread, change = rolling_std(x, std_bars, ddof=0), x - previous(x)
    up = rma(np.where(change > 0.0, spread, 0.0 * spread), mean_bars)
    down = rma(np.where(change < 0.0, spread, 0.0 * spread), mean_bars)
    out = np.where(np.isnan(up), np.nan, 50.0)
    np.divide(100.0 * up, up + down, out=out, where=up + down > 0.0)
    return out


@memoised
def laguerre_rsi(x: Floats, damping: float = 0.5) -> Floats:
    """Return Ehlers' Laguerre index: gains / (gains + losses) along a four-step filter.

    The steps are one exponential average and three all-pass delays of it: l0 is the average, and
    each next l = l0_before + damping (l_before - l0). What each stands above the next is gain.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first; NaN are passed over.
    damping : float
        In [0, 1): 0 compares the last four prices, and the nearer to 1, the slower.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100], 50 where the steps are one; known from the first row, whose price all steps
        begin at.

    References
    ----------
    Ehlers (2004), Cybernetic Analysis for Stocks and Futures, chapter 14.

    Examples
    --------
    >>> laguerre_rsi(np.array([1.0, 3.0, 2.0]), 0.0).round(2).tolist()
    [50.0, 100.0, 66.67]
    """
    out = np.full(x.size, np.nan)
    pass_through(column(x), damping, out)
    return out


@jit
def pass_through(x: Floats, damping: float, out: Floats) -> None:
    first = second = third = fourth = np.nan
    for t in range(x.size):
        if np.isnan(x[t]):
            continue
        if np.isnan(first):
            first = second = third = fourth = x[t]
        before = first, second, third
        first += (x[t] - first) * (1.0 - damping)
        second = before[0] + damping * (second - first)
        third = before[1] + damping * (third - second)
        fourth = before[2] + damping * (fourth - third)
        steps = (first - second, second - third, third - fourth)
        gain, both = 0.0, 0.0
        for step in steps:
            gain += max(step, 0.0)
            both += abs(step)
        out[t] = 100.0 * gain / both if both > ROUNDING * abs(x[t]) else 50.0
