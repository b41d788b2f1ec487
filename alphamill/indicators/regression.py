"""Straight lines through the last bars, and lines through two series.

Like all windows, each is worked out anew from its own bars: a row computed live from a window
equals the row of the whole history to the last bit, and a window at rest has slope exactly 0.
"""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import BLOCK, column
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Line(NamedTuple):
    """A least-squares line over the last bars; columns of shape (n,).

    ``value`` is its end at the present bar (unit of the input), ``slope`` its rise a bar,
    ``r_squared`` the share of the variance it explains (NaN where there is none), and
    ``residual`` the sum of squared distances from it (squared unit).
    """

    value: Floats
    slope: Floats
    r_squared: Floats
    residual: Floats


class Pairs(NamedTuple):
    """Sums over a window of two series, each about its mean: of products and of squares."""

    product: Floats
    x_squares: Floats
    y_squares: Floats


@memoised
def linear_regression(x: Floats, n_bars: int) -> Line:
    """Return the least-squares line through the last ``n_bars`` values.

    Value and slope are TA-Lib's ``LINEARREG`` and ``LINEARREG_SLOPE``, which sum whole prices and
    keep fewer digits.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 2.

    Returns
    -------
    Line
        NaN in the first ``n_bars - 1`` rows and where the window holds a NaN.

    References
    ----------
    Draper and Smith (1998), Applied Regression Analysis, chapter 1.

    Examples
    --------
    >>> line = linear_regression(np.array([1.0, 3.0, 5.0, 5.0]), 3)
    >>> line.value.round(4).tolist(), line.slope.tolist()
    ([nan, nan, 5.0, 5.3333], [nan, nan, 2.0, 1.0])
    """
    value, slope, total, residual = (np.full(x.size, np.nan) for _ in Line._fields)
    window_line(column(x), n_bars, value, slope, total, residual)
    share = np.full(x.size, np.nan)
    np.divide(total - residual, total, out=share, where=total > 0.0)
    return Line(value, slope, np.maximum(share, 0.0), residual)


@memoised
def time_series_forecast(x: Floats, n_bars: int) -> Floats:
    """Return where the least-squares line through the last values would lie a bar later.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x`` (TA-Lib's ``TSF``); NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> time_series_forecast(np.array([1.0, 3.0, 5.0]), 3).tolist()
    [nan, nan, 7.0]
    """
    line = linear_regression(x, n_bars)
    return line.value + line.slope


@memoised
def rolling_covariance(x: Floats, y: Floats, n_bars: int, ddof: int = 1) -> Floats:
    """Return the covariance of the last ``n_bars`` pairs of values.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
    n_bars : int
        Window, more than ``ddof``.
    ddof : int
        1 for the sample covariance, 0 for the population's.

    Returns
    -------
    ndarray of shape (n,)
        Product of the units; NaN in the first ``n_bars - 1`` rows and where a window holds a NaN.

    Examples
    --------
    >>> up = np.array([1.0, 3.0])
    >>> rolling_covariance(up, -up, 2).tolist()
    [nan, -2.0]
    """
    return _pairs(x, y, n_bars).product / (n_bars - ddof)


@memoised
def rolling_correlation(x: Floats, y: Floats, n_bars: int) -> Floats:
    """Return Pearson's correlation of the last ``n_bars`` pairs of values.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
    n_bars : int
        Window, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        In [-1, 1]; NaN in the first ``n_bars - 1`` rows and where either window stands still.

    Examples
    --------
    >>> up = np.array([1.0, 3.0, 7.0])
    >>> rolling_correlation(up, -2.0 * up, 2).round(9).tolist()
    [nan, -1.0, -1.0]
    """
    sums = _pairs(x, y, n_bars)
    both = np.sqrt(sums.x_squares) * np.sqrt(sums.y_squares)
    out = np.full(x.size, np.nan)
    np.divide(sums.product, both, out=out, where=both > 0.0)
    within: Floats = np.clip(out, -1.0, 1.0)
    return within


@memoised
def rolling_beta(x: Floats, y: Floats, n_bars: int) -> Floats:
    """Return by how much ``x`` goes with one unit of ``y``: the slope of x on y, least squares.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Returns of an asset and of its market, or two prices of a pair.
    n_bars : int
        Window, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x`` over that of ``y``; NaN in the first ``n_bars - 1`` rows and where ``y``
        stands still.

    Examples
    --------
    >>> up = np.array([1.0, 3.0, 7.0])
    >>> rolling_beta(2.0 * up, up, 2).tolist()
    [nan, 2.0, 2.0]
    """
    sums = _pairs(x, y, n_bars)
    out = np.full(x.size, np.nan)
    np.divide(sums.product, sums.y_squares, out=out, where=sums.y_squares > 0.0)
    return out


@memoised
def _pairs(x: Floats, y: Floats, n_bars: int) -> Pairs:
    sums = Pairs(*(np.full(x.size, np.nan) for _ in Pairs._fields))
    window_pairs(column(x), column(y), n_bars, *sums)
    return sums


@jit
def window_line(
    x: Floats, n_bars: int, value: Floats, slope: Floats, total: Floats, residual: Floats
) -> None:
    # Distances from the present value, over time counted from the window's middle: the two sums
    # are then independent, small, and exactly 0 where prices stand still.
    half = 0.5 * (n_bars - 1)
    spread = n_bars * (n_bars * n_bars - 1.0) / 12.0
    mean = np.empty(BLOCK)
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        stop = start + now.size
        lean, wide, off = slope[start:stop], total[start:stop], residual[start:stop]
        mean[:] = 0.0
        lean[:] = 0.0
        wide[:] = 0.0
        off[:] = 0.0
        for lag in range(1, n_bars):
            then, place = x[start - lag : stop - lag], half - lag
            for i in range(now.size):
                mean[i] += then[i] - now[i]
                lean[i] += place * (then[i] - now[i])
        for i in range(now.size):
            mean[i] /= n_bars
            lean[i] /= spread
        for lag in range(n_bars):
            then, place = x[start - lag : stop - lag], half - lag
            for i in range(now.size):
                apart = then[i] - now[i] - mean[i]
                wide[i] += apart * apart
                apart -= lean[i] * place
                off[i] += apart * apart
        for i in range(now.size):
            value[start + i] = now[i] + mean[i] + lean[i] * half


@jit
def window_pairs(
    x: Floats, y: Floats, n_bars: int, product: Floats, x_squares: Floats, y_squares: Floats
) -> None:
    x_mean, y_mean = np.empty(BLOCK), np.empty(BLOCK)
    for start in range(n_bars - 1, x.size, BLOCK):
        x_now, y_now = x[start : start + BLOCK], y[start : start + BLOCK]
        stop = start + x_now.size
        both, xx, yy = product[start:stop], x_squares[start:stop], y_squares[start:stop]
        x_mean[:], y_mean[:], both[:], xx[:], yy[:] = 0.0, 0.0, 0.0, 0.0, 0.0
        for lag in range(1, n_bars):
            x_then, y_then = x[start - lag : stop - lag], y[start - lag : stop - lag]
            for i in range(x_now.size):
                x_mean[i] += x_then[i] - x_now[i]
                y_mean[i] += y_then[i] - y_now[i]
        for lag in range(n_bars):
            x_then, y_then = x[start - lag : stop - lag], y[start - lag : stop - lag]
            for i in range(x_now.size):
                x_off = x_then[i] - x_now[i] - x_mean[i] / n_bars
                y_off = y_then[i] - y_now[i] - y_mean[i] / n_bars
                both[i] += x_off * y_off
                xx[i] += x_off * x_off
                yy[i] += y_off * y_off
