"""The sweep's inner loop: one rule's signals under every exit stack at once, a lane a stack.

Equal, trade by trade, to one run of the loop for each stack (tests/backtest/test_parity.py).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import fee, gain, net, units_for
from alphamill.backtest.kernel import paid
from alphamill.backtest.metrics import STARTING_EQUITY
from alphamill.backtest.state import (
    NONE,
    OPEN_AT_END,
    REASONS,
    RULE,
    SESSION,
    STOP,
    TARGET,
    TIME,
)
from alphamill.backtest.table import AMBIGUOUS, Market
from alphamill.core.market import Flags, Floats, Ints, Signals
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# What is kept of every cell; the rest of a backtest comes back from its id in a millisecond.
TALLY = np.dtype(
    [
        ("total_trades", np.int64),
        ("winning_trades", np.int64),
        ("losing_trades", np.int64),
        ("gross_win", np.float64),
        ("gross_loss", np.float64),
        ("total_pnl", np.float64),
        ("largest_win", np.float64),
        ("largest_loss", np.float64),
        ("bars_held", np.int64),
        ("max_bars_held", np.int64),
        ("min_bars_held", np.int64),
        ("ambiguous", np.int64),
        ("max_drawdown", np.float64),
        ("max_drawdown_frac", np.float64),
        ("exits", np.int64, (len(REASONS),)),  # how many trades left for each reason
    ]
)
# Where the loop counts them, a row a lane: whole numbers and money.
TRADES, WINS, LOSSES, HELD, LONGEST, SHORTEST, BOTH = range(7)
GROSS_WIN, GROSS_LOSS, TOTAL, BEST, WORST, FALL, FALL_FRAC, PNL, EQUITY, PEAK = range(10)
# A lane's place: held side, first close that hears a reversal, first that hears any entry, the
# deciding bar and side of an entry that waits for volume, the session whose P&L is being summed.
SIDE, DECIDED, FREE, WAITS, WAITS_SIDE, SESSION_NOW = range(6)
NOBODY = -1

# Cells, block sums, entries by block: what `tally` returns.
Tally = tuple[NDArray[Any], Floats, NDArray[np.int32]]


class RuleExits(NamedTuple):
    """When a rule leaves: next leave from each bar on, and its levels (empty where it has none)."""

    next_long: NDArray[np.int32]
    next_short: NDArray[np.int32]
    floor: Floats
    ceiling: Floats
    trail: Floats


def tally(market: Market, signals: Signals) -> Tally:
    """Return what is kept of a rule's cells, one row a stack.

    Returns
    -------
    cells : ndarray of dtype TALLY, shape (n_stacks,)
    blocks : ndarray of shape (n_stacks, n_blocks, 2)
        Sum and sum of squares of session P&L, marked to market, by block.
    entries : ndarray of shape (n_stacks, n_blocks)
        Trades entered in each block.
    """
    n_stacks = market.max_bars.size
    blocks = np.zeros((n_stacks, market.n_blocks, 2))
    entries = np.zeros((n_stacks, market.n_blocks), dtype=np.int32)
    counts = np.zeros((n_stacks, BOTH + 1 + len(REASONS)), dtype=np.int64)
    money = np.zeros((n_stacks, PEAK + 1))
    n_bars = signals.enter.size
    next_long, next_short = np.empty((2, n_bars + 1), dtype=np.int32)
    asked = np.empty(n_bars, dtype=np.int32)
    enter = np.ascontiguousarray(signals.enter, dtype=np.int8)
    n_asked = _when(
        enter,
        np.ascontiguousarray(signals.leave_long, dtype=np.bool_),
        np.ascontiguousarray(signals.leave_short, dtype=np.bool_),
        market.undecided,
        asked,
        next_long,
        next_short,
    )
    asked = asked[n_bars - n_asked :]
    levels = (_column(level) for level in (signals.floor, signals.ceiling, signals.trail))
    exits = RuleExits(next_long, next_short, *levels)
    _run(market, enter, asked, exits, counts, money, blocks, entries)
    return _cells(counts, money), blocks, entries


@jit
def _when(
    enter: NDArray[np.int8],
    leave_long: Flags,
    leave_short: Flags,
    undecided: Flags,
    asked: NDArray[np.int32],
    next_long: NDArray[np.int32],
    next_short: NDArray[np.int32],
) -> int:
    """Fill in, from the back, when entries are asked and when the next leave comes.

    ``asked`` is filled at its end, rising; the number of asking closes is returned. ``next_*`` say
    for each bar, and one past the end, the first leave from it on (n_bars where none comes).
    """
    n_bars = enter.size
    long = short = np.int32(n_bars)
    next_long[n_bars], next_short[n_bars] = long, short
    n_asked = 0
    for j in range(n_bars - 1, -1, -1):
        if not undecided[j]:
            if leave_long[j]:
                long = np.int32(j)
            if leave_short[j]:
                short = np.int32(j)
            # No entry is decided on the last bar.
            if enter[j] != 0 and j < n_bars - 1:
                n_asked += 1
                asked[n_bars - n_asked] = j
        next_long[j], next_short[j] = long, short
    return n_asked


@jit
def _run(  # noqa: C901, PLR0912, PLR0913, PLR0915  one flat loop, see below
    market: Market,
    enter: NDArray[np.int8],
    asked: NDArray[np.int32],
    exits: RuleExits,
    counts: NDArray[np.int64],
    money: Floats,
    blocks: Floats,
    entries: NDArray[np.int32],
) -> None:
    """Go through the closes that ask for an entry; each lane takes what finds it free.

    Arrays are taken out of their tuples once: inside the loops each access through a tuple of
    arrays costs a reference count (measured: 10 times slower). All lanes of one entry lie side by
    side in the tables, and what does not depend on the stack is found once for all of them.
    """
    tape, _, terms, long, short, max_bars = market[:6]
    session_index, last_bar, block, _, next_open, undecided = market[6:]
    high, low, close, open_ = tape.high, tape.low, tape.close, tape.open
    ticks, slips, frac = tape.tick, tape.slip, market.rules.slip_frac
    entry_bars, entry_long, exit_long, reason_long, pnl_long = long
    _, entry_short, exit_short, reason_short, pnl_short = short
    next_long, next_short, floor, ceiling, trail = exits
    has_levels = floor.size + ceiling.size + trail.size > 0
    n_bars, n_stacks, n_asked = enter.size, max_bars.size, asked.size
    lanes = np.zeros((n_stacks, SESSION_NOW + 1), dtype=np.int64)
    lanes[:, WAITS] = NOBODY
    todo = np.empty(n_stacks, dtype=np.int64)
    todo_at = np.empty(n_stacks, dtype=np.int32)
    n_waiting = 0
    # One more turn at the end takes the entries that still wait.
    for k in range(n_asked + 1):
        t = asked[k] if k < n_asked else np.int32(n_bars)
        asked_side = int(enter[t]) if k < n_asked else 0
        for waiting_first in (True, False):
            n_todo = 0
            if waiting_first:
                if n_waiting == 0:
                    continue
                for s in range(n_stacks):
                    waits = lanes[s, WAITS]
                    if waits == NOBODY:
                        continue
                    if t >= entry_bars[waits]:
                        todo[n_todo], todo_at[n_todo] = s, waits
                        n_todo += 1
                        lanes[s, WAITS] = NOBODY
                    elif t >= lanes[s, FREE] or asked_side == -lanes[s, SIDE]:
                        # Still waiting for a bar with volume: the later wish stands.
                        lanes[s, WAITS], lanes[s, WAITS_SIDE] = t, asked_side
                n_waiting -= n_todo
            elif k < n_asked:
                waits_here = entry_bars[t] > t + 1
                for s in range(n_stacks):
                    if t < lanes[s, FREE] and not (
                        t >= lanes[s, DECIDED] and asked_side == -lanes[s, SIDE]
                    ):
                        continue
                    code = reason_long[t, s] if asked_side > 0 else reason_short[t, s]
                    if code == NONE or lanes[s, WAITS] != NOBODY:
                        continue
                    if waits_here:
                        lanes[s, WAITS], lanes[s, WAITS_SIDE] = t, asked_side
                        n_waiting += 1
                    else:
                        todo[n_todo], todo_at[n_todo] = s, t
                        n_todo += 1
            at = NOBODY
            for q in range(n_todo):
                s, d = todo[q], todo_at[q]
                if d != at:
                    # All that the stacks of one entry share.
                    at, side = d, int(enter[d])
                    entry_bar = entry_bars[d]
                    entry = entry_long[d] if side > 0 else entry_short[d]
                    units = units_for(entry, terms)
                    fee_in = fee(entry, units, terms)
                    entered_in = session_index[entry_bar]
                    left = next_long[entry_bar] if side > 0 else next_short[entry_bar]
                    if has_levels:
                        left = _level_exit(
                            high,
                            low,
                            close,
                            undecided,
                            floor,
                            ceiling,
                            trail,
                            side,
                            d,
                            entry_bar,
                            left,
                        )
                    left_at, left_pnl = n_bars, 0.0
                    if left < n_bars:
                        left_at = next_open[left + 1]
                    if left_at < n_bars:
                        price = paid(open_[left_at], -side, ticks[left_at], slips[left_at], frac)
                        left_pnl = net(side, entry, price, terms)
                if side > 0:
                    exit_bar, code, pnl = exit_long[d, s], reason_long[d, s], pnl_long[d, s]
                else:
                    exit_bar, code, pnl = exit_short[d, s], reason_short[d, s], pnl_short[d, s]
                reason, both = code & (AMBIGUOUS - 1), code >= AMBIGUOUS
                decided, limit = exit_bar, exit_bar - 1
                if reason == TIME:
                    decided = limit = entry_bar + max_bars[s] - 1
                if left <= limit and left_at < n_bars:
                    exit_bar, decided, reason, both, pnl = left_at, left, RULE, False, left_pnl
                lanes[s, SIDE], lanes[s, DECIDED], lanes[s, FREE] = side, decided, exit_bar
                marked, last = 0.0, session_index[exit_bar]
                for i in range(entered_in, last):
                    worth = gain(side, entry, close[last_bar[i]], units, terms) - fee_in
                    _add(lanes, money, blocks, s, block, i, worth - marked)
                    marked = worth
                _add(lanes, money, blocks, s, block, last, pnl - marked)
                money[s, TOTAL] += pnl
                counts[s, BOTH] += both
                counts[s, BOTH + 1 + reason] += 1
                if reason != OPEN_AT_END:
                    entries[s, block[entered_in]] += 1
                    held = exit_bar - entry_bar + (reason in (STOP, TARGET, SESSION))
                    _count(counts, money, s, pnl, held)
    for s in range(n_stacks):
        _flush(lanes, money, blocks, s, block)


@jit
def _level_exit(  # noqa: PLR0913  bare arrays, see _run
    high: Floats,
    low: Floats,
    close: Floats,
    undecided: Flags,
    floor: Floats,
    ceiling: Floats,
    trail: Floats,
    side: int,
    t: int,
    entry_bar: int,
    left: int,
) -> int:
    """Return the first close at which the rule's levels or its leave (at ``left``) end a trade."""
    below = floor[t] if floor.size else np.nan
    above = ceiling[t] if ceiling.size else np.nan
    best = level = -side * np.inf
    for j in range(entry_bar, min(left, close.size - 1)):
        best = max(best, high[j]) if side > 0 else min(best, low[j])
        if undecided[j]:
            continue
        if trail.size and not np.isnan(trail[j]):
            trailed = best - side * trail[j]
            level = max(level, trailed) if side > 0 else min(level, trailed)
        if close[j] < below or close[j] > above or side * (level - close[j]) > 0.0:
            return j
    return left


