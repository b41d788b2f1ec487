"""What several families measure: changes, true ranges and completed sessions of bars.

Percents are of prices as they were traded, so that a back-adjustment by a constant changes none.
"""

from typing import Final

import numpy as np

from alphamill.core.market import Bars, Flags, Floats, as_of
from alphamill.indicators.higher import Sessions, completed_sessions
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import roc
from alphamill.indicators.trend import sma
from alphamill.indicators.volatility import true_range
from alphamill.strategies.units import traded

OHL: Final = ("open", "high", "low")
HL: Final = ("high", "low")
VOLUME: Final = ("volume",)
SESSIONS_A_YEAR: Final = 252
# A calendar's sessions are not all of one length: the usual one is a mean over a month.
USUAL_SESSIONS: Final = 20


def price(bars: Bars) -> Floats:
    """Return the close as it was traded; NaN at 0 and below."""
    return traded(bars, bars.close)


@memoised
def quotient(part: Floats, whole: Floats) -> Floats:
    """Return ``part / whole``, NaN where ``whole`` is not above 0.

    Examples
    --------
    >>> quotient(np.array([1.0, 1.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    out = np.full(part.size, np.nan)
    np.divide(part, whole, out=out, where=whole > 0.0)
    return out


@memoised
def scaled(x: Floats, factor: float) -> Floats:
    """Return ``x * factor``, shared where a memo is active."""
    return x * factor


@memoised
def difference(x: Floats, y: Floats) -> Floats:
    """Return ``x - y``, shared where a memo is active."""
    return x - y


def returns(bars: Bars, n_bars: int = 1) -> Floats:
    """Return the change of the close over ``n_bars`` bars, a fraction of the traded price then."""
    return scaled(roc(bars.close, n_bars, price(bars)), 0.01)


def of_price(bars: Bars, x: Floats) -> Floats:
    """Return a distance as a fraction of the traded price."""
    return quotient(x, price(bars))


def average_true_range(bars: Bars, n_bars: int) -> Floats:
    """Return the simple mean of true ranges, which a window of bars decides to the last bit."""
    return sma(true_range(bars.high, bars.low, bars.close), n_bars)


def flagged(is_so: Flags, known: Flags | None = None) -> Floats:
    """Return 1 where it is so and 0 where not; NaN where it is not known.

    Examples
    --------
    >>> flagged(np.array([True, False]), np.array([True, False])).tolist()
    [1.0, nan]
    """
    out = is_so.astype(np.float64)
    return out if known is None else np.where(known, out, np.nan)


def sessions_of(bars: Bars) -> Sessions:
    """Return the sessions that the bars complete; see ``completed_sessions``."""
    return completed_sessions(
        bars.session, bars.session_end, bars.open, bars.high, bars.low, bars.close, bars.volume
    )


def session_price(bars: Bars) -> Floats:
    """Return the last traded price of each completed session, shape (n_sessions,)."""
    at = price(bars)
    return completed_sessions(bars.session, bars.session_end, at, at, at, at, bars.volume).close


def at_bars(bars: Bars, x: Floats) -> Floats:
    """Return a column of completed sessions at each bar: that of the last one that had ended."""
    return as_of(x, sessions_of(bars).last)


@memoised
def _ones(x: Floats) -> Floats:
    return np.ones(x.size)


def bars_a_year(bars: Bars) -> Floats:
    """Return 252 times the mean number of bars of the last 20 completed sessions.

    Shape (n_bars,); NaN before 20 are complete. 252 throughout for daily bars.
    """
    one = _ones(bars.close)
    close = bars.close
    counts = completed_sessions(bars.session, bars.session_end, close, close, close, close, one)
    usual = sma(counts.volume, USUAL_SESSIONS)
    return as_of(SESSIONS_A_YEAR * usual, counts.last)


def session_returns(bars: Bars, n_sessions: int = 1) -> Floats:
    """Return the change over completed sessions, a fraction of the traded price; (n_sessions,)."""
    return scaled(roc(sessions_of(bars).close, n_sessions, session_price(bars)), 0.01)
