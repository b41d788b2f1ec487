"""Oscillators of averages: how far they stand apart, and which way the distance turns."""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import roc
from alphamill.indicators.rolling import previous, rolling_max, rolling_mean, rolling_min
from alphamill.indicators.trend import ema, ema_from_mean, sma

# A distance below this share of the price is one price, smoothed in another order.
ROUNDING = 1e-12
# Less of a range than this, in points of 100, is rounding.
NO_RANGE = 1e-9


class ElderRay(NamedTuple):
    """How far high and low reach beyond the average; columns of shape (n,), unit of the price."""

    bull: Floats
    bear: Floats


@memoised
def apo(x: Floats, fast_bars: int, slow_bars: int) -> Floats:
    """Return the absolute price oscillator: the fast less the slow *simple* average.

    With exponential averages it is the line of ``macd``. TA-Lib's ``APO`` agrees.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    fast_bars, slow_bars : int
        Windows, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first max(``fast_bars``, ``slow_bars``) - 1 rows.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, price oscillator.

    Examples
    --------
    >>> apo(np.array([1.0, 3.0, 8.0]), 1, 2).tolist()
    [nan, 1.0, 2.5]
    """
    return sma(x, fast_bars) - sma(x, slow_bars)


@memoised
def ppo(x: Floats, fast_bars: int, slow_bars: int) -> Floats:
    """Return the percentage price oscillator: ``apo`` in percent of the slow average.

    TA-Lib's ``PPO`` agrees where prices are above 0.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    fast_bars, slow_bars : int
        Windows, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Percent; NaN in the first max(``fast_bars``, ``slow_bars``) - 1 rows and where the slow
        average is not above 0.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, price oscillator.

    Examples
    --------
    >>> ppo(np.array([1.0, 3.0, 7.0]), 1, 2).tolist()
    [nan, 50.0, 40.0]
    """
    slow = sma(x, slow_bars)
    out = np.full(x.size, np.nan)
    np.divide(100.0 * apo(x, fast_bars, slow_bars), slow, out=out, where=slow > 0.0)
    return out


