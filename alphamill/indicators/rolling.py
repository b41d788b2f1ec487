"""Windows: each value depends on the bars of its own window only, bit for bit.

So a row computed live from the last few bars equals the row of the whole history, which a running
total cannot promise. TA-Lib's ``SMA`` and ``STDDEV`` keep running totals: after a lively day a flat
night leaves their mean one unit in the last place above the price and their deviation at exactly
0, and ``close < mean - 2 * deviation`` buys there. Here a flat window has exactly its price as mean
and 0 as deviation.

NaN in a window makes its value NaN. Rows without a full window are NaN.
"""

import numpy as np
import talib

from alphamill.core.market import Flags, Floats, Ints
from alphamill.indicators.memo import memoised, sealed
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# Rows worked on together: they stay in the processor's first cache while the window passes over.
BLOCK = 1024


@memoised
def rolling_mean(x: Floats, n_bars: int) -> Floats:
    """Return the mean of the last ``n_bars`` values, the present one included.

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
    >>> rolling_mean(np.array([1.0, 2.0, 6.0]), 2).tolist()
    [nan, 1.5, 4.0]
    """
    out = np.full(x.size, np.nan)
    window_mean(column(x), n_bars, out)
    return out


@memoised
def rolling_std(x: Floats, n_bars: int, ddof: int = 1) -> Floats:
    """Return the standard deviation of the last ``n_bars`` values, the present one included.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, more than ``ddof``.
    ddof : int
        1 divides by ``n_bars - 1`` (sample), 0 by ``n_bars`` (population, as TA-Lib does).

    Returns
    -------
    ndarray of shape (n,)
        Unit of ``x``; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> rolling_std(np.array([1.0, 1.0, 5.0]), 2, ddof=0).tolist()
    [nan, 0.0, 2.0]
    """
    out = np.full(x.size, np.nan)
    window_std(column(x), n_bars, n_bars - ddof, out)
    return out


@memoised
def rolling_max(x: Floats, n_bars: int) -> Floats:
    """Return the highest of the last ``n_bars`` values, the present one included.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Without NaN, but for leading rows (TA-Lib's ``MAX``).
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> rolling_max(np.array([1.0, 3.0, 2.0]), 2).tolist()
    [nan, 3.0, 3.0]
    """
    # TA-Lib refuses a window of one bar.
    out: Floats = talib.MAX(column(x), n_bars) if n_bars > 1 else np.array(x, dtype=np.float64)
    return out


@memoised
def rolling_min(x: Floats, n_bars: int) -> Floats:
    """Return the lowest of the last ``n_bars`` values, the present one included.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Without NaN, but for leading rows (TA-Lib's ``MIN``).
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> rolling_min(np.array([1.0, 3.0, 2.0]), 2).tolist()
    [nan, 1.0, 2.0]
    """
    out: Floats = talib.MIN(column(x), n_bars) if n_bars > 1 else np.array(x, dtype=np.float64)
    return out


@memoised
def previous_max(x: Floats, n_bars: int) -> Floats:
    """Return the highest of the ``n_bars`` values before the present one.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars`` rows.

    Examples
    --------
    >>> previous_max(np.array([1.0, 3.0, 2.0, 9.0]), 2).tolist()
    [nan, nan, 3.0, 3.0]
    """
    return previous(rolling_max(x, n_bars))


@memoised
def previous_min(x: Floats, n_bars: int) -> Floats:
    """Return the lowest of the ``n_bars`` values before the present one.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars`` rows.

    Examples
    --------
    >>> previous_min(np.array([4.0, 3.0, 2.0, 9.0]), 2).tolist()
    [nan, nan, 3.0, 2.0]
    """
    return previous(rolling_min(x, n_bars))


@memoised
def percentile_rank(x: Floats, n_bars: int) -> Floats:
    """Return the share of the other values in the last ``n_bars`` that lie below the present one.

    0 says that nothing in the window is lower: a tie with the lowest is still a low. 100 says that
    all others are lower. ``percentile_rank(-x, n_bars)`` is the share above.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Percent, a multiple of ``100 / (n_bars - 1)``; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> percentile_rank(np.array([1.0, 3.0, 2.0, 2.0]), 3).tolist()
    [nan, nan, 50.0, 0.0]
    """
    out = np.full(x.size, np.nan)
    count_below(column(x), n_bars, out)
    return 100.0 * out / (n_bars - 1)


@memoised
def bars_since_max(x: Floats, n_bars: int) -> Floats:
    """Return how many bars ago the highest of the last ``n_bars`` values was.

    The latest of equals counts. ``bars_since_max(-x, n_bars)`` is the same of the lowest.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        0 where the present value is the highest; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> bars_since_max(np.array([1.0, 3.0, 2.0, 1.0]), 3).tolist()
    [nan, nan, 1.0, 2.0]
    """
    out = np.full(x.size, np.nan)
    lag_of_max(column(x), n_bars, out)
    return out


