"""How the last values are distributed.

Moments are worked out anew for each window about its own mean; see ``rolling``. A NaN in a window
makes its value NaN.
"""

import math

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import BLOCK, column, rolling_mean, rolling_std
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@memoised
def zscore(x: Floats, n_bars: int, ddof: int = 1) -> Floats:
    """Return how many standard deviations the present value lies above the mean of its window.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, the present value included, more than ``ddof``.
    ddof : int
        1 for the sample deviation, 0 for the population's.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars - 1`` rows and where the window stands still.

    Examples
    --------
    >>> zscore(np.array([1.0, 3.0, 3.0]), 2, ddof=0).tolist()
    [nan, 1.0, nan]
    """
    spread = rolling_std(x, n_bars, ddof)
    out = np.full(x.size, np.nan)
    np.divide(x - rolling_mean(x, n_bars), spread, out=out, where=spread > 0.0)
    return out


@memoised
def rolling_var(x: Floats, n_bars: int, ddof: int = 1) -> Floats:
    """Return the variance of the last ``n_bars`` values: ``rolling_std`` squared.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, more than ``ddof``.
    ddof : int
        1 for the sample variance, 0 for the population's (TA-Lib's ``VAR``).

    Returns
    -------
    ndarray of shape (n,)
        Squared unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> rolling_var(np.array([1.0, 5.0]), 2, ddof=0).tolist()
    [nan, 4.0]
    """
    return rolling_std(x, n_bars, ddof) ** 2


@memoised
def rolling_skew(x: Floats, n_bars: int) -> Floats:
    """Return the sample skewness of the last ``n_bars`` values, corrected for bias (pandas').

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 3.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars - 1`` rows and where the window stands still.

    References
    ----------
    Joanes and Gill (1998), Comparing Measures of Sample Skewness and Kurtosis, The Statistician
    47:1, G1.

    Examples
    --------
    >>> rolling_skew(np.array([0.0, 0.0, 3.0]), 3).round(4).tolist()
    [nan, nan, 1.7321]
    """
    variance, third, _ = _moments(x, n_bars)
    out = np.full(x.size, np.nan)
    np.divide(third, variance**1.5, out=out, where=variance > 0.0)
    return out * math.sqrt(n_bars * (n_bars - 1.0)) / (n_bars - 2.0)


@memoised
def rolling_kurtosis(x: Floats, n_bars: int) -> Floats:
    """Return the excess kurtosis of the last ``n_bars`` values, corrected for bias (pandas').

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 4.

    Returns
    -------
    ndarray of shape (n,)
        0 for a normal distribution; NaN in the first ``n_bars - 1`` rows and where the window
        stands still.

    References
    ----------
    Joanes and Gill (1998), Comparing Measures of Sample Skewness and Kurtosis, The Statistician
    47:1, G2.

    Examples
    --------
    >>> rolling_kurtosis(np.array([0.0, 0.0, 0.0, 4.0]), 4).round(9).tolist()
    [nan, nan, nan, 4.0]
    """
    variance, _, fourth = _moments(x, n_bars)
    out = np.full(x.size, np.nan)
    np.divide(fourth, variance**2, out=out, where=variance > 0.0)
    lift = (n_bars - 1.0) / ((n_bars - 2.0) * (n_bars - 3.0))
    return lift * ((n_bars + 1.0) * out - 3.0 * (n_bars - 1.0))


@memoised
def mean_deviation(x: Floats, n_bars: int) -> Floats:
    """Return the mean absolute deviation of the last ``n_bars`` values from their mean.

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
    >>> mean_deviation(np.array([1.0, 5.0]), 2).tolist()
    [nan, 2.0]
    """
    out = np.full(x.size, np.nan)
    window_deviation(column(x), n_bars, out)
    return out


@memoised
def rolling_quantile(x: Floats, n_bars: int, share: float) -> Floats:
    """Return the value below which a share of the last ``n_bars`` values lies.

    Between two values it is interpolated linearly, as NumPy's default does.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 1.
    share : float
        In [0, 1]; 0.5 is the median.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> rolling_quantile(np.array([1.0, 9.0, 5.0]), 3, 0.25).tolist()
    [nan, nan, 3.0]
    """
    out = np.full(x.size, np.nan)
    window_quantile(column(x), n_bars, float(share), out)
    return out


@memoised
def rolling_median(x: Floats, n_bars: int) -> Floats:
    """Return the median of the last ``n_bars`` values: ``rolling_quantile`` at one half.

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
    >>> rolling_median(np.array([1.0, 9.0, 5.0]), 3).tolist()
    [nan, nan, 5.0]
    """
    return rolling_quantile(x, n_bars, 0.5)


def _moments(x: Floats, n_bars: int) -> tuple[Floats, Floats, Floats]:
    variance, third, fourth = (np.full(x.size, np.nan) for _ in range(3))
    window_moments(column(x), n_bars, variance, third, fourth)
    return variance, third, fourth


@jit
def window_moments(x: Floats, n_bars: int, second: Floats, third: Floats, fourth: Floats) -> None:
    mean = np.empty(BLOCK)
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        stop = start + now.size
        squares, cubes, powers = second[start:stop], third[start:stop], fourth[start:stop]
        mean[:], squares[:], cubes[:], powers[:] = 0.0, 0.0, 0.0, 0.0
        for lag in range(1, n_bars):
            then = x[start - lag : stop - lag]
            for i in range(now.size):
                mean[i] += then[i] - now[i]
        for lag in range(n_bars):
            then = x[start - lag : stop - lag]
            for i in range(now.size):
                off = then[i] - now[i] - mean[i] / n_bars
                square = off * off
                squares[i] += square
                cubes[i] += square * off
                powers[i] += square * square
        squares /= n_bars
        cubes /= n_bars
        powers /= n_bars


@jit
def window_deviation(x: Floats, n_bars: int, out: Floats) -> None:
    mean = np.empty(BLOCK)
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        stop = start + now.size
        off = out[start:stop]
        mean[:], off[:] = 0.0, 0.0
        for lag in range(1, n_bars):
            then = x[start - lag : stop - lag]
            for i in range(now.size):
                mean[i] += then[i] - now[i]
        for lag in range(n_bars):
            then = x[start - lag : stop - lag]
            for i in range(now.size):
                off[i] += abs(then[i] - now[i] - mean[i] / n_bars)
        off /= n_bars


@jit
def window_quantile(x: Floats, n_bars: int, share: float, out: Floats) -> None:
    # The window in order: each bar takes one value out and puts one in.
    ordered, n_held = np.empty(n_bars), 0
    place = share * (n_bars - 1)
    below = min(int(place), n_bars - 1)
    above = min(below + 1, n_bars - 1)
    for t in range(x.size):
        if t >= n_bars and not np.isnan(x[t - n_bars]):
            at = np.searchsorted(ordered[:n_held], x[t - n_bars])
            for i in range(at, n_held - 1):
                ordered[i] = ordered[i + 1]
            n_held -= 1
        if not np.isnan(x[t]):
            at = n_held
            while at > 0 and ordered[at - 1] > x[t]:
                ordered[at] = ordered[at - 1]
                at -= 1
            ordered[at] = x[t]
            n_held += 1
        if t >= n_bars - 1 and n_held == n_bars:
            low, high = ordered[below], ordered[above]
            out[t] = low + (high - low) * (place - below)