@memoised
def dpo(x: Floats, n_bars: int) -> Floats:
    """Return the detrended price: the price half a window ago less the present average.

    x of ``n_bars`` // 2 + 1 bars ago - sma(x, ``n_bars``). Charts draw it that far to the left,
    where it would look ahead; here it stands at the bar that knows it.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 3.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars`` - 1 rows.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, detrended price oscillator.

    Examples
    --------
    >>> dpo(np.array([1.0, 3.0, 8.0, 4.0]), 3).tolist()
    [nan, nan, -3.0, -2.0]
    """
    return previous(x, n_bars // 2 + 1) - sma(x, n_bars)


@memoised
def awesome(high: Floats, low: Floats, fast_bars: int = 5, slow_bars: int = 34) -> Floats:
    """Return Williams' awesome oscillator: ``apo`` of the bars' middles, (H + L) / 2.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    fast_bars, slow_bars : int
        Windows, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of the price; NaN in the first max(``fast_bars``, ``slow_bars``) - 1 rows.

    References
    ----------
    Williams (1998), New Trading Dimensions, chapter 6.

    Examples
    --------
    >>> high = np.array([2.0, 4.0, 9.0])
    >>> awesome(high, high - 2.0, 1, 2).tolist()
    [nan, 1.0, 2.5]
    """
    return apo((high + low) / 2.0, fast_bars, slow_bars)


@memoised
def accelerator(
    high: Floats, low: Floats, fast_bars: int = 5, slow_bars: int = 34, mean_bars: int = 5
) -> Floats:
    """Return Williams' accelerator: ``awesome`` less its own simple average.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    fast_bars, slow_bars, mean_bars : int
        Windows, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Unit of the price; NaN in the first max(``fast_bars``, ``slow_bars``) + ``mean_bars`` - 2
        rows.

    References
    ----------
    Williams (1998), New Trading Dimensions, chapter 7.

    Examples
    --------
    >>> high = np.array([2.0, 4.0, 9.0])
    >>> accelerator(high, high - 2.0, 1, 2, 2).tolist()
    [nan, nan, 0.75]
    """
    line = awesome(high, low, fast_bars, slow_bars)
    return line - sma(line, mean_bars)


@memoised
def trix(x: Floats, n_bars: int) -> Floats:
    """Return the percent change of a triple-smoothed average (TA-Lib's ``TRIX``).

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Span of the three averages, seeded with means; at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Percent; NaN in the first 3 ``n_bars`` - 2 rows and where the average was not above 0.

    References
    ----------
    Hutson (1983), Good Trix, Stocks & Commodities 1:5.

    Examples
    --------
    >>> trix(np.array([1.0, 3.0, 5.0, 7.0, 9.0]), 2).tolist()
    [nan, nan, nan, nan, 50.0]
    """
    once = ema_from_mean(x, n_bars)
    return roc(ema_from_mean(ema_from_mean(once, n_bars), n_bars), 1)


@memoised
def elder_ray(high: Floats, low: Floats, close: Floats, n_bars: int = 13) -> ElderRay:
    """Return Elder's bull and bear power: high and low less the ``ema`` of the close.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Span, at least 1.

    Returns
    -------
    ElderRay
        NaN in the first ``n_bars`` - 1 rows.

    References
    ----------
    Elder (1993), Trading for a Living, section 41.

    Examples
    --------
    >>> close = np.array([1.0, 4.0])
    >>> elder_ray(close + 1.0, close - 1.0, close, 2).bull.tolist()
    [nan, 2.0]
    """
    middle = ema(close, n_bars)
    return ElderRay(high - middle, low - middle)


@memoised
def mass_index(high: Floats, low: Floats, n_bars: int = 9, sum_bars: int = 25) -> Floats:
    """Return Dorsey's mass index: how the range swells against its own average, summed up.

    The sum over ``sum_bars`` of ema(range) / ema(ema(range)), seeded with means.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Span of both averages, at least 2.
    sum_bars : int
        Window of the sum, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        About ``sum_bars``; NaN in the first 2 ``n_bars`` + ``sum_bars`` - 3 rows and where no bar
        has had a range.

    References
    ----------
    Dorsey (1992), The Mass Index, Stocks & Commodities 10:6.

    Examples
    --------
    >>> mass_index(np.array([1.0, 3.0, 5.0, 4.0]), np.zeros(4), 2, 1).round(4).tolist()
    [nan, nan, 1.3333, 1.0909]
    """
    once = ema_from_mean(high - low, n_bars)
    twice = ema_from_mean(once, n_bars)
    swell = np.full(high.size, np.nan)
    np.divide(once, twice, out=swell, where=twice > 0.0)
    return sum_bars * rolling_mean(swell, sum_bars)


@memoised
def stc(x: Floats, fast_bars: int = 23, slow_bars: int = 50, cycle_bars: int = 10) -> Floats:
    """Return Schaff's trend cycle: the stochastic of the stochastic of a moving average spread.

    The spread of two exponential averages is placed in its range of ``cycle_bars``, smoothed by
    half (an average of span 3), placed in its range again and smoothed again. Averages are seeded
    with means. A window without range keeps the place before it.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    fast_bars, slow_bars : int
        Spans, at least 2.
    cycle_bars : int
        Window of both ranges, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100], 50 where nothing ever moved; NaN in the first max(fast, slow) + 2 cycle + 1
        rows.

    References
    ----------
    Schaff (1999), Schaff Trend Cycle.

    Examples
    --------
    >>> stc(np.array([9.0, 8, 7, 9, 8, 7, 9, 8, 7, 9]), 2, 3, 2).round(2).tolist()[-3:]
    [nan, 33.33, 66.67]
    """
    spread = ema_from_mean(x, fast_bars) - ema_from_mean(x, slow_bars)
    once = ema_from_mean(_place(spread, cycle_bars, ROUNDING * np.abs(x)), 3)
    return ema_from_mean(_place(once, cycle_bars, np.full(x.size, NO_RANGE)), 3)


def _place(x: Floats, n_bars: int, no_range: Floats) -> Floats:
    """Return the place in the window's range, 0 to 100; without a range the place before."""
    lowest, highest = rolling_min(x, n_bars), rolling_max(x, n_bars)
    out = np.full(x.size, np.nan)
    np.divide(x - lowest, highest - lowest, out=out, where=highest - lowest > no_range)
    row = np.where(np.isnan(out), 0, np.arange(x.size))
    kept = out[np.maximum.accumulate(row)]
    middle = np.where(np.isnan(highest), np.nan, 0.5)
    return 100.0 * np.where(np.isnan(kept), middle, kept)
