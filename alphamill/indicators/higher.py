"""A higher timeframe of the same bars: whole sessions, known once they have ended.

A session has ended at the close of the calendar's last bar, or, where that bar is missing, at the
first bar of the next one. The one under way says nothing here, nor does the first of the data,
which may have begun before them.
"""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Flags, Floats, Ints
from alphamill.indicators.memo import memoised
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# The rows of bars and sessions inside the loop.
OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)


class Sessions(NamedTuple):
    """Completed sessions, columns of shape (n_sessions,), and ``last``, of shape (n_bars,).

    ``last`` is the place of the last session that had ended at each bar's close; -1 before the
    first. What an indicator says of a column is read at the bars with
    ``alphamill.core.market.as_of(indicator, last)``.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    last: Ints


@memoised
def completed_sessions(  # noqa: PLR0913  the columns of a bar
    session: Ints,
    session_end: Flags,
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
) -> Sessions:
    """Return the sessions of intraday bars as bars, and which of them is known at each close.

    Parameters
    ----------
    session : ndarray of shape (n_bars,), int64
        Trade dates, oldest first.
    session_end : ndarray of shape (n_bars,), bool
        True on the calendar's last bar of a session.
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, quote currency.
    volume : ndarray of shape (n_bars,)
        Units traded.

    Returns
    -------
    Sessions
        Prices in quote currency; the volume of a session with a bar of unknown volume is NaN. Bars
        after the calendar's end of their session count for nothing.

    Examples
    --------
    >>> price = np.array([1.0, 2.0, 5.0, 3.0, 4.0])
    >>> end = np.array([False, True, False, True, False])
    >>> days = completed_sessions(np.array([1, 1, 2, 2, 3]), end, *[price] * 5)
    >>> days.high.tolist(), days.close.tolist(), days.last.tolist()
    ([5.0], [3.0], [-1, -1, -1, 0, 0])
    """
    bars = np.vstack([open_, high, low, close, volume])
    whole, last = np.empty_like(bars), np.empty(session.size, dtype=np.int64)
    n_sessions = aggregate(session, session_end, bars, whole, last)
    days = whole[:, :n_sessions].copy()
    return Sessions(days[0], days[1], days[2], days[3], days[4], last)


@jit
def aggregate(session: Ints, session_end: Flags, bars: Floats, whole: Floats, last: Ints) -> int:
    """Fill in the sessions and the place of the last ended one; return how many have ended."""
    n_ended, is_under_way = 0, False
    for t in range(session.size):
        if t > 0 and session[t] != session[t - 1]:
            n_ended += is_under_way
            is_under_way = True
            for k in range(OPEN, VOLUME):
                whole[k, n_ended] = bars[k, t]
            whole[VOLUME, n_ended] = 0.0
        if is_under_way:
            whole[HIGH, n_ended] = max(whole[HIGH, n_ended], bars[HIGH, t])
            whole[LOW, n_ended] = min(whole[LOW, n_ended], bars[LOW, t])
            whole[CLOSE, n_ended] = bars[CLOSE, t]
            whole[VOLUME, n_ended] += bars[VOLUME, t]
            if session_end[t]:
                n_ended, is_under_way = n_ended + 1, False
        last[t] = n_ended - 1
    return n_ended