@jit
def _add(
    lanes: Ints, money: Floats, blocks: Floats, s: int, block: Ints, session: int, amount: float
) -> None:
    """Add to the P&L of a session; sessions come in order."""
    if session != lanes[s, SESSION_NOW]:
        _flush(lanes, money, blocks, s, block)
        lanes[s, SESSION_NOW] = session
    money[s, PNL] += amount


@jit
def _flush(lanes: Ints, money: Floats, blocks: Floats, s: int, block: Ints) -> None:
    """Close a session: add its P&L to its block and look at the drawdown."""
    pnl = money[s, PNL]
    b = block[lanes[s, SESSION_NOW]]
    blocks[s, b, 0] += pnl
    blocks[s, b, 1] += pnl * pnl
    money[s, PNL] = 0.0
    money[s, EQUITY] += pnl
    if money[s, EQUITY] >= money[s, PEAK]:
        money[s, PEAK] = money[s, EQUITY]
        return
    fall = money[s, PEAK] - money[s, EQUITY]
    money[s, FALL] = max(money[s, FALL], fall)
    share = fall / (STARTING_EQUITY + money[s, PEAK])
    money[s, FALL_FRAC] = max(money[s, FALL_FRAC], share)


@jit
def _count(counts: Ints, money: Floats, s: int, pnl: float, held: int) -> None:
    """Count one closed trade."""
    if counts[s, TRADES] == 0 or held < counts[s, SHORTEST]:
        counts[s, SHORTEST] = held
    counts[s, LONGEST] = max(counts[s, LONGEST], held)
    counts[s, HELD] += held
    counts[s, TRADES] += 1
    if pnl > 0.0:
        counts[s, WINS] += 1
        money[s, GROSS_WIN] += pnl
        money[s, BEST] = max(money[s, BEST], pnl)
    elif pnl < 0.0:
        counts[s, LOSSES] += 1
        money[s, GROSS_LOSS] -= pnl
        money[s, WORST] = min(money[s, WORST], pnl)


def _cells(counts: Ints, money: Floats) -> NDArray[Any]:
    cells = np.zeros(len(counts), dtype=TALLY)
    for name, column in zip(_COUNTED, counts.T, strict=False):
        cells[name] = column
    for name, column in zip(_SUMMED, money.T, strict=False):
        cells[name] = column
    cells["exits"] = counts[:, BOTH + 1 :]
    return cells


# The names of the loop's columns, in their order.
_COUNTED = (
    "total_trades",
    "winning_trades",
    "losing_trades",
    "bars_held",
    "max_bars_held",
    "min_bars_held",
    "ambiguous",
)
_SUMMED = (
    "gross_win",
    "gross_loss",
    "total_pnl",
    "largest_win",
    "largest_loss",
    "max_drawdown",
    "max_drawdown_frac",
)


def _column(values: Floats | None) -> Floats:
    return np.empty(0) if values is None else np.ascontiguousarray(values, dtype=np.float64)
