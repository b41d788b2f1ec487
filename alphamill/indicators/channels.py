"""Lines around the price that turn, stop, lean or squeeze."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.regression import linear_regression
from alphamill.indicators.rolling import column, rolling_max, rolling_min
from alphamill.indicators.trend import ema_from_mean, sma
from alphamill.indicators.volatility import Channel, atr, bollinger, donchian, true_range
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Supertrend(NamedTuple):
    """The trailing band that holds (quote currency), and the side it is on; of shape (n,).

    ``side`` is int8: 1 where the line is the band below the price, -1 above, 0 while unknown.
    """

    line: Floats
    side: NDArray[np.int8]


class Stops(NamedTuple):
    """Where a long and where a short would be stopped; columns of shape (n,), quote currency."""

    of_long: Floats
    of_short: Floats


class Squeeze(NamedTuple):
    """Whether the market is pressed together (1 or 0), and which way it leans; of shape (n,)."""

    is_on: Floats
    momentum: Floats


@memoised
def supertrend(
    high: Floats, low: Floats, close: Floats, n_bars: int, multiple: float
) -> Supertrend:
    """Return Seban's supertrend: a band of average true ranges that trails and turns.

    The bands lie ``multiple`` x ``atr`` around (high + low) / 2. The lower one never falls while
    the previous close stayed above it, the upper one never rises while it stayed below. The line
    is the upper band until a close above it, then the lower one until a close below it. It begins
    with the upper band, short, unless the first known close lies above that.

    It depends on its turns, so on the whole history.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first; leading NaN are passed over.
    n_bars : int
        Wilder's length of the average true range, at least 1.
    multiple : float
        Half width of the bands in average true ranges.

    Returns
    -------
    Supertrend
        NaN and 0 in the first ``n_bars - 1`` rows.

    References
    ----------
    Seban (2008), Tout le monde mérite d'être riche; the common form with Wilder's average.

    Examples
    --------
    >>> high = np.array([2.0, 3.0, 4.0, 9.0])
    >>> low = high - 1
    >>> line, side = supertrend(high, low, high, 1, 2.0)
    >>> line.tolist(), side.tolist()
    ([3.5, 3.5, 1.5, 1.5], [-1, -1, 1, 1])
    """
    line, side = np.full(close.size, np.nan), np.zeros(close.size, dtype=np.int8)
    reach = multiple * atr(high, low, close, n_bars)
    turn(column((high + low) / 2.0), column(close), column(reach), line, side)
    return Supertrend(line, side)


@memoised
def linear_regression_channel(x: Floats, n_bars: int, n_std: float, ddof: int = 2) -> Channel:
    """Return the end of the least-squares line, and ``n_std`` residual deviations around it.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of the line, at least 2 and more than ``ddof``.
    n_std : float
        Half width in standard deviations of the residuals.
    ddof : int
        The squared residuals are divided by ``n_bars - ddof``: 2 gives the standard error of the
        estimate, 0 the population's deviation.

    Returns
    -------
    Channel
        NaN in the first ``n_bars - 1`` rows and where the window holds a NaN. A window on one
        line has no width, but for rounding.

    References
    ----------
    Draper and Smith (1998), Applied Regression Analysis, section 1.4.

    Examples
    --------
    >>> linear_regression_channel(np.array([0.0, 3.0, 0.0]), 3, 1.0, ddof=0).upper.round(4).tolist()
    [nan, nan, 2.4142]
    """
    line = linear_regression(x, n_bars)
    reach = n_std * np.sqrt(line.residual / (n_bars - ddof))
    return Channel(line.value - reach, line.value, line.value + reach)


@memoised
def envelope(x: Floats, n_bars: int, percent: float) -> Channel:
    """Return the simple average and lines ``percent`` of it away.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of the average, at least 1.
    percent : float
        Half width in percent of the average's absolute value.

    Returns
    -------
    Channel
        NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, envelopes.

    Examples
    --------
    >>> envelope(np.array([90.0, 110.0]), 2, 5.0).upper.tolist()
    [nan, 105.0]
    """
    middle = sma(x, n_bars)
    reach = percent / 100.0 * np.abs(middle)
    return Channel(middle - reach, middle, middle + reach)


@memoised
def acceleration_bands(
    high: Floats, low: Floats, close: Floats, n_bars: int, width: float = 4.0
) -> Channel:
    """Return Headley's acceleration bands: simple averages of bounds that widen with the range.

    upper = mean of high (1 + ``width`` (high - low) / (high + low)), lower = mean of
    low (1 - ...), middle = mean of the close (TA-Lib's ``ACCBANDS``, whose width is 4).

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, above 0, oldest first.
    n_bars : int
        Window, at least 1.
    width : float
        Weight of the range.

    Returns
    -------
    Channel
        NaN in the first ``n_bars - 1`` rows; the bounds also where high + low is not above 0.

    References
    ----------
    Headley (2002), Big Trends in Trading.

    Examples
    --------
    >>> one = np.ones(1)
    >>> acceleration_bands(6 * one, 4 * one, 5 * one, 1).upper.round(4).tolist()
    [10.8]
    """
    stretch = np.full(close.size, np.nan)
    np.divide(width * (high - low), high + low, out=stretch, where=high + low > 0.0)
    lower, upper = (sma(x, n_bars) for x in (low * (1.0 - stretch), high * (1.0 + stretch)))
    return Channel(lower, sma(close, n_bars), upper)


@memoised
def chandelier_exit(
    high: Floats, low: Floats, close: Floats, n_bars: int, multiple: float
) -> Stops:
    """Return Le Beau's chandelier: stops hung from the last extremes by average true ranges.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of the extremes and Wilder's length of ``atr``.
    multiple : float
        Distance in average true ranges.

    Returns
    -------
    Stops
        Highest high less, and lowest low plus, ``multiple`` ranges; NaN in the first
        ``n_bars - 1`` rows.

    References
    ----------
    Le Beau, in Elder (2002), Come Into My Trading Room.

    Examples
    --------
    >>> high = np.array([5.0, 7.0, 6.0])
    >>> chandelier_exit(high, high - 1, high, 2, 2.0).of_long.tolist()
    [nan, 4.0, 3.5]
    """
    reach = multiple * atr(high, low, close, n_bars)
    return Stops(rolling_max(high, n_bars) - reach, rolling_min(low, n_bars) + reach)


@memoised
def chande_kroll_stop(
    high: Floats, low: Floats, close: Floats, n_bars: int, multiple: float, stop_bars: int
) -> Stops:
    """Return the stops of Chande and Kroll: the best ``chandelier_exit`` of the last bars.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of the extremes and Wilder's length of ``atr``.
    multiple : float
        Distance in average true ranges.
    stop_bars : int
        Window over which the stop of a long is the highest, that of a short the lowest.

    Returns
    -------
    Stops
        NaN in the first ``n_bars + stop_bars - 2`` rows. LEAN and others call the stop of a long,
        which hangs from the high, the short stop.

    References
    ----------
    Chande and Kroll (1994), The New Technical Trader.

    Examples
    --------
    >>> high = np.array([5.0, 7.0, 6.0])
    >>> chande_kroll_stop(high, high - 1, high, 1, 2.0, 2).of_long.tolist()
    [nan, 3.0, 3.0]
    """
    near = chandelier_exit(high, low, close, n_bars, multiple)
    return Stops(rolling_max(near.of_long, stop_bars), rolling_min(near.of_short, stop_bars))


@memoised
def squeeze(
    high: Floats, low: Floats, close: Floats, n_bars: int, n_sigmas: float, n_ranges: float
) -> Squeeze:
    """Return Carter's squeeze: whether Bollinger's bands lie within Keltner's channel.

    Bands: ``bollinger`` of the close with the population's deviation. Channel: the exponential
    average (``ema_from_mean``) of (H + L + C) / 3, and ``n_ranges`` simple averages of the true
    range around it. Momentum: the end of the least-squares line through the distances of the
    close from the mean of its average and the middle of the extremes.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window and span of everything, at least 2.
    n_sigmas, n_ranges : float
        Half widths of the bands and of the channel.

    Returns
    -------
    Squeeze
        ``is_on`` 1 or 0, NaN in the first ``n_bars - 1`` rows; ``momentum`` in quote currency, NaN
        in the first ``2 * n_bars - 2`` rows.

    References
    ----------
    Carter (2012), Mastering the Trade.

    Examples
    --------
    >>> still = np.array([4.0, 4.0, 4.0])
    >>> squeeze(still + 1, still - 1, still, 2, 2.0, 1.5).is_on.tolist()
    [nan, 1.0, 1.0]
    """
    bands = bollinger(close, n_bars, n_sigmas, ddof=0)
    centre = ema_from_mean((high + low + close) / 3.0, n_bars)
    reach = n_ranges * sma(true_range(high, low, close), n_bars)
    within = (bands.upper < centre + reach) & (bands.lower > centre - reach)
    middle = (donchian(high, low, n_bars).middle + bands.middle) / 2.0
    momentum = linear_regression(close - middle, n_bars).value
    return Squeeze(np.where(np.isnan(reach), np.nan, within), momentum)


@jit
def turn(
    middle: Floats, close: Floats, reach: Floats, line: Floats, side: NDArray[np.int8]
) -> None:
    # An unknown band never holds: every comparison with it is false.
    lower, upper, before, above = np.nan, np.nan, np.nan, -1
    for t in range(close.size):
        if np.isnan(reach[t]):
            continue
        bottom, top = middle[t] - reach[t], middle[t] + reach[t]
        lower = max(bottom, lower) if before > lower else bottom
        upper = min(top, upper) if before < upper else top
        if above < 0 and close[t] > upper:
            above = 1
        elif above > 0 and close[t] < lower:
            above = -1
        line[t] = lower if above > 0 else upper
        side[t] = above
        before = close[t]
