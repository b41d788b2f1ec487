"""Labels that a path decides: which of three barriers was touched first."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

UNKNOWN = -1


class Barriers(NamedTuple):
    """Distances from the event's close as fractions of it, and the last bar as a number of bars.

    ``profit_frac`` and ``loss_frac`` are scalars or one value an event, from what was known at its
    close (a volatility that reaches past it leaks); NaN where it was not known yet. Infinity is a
    barrier that is never touched.
    """

    profit_frac: ArrayLike
    loss_frac: ArrayLike
    n_bars: int


class Labels(NamedTuple):
    """One row an event.

    Attributes
    ----------
    label : float64 of shape (n_events,)
        1 profit first, -1 loss first, 0 neither within ``n_bars``; NaN unknown. For a label by
        sign at the last bar take ``np.sign(return_frac)`` where it is 0.
    end : int64 of shape (n_events,)
        Bar of the touch, or the last bar; `UNKNOWN` where the label is. No model may train on the
        label before the close of this bar: purge by it.
    return_frac : float64 of shape (n_events,)
        From the event's close to that of ``end``, in the direction of the side; where highs and
        lows are given, the barrier's distance at a touch.
    """

    label: Floats
    end: Ints
    return_frac: Floats


def triple_barrier(
    close: Floats,
    events: Ints,
    barriers: Barriers,
    side: ArrayLike = 1,
    high: Floats | None = None,
    low: Floats | None = None,
) -> Labels:
    """Label events by the barrier that is touched first after their close.

    Parameters
    ----------
    close : ndarray of shape (n_bars,)
        Positive prices, oldest first.
    events : int64 of shape (n_events,)
        Bars at whose close a decision is made, in any order.
    barriers : Barriers
    side : scalar or ndarray of shape (n_events,)
        1 long, -1 short: for a short, profit lies below.
    high, low : ndarray of shape (n_bars,), optional
        Judge touches inside bars; without them the closes are judged. A bar that touches both
        barriers is a loss, for what came first is not known.

    Returns
    -------
    Labels
        Events with fewer than ``n_bars`` bars after them are unknown, also those that touched a
        barrier: to keep only the quick ones would choose by the outcome. Barriers that are NaN
        give unknown labels.

    Raises
    ------
    DataError
        For prices that are not positive, a bar outside the history, a side that is not 1 or -1,
        a barrier at or below 0, or a high without a low.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, sections 3.4 and 3.6.

    Examples
    --------
    >>> close = np.array([100.0, 101.0, 103.0, 99.0])
    >>> triple_barrier(close, np.array([0, 2]), Barriers(0.02, 0.02, 3)).label.tolist()
    [1.0, nan]
    """
    c = np.ascontiguousarray(close, dtype=np.float64)
    at = np.ascontiguousarray(events, dtype=np.int64)
    if (high is None) != (low is None):
        raise DataError("triple barriers take both high and low or neither, received one of them.")
    inside = high is not None
    top, bottom = (c if p is None else np.ascontiguousarray(p, np.float64) for p in (high, low))
    up, down, sides = (
        np.ascontiguousarray(np.broadcast_to(v, at.shape), dtype=np.float64)
        for v in (barriers.profit_frac, barriers.loss_frac, side)
    )
    _check_prices(c, top, bottom)
    _check_events(at, c.size, barriers.n_bars, sides, np.append(up, down))
    label, end = np.full(at.size, np.nan), np.full(at.size, UNKNOWN, dtype=np.int64)
    levels = np.vstack([up, down, sides])
    touch(np.vstack([c, top, bottom]), at, levels, int(barriers.n_bars), label, end)
    return_frac = np.where(end == UNKNOWN, np.nan, sides * (c[end] / c[at] - 1.0))
    if inside:
        return_frac = np.select([label > 0.0, label < 0.0], [up, -down], return_frac)
    return Labels(label, end, return_frac)


@jit
def touch(
    prices: Floats, events: Ints, levels: Floats, n_bars: int, label: Floats, end: Ints
) -> None:
    """Fill label and end of each event that is known.

    The rows of ``prices`` are close, high and low, those of ``levels`` profit, loss and side.
    """
    close, high, low = prices[0], prices[1], prices[2]
    for k in range(events.size):
        start = events[k]
        profit, loss, side = levels[0, k], levels[1, k], levels[2, k]
        if start + n_bars >= close.size or math.isnan(profit) or math.isnan(loss):
            continue
        label[k], end[k] = 0.0, start + n_bars
        for t in range(start + 1, start + n_bars + 1):
            best, worst = (high[t], low[t]) if side > 0.0 else (low[t], high[t])
            # Loss is asked first: a bar that touches both is a loss.
            if side * (worst / close[start] - 1.0) <= -loss:
                label[k], end[k] = -1.0, t
                break
            if side * (best / close[start] - 1.0) >= profit:
                label[k], end[k] = 1.0, t
                break


def _check_prices(close: Floats, high: Floats, low: Floats) -> None:
    if not close.shape == high.shape == low.shape or close.ndim != 1:
        raise DataError(
            f"prices must be of one length, received close {close.shape}, high {high.shape} and "
            f"low {low.shape}."
        )
    wrong = np.flatnonzero(~((low > 0.0) & (low <= close) & (close <= high) & (high < np.inf)))
    if wrong.size:
        t = int(wrong[0])
        raise DataError(
            "triple barriers need positive finite prices with low <= close <= high: bar "
            f"{t} has {low[t]!r}, {close[t]!r} and {high[t]!r}. Use raw prices."
        )


def _check_events(
    events: Ints, n_bars: int, horizon: int, side: Floats, distance: NDArray[np.float64]
) -> None:
    if horizon < 1 or np.any(distance <= 0.0) or not np.all(np.abs(side) == 1.0):
        raise DataError(
            "triple barriers need a last bar after the event, distances above 0 and sides of 1 or "
            f"-1, received n_bars {horizon!r}, least distance "
            f"{np.nanmin(distance, initial=np.inf)!r} and sides {np.unique(side).tolist()}."
        )
    if events.size and (events.min() < 0 or events.max() >= n_bars):
        raise DataError(
            f"events must be bars from 0 to {n_bars - 1}, received {events.min()} to "
            f"{events.max()}."
        )
