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
    at = _heard(enter, market.undecided)
    # No entry is decided on the last bar, and where none can fill any more.
    at = at[market.entry_bar[at] != NO_ENTRY]
    left = np.empty(at.size, dtype=np.int32)
    for side, leaves in ((1, signals.leave_long), (-1, signals.leave_short)):
        if side > 0 or len(market.exits) > 1:
            flags = np.ascontiguousarray(leaves).view(np.int8)
            _next(flags, market.undecided, enter, side, at, market.entry_bar, left)
    levels = _column(signals.floor), _column(signals.ceiling), _column(signals.trail)
    if any(level.size for level in levels):
        _by_levels(market, enter, at, levels, left)
    return Asks(at, enter[at], left)


@jit
def _heard(said: NDArray[np.int8], undecided: Flags) -> NDArray[np.int32]:
    """Return the closes at which something is said and heard."""
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
        n += (said[j] != 0) & (not undecided[j])
        j += 1
    return when[:n].copy()


@jit
def _next(
    leaves: NDArray[np.int8],
    undecided: Flags,
    enter: NDArray[np.int8],
    side: int,
    at: NDArray[np.int32],
    entry_bar: NDArray[np.int32],
    left: NDArray[np.int32],
) -> None:
    """Write the first leave that is heard from each fill of a side on (n_bars: none)."""
    n_bars, j = enter.size, 0
    words = leaves[: n_bars // 8 * 8].view(np.int64)
    for i in range(at.size):
        if enter[at[i]] != side:
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
