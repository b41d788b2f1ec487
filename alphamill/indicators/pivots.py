"""Turning points, and the levels that floor traders draw from the session before.

A turning point is known only once the price has gone away from it. Nothing here is drawn into the
past: a value stands at the bar whose close made it known, and never changes afterwards.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Floats, Ints
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import column, previous, rolling_max
from alphamill.indicators.session import PriorSession, prior_session
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Pivots(NamedTuple):
    """Supports, middle and resistances of a session, rising; columns of shape (n,)."""

    support_3: Floats
    support_2: Floats
    support_1: Floats
    middle: Floats
    resistance_1: Floats
    resistance_2: Floats
    resistance_3: Floats


class Swing(NamedTuple):
    """The last turning point that is known; columns of shape (n,).

    ``price`` is its high or low (quote currency), ``age`` how many bars ago it was, and ``side``
    (int8) 1 where it was a high, -1 a low, 0 while there is none.
    """

    price: Floats
    age: Floats
    side: NDArray[np.int8]


@memoised
def pivot_high(high: Floats, n_bars: int) -> Floats:
    """Return a high above all of the ``n_bars`` before and after it, at the bar that makes it so.

    Williams' fractal has two bars on each side. Equal highs make no pivot.

    Parameters
    ----------
    high : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Bars on each side, at least 1: the pivot is known that many bars later.

    Returns
    -------
    ndarray of shape (n,)
        The price of the pivot ``n_bars`` ago; NaN where that bar was none.

    References
    ----------
    Williams (1995), Trading Chaos.

    Examples
    --------
    >>> pivot_high(np.array([1.0, 5.0, 2.0, 3.0]), 1).tolist()
    [nan, nan, 5.0, nan]
    """
    top, after = previous(high, n_bars), rolling_max(high, n_bars)
    return np.where((top > after) & (top > previous(after, n_bars + 1)), top, np.nan)


@memoised
def pivot_low(low: Floats, n_bars: int) -> Floats:
    """Return a low below all of the ``n_bars`` before and after it, at the bar that makes it so.

    Parameters
    ----------
    low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Bars on each side, at least 1: the pivot is known that many bars later.

    Returns
    -------
    ndarray of shape (n,)
        The price of the pivot ``n_bars`` ago; NaN where that bar was none. Equal lows make none.

    References
    ----------
    Williams (1995), Trading Chaos.

    Examples
    --------
    >>> pivot_low(np.array([4.0, 1.0, 2.0, 3.0]), 1).tolist()
    [nan, nan, 1.0, nan]
    """
    return -pivot_high(-low, n_bars)


@memoised
def zigzag(high: Floats, low: Floats, percent: float, n_bars: int = 1) -> Swing:
    """Return the last turning point from which the price has since gone ``percent`` away.

    From a low the high of a bar must reach (1 + ``percent`` / 100) times it, at least ``n_bars``
    later; that bar is then the first candidate for the next high, and higher highs replace it
    until a low turns the zigzag in the same way. A bar that could do both turns. The leg in
    progress is not shown: it may still change. The first bar stands for a low.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, above 0, oldest first.
    percent : float
        How far the price must go to make a turning point.
    n_bars : int
        How many bars it must take at least.

    Returns
    -------
    Swing
        NaN and 0 until the first turning point is known; it depends on the whole history.

    References
    ----------
    Merrill (1977), Filtered Waves.

    Examples
    --------
    >>> high = np.array([10.0, 9.0, 12.0, 13.0, 11.0])
    >>> zigzag(high, high - 1, 20.0).price.tolist()
    [nan, nan, 8.0, 8.0, 13.0]
    """
    price, age = np.full(high.size, np.nan), np.full(high.size, np.nan)
    side = np.zeros(high.size, dtype=np.int8)
    swing(column(high), column(low), percent / 100.0, n_bars, price, age, side)
    return Swing(price, age, side)


@memoised
def classic_pivots(session: Ints, high: Floats, low: Floats, close: Floats) -> Pivots:
    """Return the floor traders' levels of the session before.

    P = (H + L + C) / 3; R1, S1 = 2 P - L, 2 P - H; R2, S2 = P +/- (H - L);
    R3, S3 = H + 2 (P - L), L - 2 (H - P).

    Parameters
    ----------
    session : ndarray of shape (n,), int64
        Trade dates, oldest first.
    high, low, close : ndarray of shape (n,)
        Prices.

    Returns
    -------
    Pivots
        Quote currency; NaN in the first session of the data.

    References
    ----------
    Person (2004), A Complete Guide to Technical Trading Tactics.

    Examples
    --------
    >>> price = np.array([6.0, 9.0])
    >>> classic_pivots(np.array([1, 2]), price + 2, price - 2, price).resistance_1.tolist()
    [nan, 8.0]
    """
    day = prior_session(session, high, low, close)
    middle, reach = _middle(day), day.high - day.low
    return Pivots(
        day.low - 2.0 * (day.high - middle),
        middle - reach,
        2.0 * middle - day.high,
        middle,
        2.0 * middle - day.low,
        middle + reach,
        day.high + 2.0 * (middle - day.low),
    )


@memoised
def fibonacci_pivots(session: Ints, high: Floats, low: Floats, close: Floats) -> Pivots:
    """Return levels 0.382, 0.618 and 1 ranges of the session before around its typical price.

    Parameters
    ----------
    session : ndarray of shape (n,), int64
        Trade dates, oldest first.
    high, low, close : ndarray of shape (n,)
        Prices.

    Returns
    -------
    Pivots
        Quote currency; NaN in the first session of the data.

    Examples
    --------
    >>> price = np.array([6.0, 9.0])
    >>> fibonacci_pivots(np.array([1, 2]), price + 2, price - 2, price).resistance_2.tolist()
    [nan, 8.472]
    """
    day = prior_session(session, high, low, close)
    return _ladder(_middle(day), day.high - day.low, (0.382, 0.618, 1.0), _middle(day))


@memoised
def camarilla_pivots(session: Ints, high: Floats, low: Floats, close: Floats) -> Pivots:
    """Return Stott's levels: 1.1 / 12, 1.1 / 6 and 1.1 / 4 ranges around the close before.

    Parameters
    ----------
    session : ndarray of shape (n,), int64
        Trade dates, oldest first.
    high, low, close : ndarray of shape (n,)
        Prices.

    Returns
    -------
    Pivots
        Quote currency, ``middle`` being (H + L + C) / 3; NaN in the first session of the data.

    Examples
    --------
    >>> price = np.array([6.0, 9.0])
    >>> levels = camarilla_pivots(np.array([1, 2]), price + 2, price - 2, price)
    >>> levels.resistance_3.round(4).tolist()
    [nan, 7.1]
    """
    day = prior_session(session, high, low, close)
    return _ladder(day.close, day.high - day.low, (1.1 / 12, 1.1 / 6, 1.1 / 4), _middle(day))


def _middle(day: PriorSession) -> Floats:
    return (day.high + day.low + day.close) / 3.0


def _ladder(
    start: Floats, reach: Floats, steps: tuple[float, float, float], middle: Floats
) -> Pivots:
    near, far, end = (step * reach for step in steps)
    return Pivots(
        start - end, start - far, start - near, middle, start + near, start + far, start + end
    )


@jit
def swing(
    high: Floats,
    low: Floats,
    share: float,
    n_bars: int,
    price: Floats,
    age: Floats,
    side: NDArray[np.int8],
) -> None:
    seeks_high, candidate, known = True, 0, -1
    for t in range(1, high.size):
        waited = t - candidate >= n_bars
        if seeks_high:
            turns = waited and high[t] >= low[candidate] * (1.0 + share)
            goes_on = low[t] <= low[candidate]
        else:
            turns = waited and low[t] <= high[candidate] * (1.0 - share)
            goes_on = high[t] >= high[candidate]
        if turns:
            known, candidate, seeks_high = candidate, t, not seeks_high
        elif goes_on:
            candidate = t
        if known >= 0:
            # What is sought now is the other end of the leg that began at the known point.
            price[t] = high[known] if seeks_high else low[known]
            side[t] = 1 if seeks_high else -1
            age[t] = t - known
