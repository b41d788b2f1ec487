"""How far prices reach: ranges, and channels as wide as they are."""

from typing import NamedTuple

import numpy as np
import talib

from alphamill.core.market import Floats, Ints
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous, rolling_max, rolling_min, rolling_std
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
    >>> price = np.array([4.0, 8.0])
    >>> keltner(price + 1, price - 1, price, 1, 2, 2.0).upper.tolist()
    [nan, 15.0]
    """
    middle = ema(close, n_bars)
    reach = n_ranges * sma(true_range(high, low, close), range_bars)
    return Channel(middle - reach, middle, middle + reach)


@memoised
def donchian(high: Floats, low: Floats, n_bars: int) -> Channel:
    """Return Donchian's channel: lowest low, middle and highest high, the present bar included.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    Channel
        NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Donchian (1960), Commodities: High Finance in Copper, Financial Analysts Journal 16:6.

    Examples
    --------
    >>> high = np.array([3.0, 5.0, 4.0])
    >>> donchian(high, high - 1, 2).middle.tolist()
    [nan, 3.5, 4.0]
    """
    lower, upper = rolling_min(low, n_bars), rolling_max(high, n_bars)
    return Channel(lower, (lower + upper) / 2.0, upper)


@memoised
def previous_donchian(high: Floats, low: Floats, n_bars: int) -> Channel:
    """Return Donchian's channel of the ``n_bars`` bars before the present one: it can be broken.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    Channel
        NaN in the first ``n_bars`` rows.

    Examples
    --------
    >>> high = np.array([3.0, 5.0, 4.0])
    >>> previous_donchian(high, high - 1, 2).upper.tolist()
    [nan, nan, 5.0]
    """
    return Channel(*(previous(line) for line in donchian(high, low, n_bars)))


@memoised
def opening_range(
    high: Floats, low: Floats, session: Ints, cash_minute: Ints, n_minutes: int
) -> Channel:
    """Return lowest low, middle and highest high of each session's first cash minutes.

    They are known once those minutes are over, and hold for the rest of the session.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    session : ndarray of shape (n,), int64
        Trade date; it never falls.
    cash_minute : ndarray of shape (n,), int64
        Minutes from the cash open to the bar's open. Bars that open in [0, ``n_minutes``) form
        the range.
    n_minutes : int
        Length of the opening.

    Returns
    -------
    Channel
        NaN before and within the opening, and in sessions without a bar in it.

    Examples
    --------
    >>> price, minute = np.array([9.0, 5.0, 7.0, 6.0]), np.array([-15, 0, 15, 30])
    >>> opening_range(price, price, np.ones(4, dtype=np.int64), minute, 30).upper.tolist()
    [nan, nan, nan, 7.0]
    """
    if session.size == 0:
        return Channel(*(np.empty(0) for _ in Channel._fields))
    opens = (cash_minute >= 0) & (cash_minute < n_minutes)
    first = np.flatnonzero(np.append(True, session[1:] != session[:-1]))
    n_in_session = np.diff(np.append(first, session.size))
    highest = np.maximum.reduceat(np.where(opens, high, -np.inf), first)
    lowest = np.minimum.reduceat(np.where(opens, low, np.inf), first)
    # Shown only to bars after the opening: none of them sees more than was known at its close.
    shown = (cash_minute >= n_minutes) & np.repeat(highest > -np.inf, n_in_session)
    upper = np.where(shown, np.repeat(highest, n_in_session), np.nan)
    lower = np.where(shown, np.repeat(lowest, n_in_session), np.nan)
    return Channel(lower, (lower + upper) / 2.0, upper)
