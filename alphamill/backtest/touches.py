"""Exits by stops and targets that never move: the first touch of each, and their combinations.

Twenty stacks share four stops and five targets. For each possible entry the first touch of each of
the nine is looked for once, what ends the trade without any touch is found once, and a stack's exit
is the earliest of its three. Equal to the kernel's own steps (tests/backtest/test_table.py).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import net
from alphamill.backtest.kernel import paid, rounded
from alphamill.backtest.state import (
    LATE_SESSION,
    OPEN_AT_END,
    SESSION,
    STOP,
    STOP_GAP,
    TARGET,
    TARGET_GAP,
    TIME,
    Rules,
    Tape,
    Terms,
)
from alphamill.core.market import Flags, Floats, Ints
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

NO_ENTRY = -1
# An exit's bar and code share a number: one load brings both.
NO_EXIT = 0
CODE_BITS = 5
CODES = 1 << CODE_BITS
AMBIGUOUS = 16  # added to a reason when stop and target were both touched
# Minima are kept of blocks of 64 bars and of 64 blocks: a far level is found by leaps.
BLOCK_BITS = 6


class Depths(NamedTuple):
    """A column of prices, negated where it is judged from below, and its minima by blocks."""

    bars: Floats
    blocks: Floats
    regions: Floats


class Levels(NamedTuple):
    """Distinct distances, shape (n_levels, n_bars), and which of them each stack takes.

    Stack i has ``stops[stop_of[i]]``, ``targets[target_of[i]]`` and the table's column
    ``column[i]``. No such exit is an infinite distance; NaN forbids the entry.
    """

    stops: Floats
    targets: Floats
    stop_of: Ints
    target_of: Ints
    column: Ints


def depths_of(prices: Floats, quiet: Flags, sign: int) -> Depths:
    """Return ``sign * prices`` for searches; quiet bars touch nothing."""
    bars = np.where(quiet, np.inf, sign * prices)
    blocks = _minima(bars)
    return Depths(bars, blocks, _minima(blocks))


def _minima(values: Floats) -> Floats:
    size = 1 << BLOCK_BITS
    padded = np.append(values, np.full(-values.size % size, np.inf))
    lowest: Floats = padded.reshape(-1, size).min(axis=1)
    return lowest


@jit
def first_touch(depths: Depths, level: float, start: int, last: int) -> int:
    """Return the first bar in [start, last] at or below ``level``, or last + 1."""
    bars, blocks, regions = depths
    j = start
    while j <= last:
        if bars[j] <= level:
            return j
        j += 1
        if j & ((1 << BLOCK_BITS) - 1) == 0:
            while j <= last and blocks[j >> BLOCK_BITS] > level:
                region = j >> (2 * BLOCK_BITS)
                leaps = j & ((1 << 2 * BLOCK_BITS) - 1) == 0 and regions[region] > level
                j += 1 << (2 * BLOCK_BITS if leaps else BLOCK_BITS)
    return last + 1


@jit
def fixed_exits(  # noqa: C901, PLR0912, PLR0913, PLR0915  one flat loop over bare arrays
    tape: Tape,
    rules: Rules,
    terms: Terms,
    side: int,
    next_open: NDArray[np.int32],
    entry_bars: NDArray[np.int32],
    fills: Floats,
    against: Depths,
    along: Depths,
    levels: Levels,
    exits: NDArray[np.int32],
    pnls: Floats,
) -> None:
    """Write the packed exits and net P&L of every entry, a column a stack."""
    open_, close, closes_only = tape.open, tape.close, tape.closes_only
    ticks, slips, frac = tape.tick, tape.slip, rules.slip_frac
    stops, targets, stop_of, target_of, column = levels
    n_stops, n_targets, n_stacks = stops.shape[0], targets.shape[0], column.size
    last = close.size - 1
    bars = np.empty(n_stops + n_targets, dtype=np.int64)
    codes = np.empty(n_stops + n_targets, dtype=np.int64)
    worths = np.empty(n_stops + n_targets)
    for t in range(last):
        e = entry_bars[t]
        if e == NO_ENTRY:
            continue
        entry, tick = fills[e], ticks[e]
        end, end_code, live = _end(tape, rules, next_open, e)
        price = close[end] if end_code in (SESSION, OPEN_AT_END) else open_[end]
        price = paid(price, -side, ticks[end], slips[end], frac)
        end_pnl = net(side, entry, price, terms)
        for i in range(n_stops):
            stop = rounded(entry - side * stops[i, t], side < 0, tick)
            j = first_touch(against, side * stop, e, live)
            bars[i] = j
            if j > live:
                continue
            codes[i] = STOP
            price = min(stop, open_[j]) if side > 0 else max(stop, open_[j])
            if j > e and not closes_only and side * (stop - open_[j]) >= 0.0:
                codes[i], price = STOP_GAP, open_[j]
            elif closes_only:
                price = close[j]
            price = paid(price, -side, ticks[j], slips[j], frac)
            worths[i] = net(side, entry, price, terms)
        for i in range(n_targets):
            target = rounded(entry + side * targets[i, t], side > 0, tick)
            j = first_touch(along, -side * target, e, live)
            bars[n_stops + i] = j
            if j > live:
                continue
            codes[n_stops + i] = TARGET
            if j > e and not closes_only and side * (open_[j] - target) >= 0.0:
                codes[n_stops + i], target = TARGET_GAP, open_[j]
            worths[n_stops + i] = net(side, entry, target, terms)
        for k in range(n_stacks):
            a, b = stop_of[k], target_of[k]
            if math.isnan(stops[a, t] + targets[b, t]):
                continue
            b += n_stops
            j, code, pnl = end, end_code, end_pnl
            if bars[a] < bars[b] or (bars[a] == bars[b] <= live and codes[b] != TARGET_GAP):
                j, code, pnl = bars[a], codes[a], worths[a]
                if bars[a] == bars[b] and code == STOP:
                    code += AMBIGUOUS
            elif bars[b] <= live:
                j, code, pnl = bars[b], codes[b], worths[b]
            exits[t, column[k]] = j << CODE_BITS | code
            pnls[t, column[k]] = pnl


@jit
def _end(
    tape: Tape, rules: Rules, next_open: NDArray[np.int32], entry_bar: int
) -> tuple[int, int, int]:
    """Return (bar, reason) of the exit without any touch, and the last bar that can touch."""
    last, max_bars = tape.close.size - 1, rules.max_bars
    if not rules.session_exit:
        if max_bars == 0 or entry_bar + max_bars > last:
            return last, OPEN_AT_END, last
        live = entry_bar + max_bars - 1
        due = next_open[live + 1]
        return (due, TIME, live) if due <= last else (last, OPEN_AT_END, live)
    session, is_due = tape.session[entry_bar], False
    live = last
    for j in range(entry_bar, last + 1):
        if not tape.quiet[j]:
            if is_due:
                return j, TIME, live
            if tape.session[j] != session:
                return j, LATE_SESSION, j - 1
            if tape.session_end[j]:
                return j, SESSION, j
        if not is_due and not tape.session_end[j] and 0 < max_bars <= j - entry_bar + 1:
            is_due, live = True, j
    return last, OPEN_AT_END, live
