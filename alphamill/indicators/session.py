"""What happened since a session began, and in the session before it.

A session is known by its trade date, never by a clock. Where the data begin, nobody can say
whether the first bars are the beginning of theirs: what depends on it is NaN in that session.
"""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Flags, Floats, Ints
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# A day of one-minute bars: no session holds more bars.
LONGEST_SESSION_BARS = 1440


class PriorSession(NamedTuple):
    """High, low and last close of the session before; columns of shape (n_bars,)."""

    high: Floats
    low: Floats
    close: Floats


class SessionExtremes(NamedTuple):
    """High and low of the present session so far; columns of shape (n_bars,)."""

    high: Floats
    low: Floats


@memoised
def session_starts(session: Ints) -> Flags:
    """Return where a session begins.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.

    Returns
    -------
    ndarray of shape (n_bars,), bool
        False in the first row, whose session may have begun before the data.

    Examples
    --------
    >>> session_starts(np.array([1, 1, 2, 3])).tolist()
    [False, False, True, True]
    """
    starts = np.zeros(session.size, dtype=np.bool_)
    starts[1:] = session[1:] != session[:-1]
    return starts


@memoised
def bars_into_session(session: Ints) -> Floats:
    """Return how many bars of its session came before each bar.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.

    Returns
    -------
    ndarray of shape (n_bars,)
        0 on the first bar of a session; NaN in the first session of the data.

    Examples
    --------
    >>> bars_into_session(np.array([1, 1, 2, 2])).tolist()
    [nan, nan, 0.0, 1.0]
    """
    return _bars_since(session_starts(session))


@memoised
def bars_into_cash(session: Ints, cash_minute: Ints) -> Floats:
    """Return how many bars came since the cash market of the session opened.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.
    cash_minute : ndarray of shape (n_bars,), int64
        Minutes from the cash open to the bar's open.

    Returns
    -------
    ndarray of shape (n_bars,)
        0 on the session's first bar from the cash open on; NaN before it and in the first session
        of the data.

    Examples
    --------
    >>> bars_into_cash(np.array([1, 1, 2, 2, 2]), np.array([0, 15, -15, 0, 15])).tolist()
    [nan, nan, nan, 0.0, 1.0]
    """
    opened = cash_minute >= 0
    before = np.append(False, opened[:-1])[: opened.size]
    starts = session_starts(session)
    since = _bars_since(opened & (starts | ~before))
    out: Floats = np.where(opened & (since <= bars_into_session(session)), since, np.nan)
    return out


@memoised
def session_open(session: Ints, open_: Floats) -> Floats:
    """Return the price at which the present session opened.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.
    open_ : ndarray of shape (n_bars,)
        Prices, quote currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        Quote currency; NaN in the first session of the data.

    Examples
    --------
    >>> session_open(np.array([1, 2, 2]), np.array([5.0, 6.0, 7.0])).tolist()
    [nan, 6.0, 6.0]
    """
    return _held(open_, session_starts(session))


@memoised
def session_extremes(session: Ints, high: Floats, low: Floats) -> SessionExtremes:
    """Return the highest high and the lowest low since the session began, the present bar included.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.
    high, low : ndarray of shape (n_bars,)
        Prices, quote currency.

    Returns
    -------
    SessionExtremes
        NaN in the first session of the data.

    Examples
    --------
    >>> price = np.array([9.0, 5.0, 4.0, 6.0])
    >>> session_extremes(np.array([1, 2, 2, 2]), price + 1, price - 1).low.tolist()
    [nan, 4.0, 3.0, 3.0]
    """
    highest, lowest = np.full(high.size, np.nan), np.full(low.size, np.nan)
    extremes_since(session_starts(session), column(high), column(low), highest, lowest)
    return SessionExtremes(highest, lowest)


