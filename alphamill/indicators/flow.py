"""Whether volume pushes the price, and how unusual it is for its time of day.

Unknown volume (NaN) makes a window unknown; a running total passes over it.
"""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Flags, Floats, Ints
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous, rolling_mean
from alphamill.indicators.session import session_starts
from alphamill.indicators.trend import ema_from_mean, sma
from alphamill.indicators.volume import obv
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Klinger(NamedTuple):
    """The oscillator and its signal line; columns of shape (n,), units x 100."""

    line: Floats
    signal: Floats


@memoised
def rolling_vwap(
    open_: Floats, high: Floats, low: Floats, close: Floats, volume: Floats, n_bars: int
) -> Floats:
    """Return the volume-weighted average price of the last ``n_bars`` bars.

    The price of a bar is (O + H + L + C) / 4, as in LEAN; ``session_vwap`` follows the usage of
    (H + L + C) / 3.

    Parameters
    ----------
    open_, high, low, close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Quote currency; NaN in the first ``n_bars - 1`` rows and where nothing traded.

    Examples
    --------
    >>> price = np.array([4.0, 8.0])
    >>> rolling_vwap(price, price, price, price, np.array([3.0, 1.0]), 2).tolist()
    [nan, 5.0]
    """
    price = (open_ + high + low + close) / 4.0
    return _quotient(rolling_mean(price * volume, n_bars), rolling_mean(volume, n_bars))


@memoised
def volume_oscillator(volume: Floats, fast_bars: int, slow_bars: int) -> Floats:
    """Return the fast less the slow simple average of the volume, in percent of the slow one.

    Parameters
    ----------
    volume : ndarray of shape (n,)
        Units traded.
    fast_bars, slow_bars : int
        Windows.

    Returns
    -------
    ndarray of shape (n,)
        Percent; NaN until both windows are full and where nothing traded.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, volume oscillator.

    Examples
    --------
    >>> volume_oscillator(np.array([1.0, 3.0]), 1, 2).tolist()
    [nan, 50.0]
    """
    return 100.0 * (_quotient(sma(volume, fast_bars), sma(volume, slow_bars)) - 1.0)


@memoised
def smoothed_obv(close: Floats, volume: Floats, n_bars: int) -> Floats:
    """Return the simple average of ``obv``; its level depends on the first bar.

    Parameters
    ----------
    close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Units; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> smoothed_obv(np.array([1.0, 2.0]), np.array([5.0, 3.0]), 2).tolist()
    [nan, 6.5]
    """
    return sma(obv(close, volume), n_bars)


@memoised
def force_index(close: Floats, volume: Floats, n_bars: int) -> Floats:
    """Return Elder's force index: the exponential average of the close's change times volume.

    Parameters
    ----------
    close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first; an unknown volume makes all later rows unknown.
    n_bars : int
        Span of the average, seeded with a mean (``ema_from_mean``), at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Quote currency x units; NaN in the first ``n_bars`` rows.

    References
    ----------
    Elder (1993), Trading for a Living, section 42.

    Examples
    --------
    >>> force_index(np.array([1.0, 2.0, 4.0]), np.array([9.0, 2.0, 3.0]), 2).tolist()
    [nan, nan, 4.0]
    """
    return ema_from_mean((close - previous(close)) * volume, n_bars)


@memoised
def ease_of_movement(
    high: Floats, low: Floats, volume: Floats, n_bars: int, scale: float = 10_000.0
) -> Floats:
    """Return Arms' ease of movement: how far prices went for the volume it took.

    The simple average of ``scale`` x (move of (H + L) / 2) x (H - L) / volume.

    Parameters
    ----------
    high, low, volume : ndarray of shape (n,)
        Prices and units traded, oldest first.
    n_bars : int
        Window, at least 1.
    scale : float
        Brings the numbers into sight.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars`` rows and where the window holds a bar without volume.

    References
    ----------
    Arms (1983), Volume Cycles in the Stock Market.

    Examples
    --------
    >>> high = np.array([2.0, 5.0])
    >>> ease_of_movement(high, high - 2, np.array([1.0, 3.0]), 1, scale=1.0).tolist()
    [nan, 2.0]
    """
    middle = (high + low) / 2.0
    return sma(scale * _quotient((middle - previous(middle)) * (high - low), volume), n_bars)


@memoised
def klinger(
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    fast_bars: int,
    slow_bars: int,
    signal_bars: int = 13,
) -> Klinger:
    """Return Klinger's volume oscillator: fast less slow exponential average of the volume force.

    The trend of a bar is up where H + L + C rose, else down. DM = H - L; CM sums DM since the bar
    before the trend last turned. Force = 100 x volume x |2 (DM / CM - 1)|, signed by the trend, 0
    where CM is 0. Each average is seeded with a mean (``ema_from_mean``). CM depends on how long
    a trend has run, so on the whole history.

    Parameters
    ----------
    high, low, close, volume : ndarray of shape (n,)
        Prices and units traded, oldest first; an unknown volume makes all later rows unknown.
    fast_bars, slow_bars, signal_bars : int
        Spans, at least 2.

    Returns
    -------
    Klinger
        NaN in the first max(``fast_bars``, ``slow_bars``) + 1 rows, the signal in
        ``signal_bars`` - 1 more.

    References
    ----------
    Klinger (1997), Identifying Trends with Volume Analysis, Stocks & Commodities 15:12.

    Examples
    --------
    >>> high, volume = np.array([2.0, 3.0, 4.0, 3.0, 2.0]), np.full(5, 3.0)
    >>> klinger(high, high - 1, high, volume, 2, 3, 2).line.round(4).tolist()
    [nan, nan, nan, nan, -133.3333]
    """
    force = np.full(close.size, np.nan)
    sum_ranges(column(high + low + close), column(high - low), column(volume), force)
    line = ema_from_mean(force, fast_bars) - ema_from_mean(force, slow_bars)
    return Klinger(line, ema_from_mean(line, signal_bars))


