"""Whether the price runs on or turns back."""

import math

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.regression import rolling_beta, rolling_correlation
from alphamill.indicators.rolling import (
    previous,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_std,
)

# A deviation below this share of the steps is one step, subtracted from other prices.
ROUNDING = 1e-9


@memoised
def efficiency_ratio(x: Floats, n_bars: int) -> Floats:
    """Return Kaufman's efficiency ratio: the way gained as a share of the way walked.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of changes, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1], 1 for a straight line; NaN in the first ``n_bars`` rows and where the price
        did not move.

    References
    ----------
    Kaufman (1995), Smarter Trading.

    Examples
    --------
    >>> efficiency_ratio(np.array([1.0, 4.0, 3.0]), 2).tolist()
    [nan, nan, 0.5]
    """
    walked = n_bars * rolling_mean(np.abs(x - previous(x)), n_bars)
    out = np.full(x.size, np.nan)
    np.divide(np.abs(x - previous(x, n_bars)), walked, out=out, where=walked > 0.0)
    share: Floats = np.minimum(out, 1.0)
    return share


@memoised
def vertical_horizontal_filter(x: Floats, n_bars: int) -> Floats:
    """Return White's filter: the range of the last values as a share of the way walked.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of changes, at least 1; the range is that of the ``n_bars + 1`` values they join.

    Returns
    -------
    ndarray of shape (n,)
        In (0, 1], 1 for a straight line; NaN in the first ``n_bars`` rows and where the price
        did not move.

    References
    ----------
    White (1991), The Vertical Horizontal Filter, Futures.

    Examples
    --------
    >>> vertical_horizontal_filter(np.array([1.0, 4.0, 3.0]), 2).tolist()
    [nan, nan, 0.75]
    """
    walked = n_bars * rolling_mean(np.abs(x - previous(x)), n_bars)
    reach = rolling_max(x, n_bars + 1) - rolling_min(x, n_bars + 1)
    out = np.full(x.size, np.nan)
    np.divide(reach, walked, out=out, where=walked > 0.0)
    share: Floats = np.minimum(out, 1.0)
    return share


@memoised
def variance_ratio(x: Floats, n_bars: int, lag_bars: int) -> Floats:
    """Return the variance of ``lag_bars`` changes over that many times the variance of one.

    1 for a random walk, above it where moves run on, below where they turn back.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices or their logarithms, oldest first.
    n_bars : int
        How many overlapping changes of each kind count, at least 2.
    lag_bars : int
        Length of the long change, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        At least 0; NaN in the first ``n_bars + lag_bars - 1`` rows and where the price moved
        evenly.

    References
    ----------
    Lo and MacKinlay (1988), Stock Market Prices Do Not Follow Random Walks, Review of Financial
    Studies 1:1, without their corrections for bias.

    Examples
    --------
    >>> variance_ratio(np.array([0.0, 1.0, 0.0, 1.0, 0.0]), 3, 2).tolist()
    [nan, nan, nan, nan, 0.0]
    """
    one, many = (rolling_std(x - previous(x, lag), n_bars) for lag in (1, lag_bars))
    # A constant step leaves a deviation of rounding only.
    steps = rolling_max(np.abs(x - previous(x)), n_bars)
    out = np.full(x.size, np.nan)
    np.divide(many, one, out=out, where=one > ROUNDING * steps)
    return out**2 / lag_bars


@memoised
def autocorrelation(x: Floats, n_bars: int, lag_bars: int = 1) -> Floats:
    """Return the correlation of the last ``n_bars`` values with those ``lag_bars`` before them.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Returns or changes, oldest first; of prices themselves it says that they are near those
        before, which is no news.
    n_bars : int
        How many pairs count, at least 2.
    lag_bars : int
        At least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [-1, 1]; NaN in the first ``n_bars + lag_bars - 1`` rows and where either window stands
        still.

    Examples
    --------
    >>> autocorrelation(np.array([1.0, -1.0, 1.0, -1.0]), 3).round(9).tolist()
    [nan, nan, nan, -1.0]
    """
    return rolling_correlation(x, previous(x, lag_bars), n_bars)


@memoised
def half_life(x: Floats, n_bars: int) -> Floats:
    """Return in how many bars half of a distance from the mean is made good.

    x[t] = a + phi x[t-1] + noise, by least squares over ``n_bars`` pairs: the Ornstein-Uhlenbeck
    process seen once a bar. The half-life is ln(1 / 2) / ln(phi).

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices or a spread, oldest first.
    n_bars : int
        How many pairs count, at least 3.

    Returns
    -------
    ndarray of shape (n,)
        Bars; NaN in the first ``n_bars`` rows and where phi does not lie within (0, 1): there is
        no return to a mean.

    References
    ----------
    Chan (2013), Algorithmic Trading, chapter 2, in its exact form.

    Examples
    --------
    >>> half_life(np.array([8.0, 4.0, 2.0, 1.0]), 3).round(9).tolist()
    [nan, nan, nan, 1.0]
    """
    phi = rolling_beta(x, previous(x), n_bars)
    out = np.full(x.size, np.nan)
    np.log(phi, out=out, where=(phi > 0.0) & (phi < 1.0))
    return math.log(0.5) / out
