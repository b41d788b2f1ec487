"""What a rule asks for, without the bars at which it asks for nothing: the lanes' food."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.table import Market
from alphamill.backtest.touches import NO_ENTRY
from alphamill.core.market import Flags, Floats, Signals
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Asks(NamedTuple):
    """The closes at which a rule asks for an entry that can be filled, rising.

    ``left`` is the close at which the rule itself would leave that trade (n_bars: never).
    """

    at: NDArray[np.int32]
    side: NDArray[np.int8]
    left: NDArray[np.int32]


def asks_of(market: Market, signals: Signals) -> Asks:
    """Return what ``signals`` ask of a market."""
    enter = np.ascontiguousarray(signals.enter, dtype=np.int8)
    long, short = (
        np.ascontiguousarray(signals.leave_long),
        np.ascontiguousarray(signals.leave_short),
    )
    has_short = len(market.exits) > 1
    asks = Asks(*_asked(enter, long, short, has_short, market.undecided, market.entry_bar))
    levels = signals.floor, signals.ceiling, signals.trail
    if any(level is not None for level in levels):
        floor, ceiling, trail = (_column(level) for level in levels)
        _by_levels(market, enter, asks.at, (floor, ceiling, trail), asks.left)
    return asks


@jit
def _asked(
    enter: NDArray[np.int8],
    leave_long: Flags,
    leave_short: Flags,
    has_short: bool,
    undecided: Flags,
    entry_bar: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]:
    """Return the closes at which something is said, heard and can be filled, and their leaves."""
    at = _heard(enter, undecided, entry_bar)
    side = np.empty(at.size, dtype=np.int8)
    for i in range(at.size):
        side[i] = enter[at[i]]
    left = np.empty(at.size, dtype=np.int32)
    _next(leave_long.view(np.int8), undecided, 1, at, side, entry_bar, left)
    if has_short:
        _next(leave_short.view(np.int8), undecided, -1, at, side, entry_bar, left)
    return at, side, left


@jit
def _heard(
    said: NDArray[np.int8], undecided: Flags, entry_bar: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the closes at which something is said and heard, and an entry can still fill."""
    n_bars = said.size
    when = np.empty(n_bars + 1, dtype=np.int32)
    words = said[: n_bars // 8 * 8].view(np.int64)
    n = j = 0
    while j < n_bars:
        if j & 7 == 0 and j // 8 < words.size and words[j // 8] == 0:
            j += 8  # most rules are silent at most closes
            continue
        # Written in any case and kept by counting: a branch would be guessed wrong too often.
        when[n] = j
        n += (said[j] != 0) & (not undecided[j]) & (entry_bar[j] != NO_ENTRY)
        j += 1
    return when[:n].copy()


@jit
def _next(
    leaves: NDArray[np.int8],
    undecided: Flags,
    asked: int,
    at: NDArray[np.int32],
    side: NDArray[np.int8],
    entry_bar: NDArray[np.int32],
    left: NDArray[np.int32],
) -> None:
    """Write the first leave that is heard from each fill of a side on (n_bars: none)."""
    n_bars, j = leaves.size, 0
    words = leaves[: n_bars // 8 * 8].view(np.int64)
    for i in range(at.size):
        if side[i] != asked:
            continue
        j = max(j, entry_bar[at[i]])
        while j < n_bars and (leaves[j] == 0 or undecided[j]):
            silent = j & 7 == 0 and j // 8 < words.size and words[j // 8] == 0
            j += 8 if silent else 1
        left[i] = j


@jit
def _by_levels(
    market: Market,
    enter: NDArray[np.int8],
    at: NDArray[np.int32],
    levels: tuple[Floats, Floats, Floats],
    left: NDArray[np.int32],
) -> None:
    """Move ``left`` forward to the first close beyond a floor, a ceiling or a trail."""
    floor, ceiling, trail = levels
    # No stack holds a trade for longer, so no level is looked for later.
    longest = market.max_bars.max()
    high, low, close = market.tape.high, market.tape.low, market.tape.close
    undecided, entry_bar = market.undecided, market.entry_bar
    for i in range(at.size):
        t = at[i]
        side, first = enter[t], entry_bar[t]
        below = floor[t] if floor.size else np.nan
        above = ceiling[t] if ceiling.size else np.nan
        best = level = -side * np.inf
        for j in range(first, min(left[i], close.size - 1, first + longest)):
            best = max(best, high[j]) if side > 0 else min(best, low[j])
            if undecided[j]:
                continue
            if trail.size and not np.isnan(trail[j]):
                trailed = best - side * trail[j]
                level = max(level, trailed) if side > 0 else min(level, trailed)
            if close[j] < below or close[j] > above or side * (level - close[j]) > 0.0:
                left[i] = j
                break


def _column(values: Floats | None) -> Floats:
    return np.empty(0) if values is None else np.ascontiguousarray(values, dtype=np.float64)