@memoised
def negative_volume_index(close: Floats, volume: Floats) -> Floats:
    """Return Fosback's index that moves with the close on bars of less volume than the one before.

    Parameters
    ----------
    close, volume : ndarray of shape (n,)
        Prices, above 0, and units traded, oldest first.

    Returns
    -------
    ndarray of shape (n,)
        1000 in the first row; it depends on the whole history. It stands still where a volume is
        not known.

    References
    ----------
    Fosback (1976), Stock Market Logic.

    Examples
    --------
    >>> negative_volume_index(np.array([4.0, 5.0, 6.0]), np.array([3.0, 2.0, 9.0])).tolist()
    [1000.0, 1250.0, 1250.0]
    """
    return _index(close, volume < previous(volume))


@memoised
def positive_volume_index(close: Floats, volume: Floats) -> Floats:
    """Return Fosback's index that moves with the close on bars of more volume than the one before.

    Parameters
    ----------
    close, volume : ndarray of shape (n,)
        Prices, above 0, and units traded, oldest first.

    Returns
    -------
    ndarray of shape (n,)
        1000 in the first row; it depends on the whole history. It stands still where a volume is
        not known.

    References
    ----------
    Fosback (1976), Stock Market Logic.

    Examples
    --------
    >>> positive_volume_index(np.array([4.0, 5.0, 6.0]), np.array([3.0, 2.0, 9.0])).tolist()
    [1000.0, 1000.0, 1200.0]
    """
    return _index(close, volume > previous(volume))


@memoised
def relative_session_volume(
    session: Ints, cash_minute: Ints, volume: Floats, n_sessions: int
) -> Floats:
    """Return what traded so far in the session, over what usually has at this time of day.

    Usual is the mean over the ``n_sessions`` sessions before: what each had traded up to its last
    bar that opened at this minute or earlier.

    Parameters
    ----------
    session : ndarray of shape (n,), int64
        Trade date; it never falls.
    cash_minute : ndarray of shape (n,), int64
        Minutes from the cash open to the bar's open; it rises within a session.
    volume : ndarray of shape (n,)
        Units traded.
    n_sessions : int
        At least 1.

    Returns
    -------
    ndarray of shape (n,)
        1 is usual; NaN until ``n_sessions`` whole sessions lie before (the first of the data may
        not be whole), where nothing usually traded by now, and where a volume is not known.

    Examples
    --------
    >>> session, minute = np.array([1, 2, 2, 3, 3]), np.array([15, 0, 15, 0, 15])
    >>> volume = np.array([9.0, 2.0, 2.0, 3.0, 0.0])
    >>> relative_session_volume(session, minute, volume, 1).tolist()
    [nan, nan, nan, 1.5, 0.75]
    """
    out = np.full(volume.size, np.nan)
    first = np.flatnonzero(session_starts(session))
    total = np.full(volume.size, np.nan)
    since_start(session_starts(session), column(volume), total)
    compare(first, np.ascontiguousarray(cash_minute), total, n_sessions, out)
    return out


def _index(close: Floats, moves: Flags) -> Floats:
    before = previous(close)
    step = np.ones(close.size)
    np.divide(close, before, out=step, where=moves & (before > 0.0) & (close > 0.0))
    out: Floats = 1000.0 * np.cumprod(step, dtype=np.float64)
    return out


def _quotient(x: Floats, y: Floats) -> Floats:
    out = np.full(x.size, np.nan)
    np.divide(x, y, out=out, where=y > 0.0)
    return out


@jit
def sum_ranges(place: Floats, reach: Floats, volume: Floats, out: Floats) -> None:
    trend, total = 0.0, 0.0
    for t in range(1, place.size):
        now = 1.0 if place[t] > place[t - 1] else -1.0
        if t == 1:
            total = reach[1]
        else:
            total = (total if now == trend else reach[t - 1]) + reach[t]
            share = reach[t] / total if total > 0.0 else 1.0
            out[t] = 100.0 * now * volume[t] * abs(2.0 * (share - 1.0))
        trend = now


@jit
def since_start(starts: Flags, volume: Floats, out: Floats) -> None:
    total = np.nan
    for t in range(volume.size):
        total = volume[t] if starts[t] else total + volume[t]
        out[t] = total


@jit
def compare(first: Ints, minute: Ints, total: Floats, n_sessions: int, out: Floats) -> None:
    at = np.empty(n_sessions, dtype=np.int64)
    for s in range(n_sessions, first.size):
        at[:] = first[s - n_sessions : s]
        stop = first[s + 1] if s + 1 < first.size else minute.size
        for t in range(first[s], stop):
            usual = 0.0
            for k in range(n_sessions):
                end = first[s - n_sessions + k + 1]
                while at[k] < end and minute[at[k]] <= minute[t]:
                    at[k] += 1
                if at[k] > first[s - n_sessions + k]:
                    usual += total[at[k] - 1]
            if usual > 0.0:
                out[t] = total[t] / (usual / n_sessions)