@memoised
def prior_session(session: Ints, high: Floats, low: Floats, close: Floats) -> PriorSession:
    """Return high, low and last close of the session before, as far as the data hold it.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.
    high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency.

    Returns
    -------
    PriorSession
        NaN in the first session of the data.

    Examples
    --------
    >>> price = np.array([5.0, 9.0, 6.0, 7.0])
    >>> prior_session(np.array([1, 1, 1, 2]), price + 1, price - 1, price).high.tolist()
    [nan, nan, nan, 10.0]
    """
    starts = session_starts(session)
    first = np.flatnonzero(np.append(True, starts[1:]))[: session.size]
    highs, lows = np.full(session.size, np.nan), np.full(session.size, np.nan)
    if session.size:
        began = first[1:]
        highs[began] = np.maximum.reduceat(high, first)[:-1]
        lows[began] = np.minimum.reduceat(low, first)[:-1]
    last = previous(close)
    return PriorSession(_held(highs, starts), _held(lows, starts), _held(last, starts))


@memoised
def session_vwap(session: Ints, high: Floats, low: Floats, close: Floats, volume: Floats) -> Floats:
    """Return the volume-weighted average price since the session began.

    The price of a bar is its typical price (high + low + close) / 3.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.
    high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency.
    volume : ndarray of shape (n_bars,)
        Units traded.

    Returns
    -------
    ndarray of shape (n_bars,)
        Quote currency; NaN in the first session of the data, before the first trade, and after a
        bar whose volume is not known.

    Examples
    --------
    >>> price, volume = np.array([9.0, 4.0, 8.0]), np.array([1.0, 1.0, 3.0])
    >>> session_vwap(np.array([1, 2, 2]), price, price, price, volume).tolist()
    [nan, 4.0, 7.0]
    """
    out = np.full(close.size, np.nan)
    typical = (high + low + close) / 3.0
    average_since(session_starts(session), column(typical), column(volume), out)
    return out


@memoised
def weekday_of_month(session: Ints) -> Floats:
    """Return the place of a trade date among the weekdays of its month, from 1.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates as yyyymmdd.

    Returns
    -------
    ndarray of shape (n_bars,)
        Weekdays from the first of the month to this date, holidays counted; a weekend has the
        place of the Friday before.

    Examples
    --------
    >>> weekday_of_month(np.array([20240101, 20240105, 20240108])).tolist()
    [1.0, 5.0, 6.0]
    """
    dates, back = np.unique(session, return_inverse=True)
    month = (dates // 10000 - 1970).astype("datetime64[Y]").astype("datetime64[M]")
    month = month + (dates // 100 % 100 - 1)
    first = month.astype("datetime64[D]")
    place = np.busday_count(first, first + dates % 100)
    return np.asarray(place[back], dtype=np.float64)


def _bars_since(is_so: Flags) -> Floats:
    place = np.arange(is_so.size)
    last = np.maximum.accumulate(np.where(is_so, place, -1))
    out: Floats = np.where(last < 0, np.nan, place - last)
    return out


def _held(x: Floats, starts: Flags) -> Floats:
    """Return ``x`` of the last row that ``starts``, NaN before the first."""
    last = np.maximum.accumulate(np.where(starts, np.arange(x.size), -1))
    out: Floats = np.where(last < 0, np.nan, x[last]) if x.size else x.copy()
    return out


@jit
def average_since(starts: Flags, price: Floats, volume: Floats, out: Floats) -> None:
    money, units = np.nan, np.nan
    for t in range(price.size):
        if starts[t]:
            money, units = 0.0, 0.0
        money += price[t] * volume[t]
        units += volume[t]
        if units > 0.0:
            out[t] = money / units


@jit
def extremes_since(
    starts: Flags, high: Floats, low: Floats, highest: Floats, lowest: Floats
) -> None:
    top, bottom = np.nan, np.nan
    for t in range(high.size):
        top = high[t] if starts[t] else max(top, high[t])
        bottom = low[t] if starts[t] else min(bottom, low[t])
        highest[t], lowest[t] = top, bottom