@memoised
def streak(is_so: Flags) -> Ints:
    """Return how many bars in a row, the present one last, ``is_so`` has held.

    Parameters
    ----------
    is_so : ndarray of shape (n,), bool

    Returns
    -------
    ndarray of shape (n,), int64
        0 where it does not hold.

    Examples
    --------
    >>> streak(np.array([True, True, False, True])).tolist()
    [1, 2, 0, 1]
    """
    out = np.empty(is_so.size, dtype=np.int64)
    count_in_a_row(is_so, out)
    return out


@memoised
def previous(x: Floats | Ints, n_bars: int = 1) -> Floats:
    """Return the value of ``n_bars`` bars ago.

    Parameters
    ----------
    x : ndarray of shape (n,)
    n_bars : int
        At least 1.

    Returns
    -------
    ndarray of shape (n,), float64
        NaN in the first ``n_bars`` rows.

    Examples
    --------
    >>> previous(np.array([5.0, 6.0, 7.0])).tolist()
    [nan, 5.0, 6.0]
    """
    out = np.full(x.size, np.nan)
    out[n_bars:] = x[:-n_bars]
    return out


def value_ago(x: Floats, lag: Floats) -> Floats:
    """Return the value of ``lag`` bars ago, a number of its own for each bar.

    Parameters
    ----------
    x : ndarray of shape (n,)
    lag : ndarray of shape (n,)
        Whole numbers of at least 0, or NaN.

    Returns
    -------
    ndarray of shape (n,)
        NaN where the lag is NaN or reaches beyond the first row.

    Examples
    --------
    >>> value_ago(np.array([5.0, 6.0, 7.0]), np.array([1.0, 1.0, 2.0])).tolist()
    [nan, 5.0, 5.0]
    """
    out = np.full(x.size, np.nan)
    row = np.arange(x.size) - lag
    known = row >= 0
    out[known] = x[row[known].astype(np.int64)]
    return sealed(out)


def column(x: Floats) -> Floats:
    """Return ``x`` as compiled code takes it: contiguous float64, seen read-only.

    A writable and a read-only array are two types to the compiler: one view, one compilation.
    """
    seen = np.ascontiguousarray(x, dtype=np.float64).view()
    seen.flags.writeable = False
    return seen


@jit
def window_mean(x: Floats, n_bars: int, out: Floats) -> None:
    # mean[t] = x[t] + sum(x[t-k] - x[t]) / n: differences from a member of the window are small,
    # and exactly 0 where prices stand still. Lags outside, rows inside: the inner loop then has
    # no chain of sums and runs several rows at a time.
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        mean = out[start : start + now.size]
        mean[:] = 0.0
        for lag in range(1, n_bars):
            then = x[start - lag : start - lag + now.size]
            for i in range(now.size):
                mean[i] += then[i] - now[i]
        for i in range(now.size):
            mean[i] = now[i] + mean[i] / n_bars


@jit
def window_std(x: Floats, n_bars: int, divisor: int, out: Floats) -> None:
    # Two passes over each window, about its own mean: sums of squares of whole prices would lose
    # half of their digits.
    mean = np.empty(BLOCK)
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        squares = out[start : start + now.size]
        squares[:] = 0.0
        mean[:] = 0.0
        for lag in range(1, n_bars):
            then = x[start - lag : start - lag + now.size]
            for i in range(now.size):
                mean[i] += then[i] - now[i]
        for lag in range(n_bars):
            then = x[start - lag : start - lag + now.size]
            for i in range(now.size):
                off = then[i] - now[i] - mean[i] / n_bars
                squares[i] += off * off
        for i in range(now.size):
            squares[i] = np.sqrt(squares[i] / divisor)


@jit
def count_below(x: Floats, n_bars: int, out: Floats) -> None:
    for start in range(n_bars - 1, x.size, BLOCK):
        now = x[start : min(start + BLOCK, x.size)]
        n_below = out[start : start + now.size]
        n_below[:] = 0.0
        for lag in range(1, n_bars):
            then = x[start - lag : start - lag + now.size]
            for i in range(now.size):
                known = 0.0 if then[i] >= now[i] else np.nan
                n_below[i] += 1.0 if then[i] < now[i] else known


@jit
def lag_of_max(x: Floats, n_bars: int, out: Floats) -> None:
    for t in range(n_bars - 1, x.size):
        best, value, is_known = 0, x[t], not np.isnan(x[t])
        for lag in range(1, n_bars):
            is_known &= not np.isnan(x[t - lag])
            if x[t - lag] > value:
                best, value = lag, x[t - lag]
        if is_known:
            out[t] = best


@jit
def count_in_a_row(is_so: Flags, out: Ints) -> None:
    n = 0
    for t in range(is_so.size):
        n = n + 1 if is_so[t] else 0
        out[t] = n
