"""How far prices reach: ranges, and channels as wide as they are."""

from typing import NamedTuple

import talib

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, rolling_std
from alphamill.indicators.trend import ema, rma, sma


class Channel(NamedTuple):
    """Lower bound, middle and upper bound; columns of shape (n,), quote currency."""

    lower: Floats
    middle: Floats
    upper: Floats


@memoised
def true_range(high: Floats, low: Floats, close: Floats) -> Floats:
    """Return the true range of each bar: its range, stretched to the close before it.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency, oldest first. On bars that know closes only (high = low = close)
        it is the absolute change of the close.

    Returns
    -------
    ndarray of shape (n_bars,)
        Quote currency; the first entry is high - low, for it has no previous close.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems, the volatility system.

    Examples
    --------
    >>> import numpy as np
    >>> true_range(np.array([3.0, 9.0]), np.array([1.0, 7.0]), np.array([2.0, 8.0])).tolist()
    [2.0, 7.0]
    """
    out: Floats = talib.TRANGE(column(high), column(low), column(close))
    out[:1] = high[:1] - low[:1]
    return out


@memoised
def atr(high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return Wilder's average true range: ``rma`` (weight 1 / ``n_bars``) of ``true_range``.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency, oldest first. On bars that know closes only it averages absolute
        changes of the close, which is smaller than the range a full bar would show.
    n_bars : int
        Wilder's length.

    Returns
    -------
    ndarray of shape (n_bars,)
        Quote currency; NaN in the first ``n_bars - 1`` rows. TA-Lib's ``ATR`` leaves the first
        bar out, begins one row later, and agrees once the seed is forgotten.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems, the volatility system.

    Examples
    --------
    >>> import numpy as np
    >>> high, low = np.array([3.0, 9.0, 9.0]), np.array([1.0, 7.0, 8.0])
    >>> atr(high, low, np.array([2.0, 8.0, 9.0]), 2).tolist()
    [nan, 4.5, 2.75]
    """
    return rma(true_range(high, low, close), n_bars)


@memoised
def bollinger(close: Floats, n_bars: int, n_sigmas: float, ddof: int = 1) -> Channel:
    """Return Bollinger's bands: the simple average and ``n_sigmas`` deviations around it.

    Parameters
    ----------
    close : ndarray of shape (n_bars,)
        Prices, quote currency, oldest first.
    n_bars : int
        Window of average and deviation.
    n_sigmas : float
        Half width in standard deviations.
    ddof : int
        1 for the sample deviation, which our rules use; Bollinger and TA-Lib use 0.

    Returns
    -------
    Channel
        NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Bollinger (2001), Bollinger on Bollinger Bands.

    Examples
    --------
    >>> import numpy as np
    >>> bollinger(np.array([1.0, 5.0]), 2, 1.0, ddof=0).upper.tolist()
    [nan, 5.0]
    """
    middle = sma(close, n_bars)
    reach = n_sigmas * rolling_std(close, n_bars, ddof)
    return Channel(middle - reach, middle, middle + reach)


@memoised
def keltner(
    high: Floats, low: Floats, close: Floats, n_bars: int, range_bars: int, n_ranges: float
) -> Channel:
    """Return Keltner's channel: an exponential average and ``n_ranges`` average ranges around it.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency, oldest first.
    n_bars : int
        Span of the middle, ``ema`` of the close.
    range_bars : int
        Window of the *simple* average of the true range (not Wilder's).
    n_ranges : float
        Half width in average ranges.

    Returns
    -------
    Channel
        NaN until both averages have their rows.

    References
    ----------
    Keltner (1960), How to Make Money in Commodities, in the form with a true range and an
    exponential average that Raschke made usual.

    Examples
    --------
    >>> import numpy as np
    >>> price = np.array([4.0, 8.0])
    >>> keltner(price + 1, price - 1, price, 1, 2, 2.0).upper.tolist()
    [nan, 15.0]
    """
    middle = ema(close, n_bars)
    reach = n_ranges * sma(true_range(high, low, close), range_bars)
    return Channel(middle - reach, middle, middle + reach)
