"""The sweep's inner loop: one rule's signals under every exit stack at once, a lane a stack.

Equal, trade by trade, to one run of the loop for each stack (tests/backtest/test_parity.py).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import fee, gain, slipped, units_for
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
    TARGET_GAP,
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
        ("fees", np.float64),
        ("slippage", np.float64),
        ("bars_held", np.int64),
        ("max_bars_held", np.int64),
        ("min_bars_held", np.int64),
        ("ambiguous", np.int64),
        ("max_drawdown", np.float64),
        ("max_drawdown_frac", np.float64),
        ("exits", np.int64, (len(REASONS),)),  # how many trades left for each reason
    ]
)

# Nobody has looked yet for the rule's exit of an entry decided at a bar.
UNKNOWN = -2
# A lane's running account: session, its P&L, equity before it, peak equity.
SESSION_NOW, PNL, EQUITY, PEAK = 0, 1, 2, 3

# Cells, block sums, entries by block: what `tally` returns.
Tally = tuple[NDArray[Any], Floats, NDArray[np.int32]]


class RuleExits(NamedTuple):
    """When a rule leaves: next leave from each bar on, and its levels (empty where it has none)."""

    next_long: Ints
    next_short: Ints
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
    cells = np.zeros(n_stacks, dtype=TALLY)
    blocks = np.zeros((n_stacks, market.n_blocks, 2))
    entries = np.zeros((n_stacks, market.n_blocks), dtype=np.int32)
    # No entry is decided on the last bar, nor where nothing is decided at all.
    asked = (signals.enter != 0) & ~market.undecided
    asked[-1:] = False
    exits = RuleExits(
        _next_true(signals.leave_long & ~market.undecided),
        _next_true(signals.leave_short & ~market.undecided),
        _column(signals.floor),
        _column(signals.ceiling),
        _column(signals.trail),
    )
    enter = np.where(asked, signals.enter, 0).astype(np.int8)
    _run(market, enter, _next_true(asked), exits, cells, blocks, entries)
    return cells, blocks, entries


@jit
def _run(  # noqa: C901, PLR0915  one flat loop, see below
    market: Market,
    enter: NDArray[np.int8],
    next_asked: Ints,
    exits: RuleExits,
    cells: NDArray[Any],
    blocks: Floats,
    entries: NDArray[np.int32],
) -> None:
    """Walk each lane from trade to trade: only bars that ask while it is free are touched.

    Arrays are taken out of their tuples once: inside the loops each access through a tuple of
    arrays costs a reference count (measured: 10 times slower).
    """
    tape, rules, terms, long, short, max_bars = market[:6]
    session_index, last_bar, block, _, next_open, undecided = market[6:]
    open_, high, low, close = tape[:4]
    ticks, slips = tape[8:]
    entry_bars, exit_long, reason_long, price_long = long
    _, exit_short, reason_short, price_short = short
    next_long, next_short, floor, ceiling, trail = exits
    has_levels = floor.size + ceiling.size + trail.size > 0
    left_at = np.full(enter.size, UNKNOWN, dtype=np.int32)
    n_bars, frac = enter.size, rules.slip_frac
    for s in range(cells.size):
        cell, account = cells[s], np.zeros(4)
        t, reverses, held, free = int(next_asked[0]), 0, 0, 0
        while t < n_bars:
            t = _last_asked(enter, next_asked, int(entry_bars[t]), t, reverses)
            side, entry_bar = int(enter[t]), int(entry_bars[t])
            if side > 0:
                exit_bar, code, price = int(exit_long[s, t]), reason_long[s, t], price_long[s, t]
            else:
                exit_bar, code, price = int(exit_short[s, t]), reason_short[s, t], price_short[s, t]
            if code == NONE:
                t, reverses = _next_ask(enter, next_asked, held, t + 1, free)
                continue
            ambiguous = code >= AMBIGUOUS
            reason = code - AMBIGUOUS if ambiguous else int(code)
            decided, limit = exit_bar, exit_bar - 1
            if reason == TIME:
                decided = limit = entry_bar + int(max_bars[s]) - 1
            left = int(next_long[entry_bar]) if side > 0 else int(next_short[entry_bar])
            if has_levels:
                if left_at[t] == UNKNOWN:
                    left_at[t] = _level_exit(
                        high, low, close, undecided, floor, ceiling, trail, side, t, entry_bar, left
                    )
                left = int(left_at[t])
            if left <= limit and next_open[left + 1] < n_bars:
                exit_bar, decided = int(next_open[left + 1]), left
                reason, ambiguous = RULE, False
                price = paid(open_[exit_bar], -side, ticks[exit_bar], slips[exit_bar], frac)
            entry = paid(open_[entry_bar], side, ticks[entry_bar], slips[entry_bar], frac)
            units = units_for(entry, terms)
            fee_in, fee_out = fee(entry, units, terms), fee(price, units, terms)
            pnl = gain(side, entry, price, units, terms) - fee_in - fee_out
            marked, last = 0.0, session_index[exit_bar]
            for i in range(session_index[entry_bar], last):
                worth = gain(side, entry, close[last_bar[i]], units, terms) - fee_in
                _add(account, cell, blocks, s, block, i, worth - marked)
                marked = worth
            _add(account, cell, blocks, s, block, last, pnl - marked)
            per_point = terms.point_value * units
            slippage = slipped(entry, side, slips[entry_bar], frac, per_point)
            if reason not in (TARGET, TARGET_GAP):
                slippage += slipped(price, -side, slips[exit_bar], frac, per_point)
            cell["slippage"] += slippage
            cell["fees"] += fee_in + fee_out
            cell["total_pnl"] += pnl
            cell["ambiguous"] += ambiguous
            cell["exits"][reason] += 1
            if reason != OPEN_AT_END:
                entries[s, block[session_index[entry_bar]]] += 1
                _count(cell, pnl, exit_bar - entry_bar + (reason in (STOP, TARGET, SESSION)))
            held, free = side, exit_bar
            t, reverses = _next_ask(enter, next_asked, held, decided, free)
        _flush(account, cell, blocks, s, block)


@jit
def _last_asked(
    enter: NDArray[np.int8], next_asked: Ints, entry_bar: int, t: int, only_side: int
) -> int:
    """Return the wish that stands when the entry asked at ``t`` fills: a later one replaces it.

    Only where bars without volume make an entry wait. While a reversal waits (``only_side``) the
    old position is still open, and only its opposite is heard.
    """
    u = int(next_asked[t + 1])
    while u < entry_bar:
        if only_side == 0 or enter[u] == only_side:
            t = u
        u = int(next_asked[u + 1])
    return t


@jit
def _next_ask(
    enter: NDArray[np.int8], next_asked: Ints, held: int, decided: int, free: int
) -> tuple[int, int]:
    """Return the next close whose wish is heard, and its side if it reverses (else 0)."""
    t = int(next_asked[decided])
    while t < free:
        if enter[t] == -held:
            return t, -held
        t = int(next_asked[t + 1])
    return t, 0


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
    account: Floats, cell: Any, blocks: Floats, s: int, block: Ints, session: int, amount: float
) -> None:
    """Add to the P&L of a session; sessions come in order."""
    if session != account[SESSION_NOW]:
        _flush(account, cell, blocks, s, block)
        account[SESSION_NOW] = session
    account[PNL] += amount


@jit
def _flush(account: Floats, cell: Any, blocks: Floats, s: int, block: Ints) -> None:
    """Close a session: add its P&L to its block and look at the drawdown."""
    pnl = account[PNL]
    b = block[int(account[SESSION_NOW])]
    blocks[s, b, 0] += pnl
    blocks[s, b, 1] += pnl * pnl
    account[PNL] = 0.0
    account[EQUITY] += pnl
    account[PEAK] = max(account[PEAK], account[EQUITY])
    fall = account[PEAK] - account[EQUITY]
    cell["max_drawdown"] = max(cell["max_drawdown"], fall)
    share = fall / (STARTING_EQUITY + account[PEAK])
    cell["max_drawdown_frac"] = max(cell["max_drawdown_frac"], share)


@jit
def _count(cell: Any, pnl: float, held: int) -> None:
    """Count one closed trade."""
    if cell["total_trades"] == 0 or held < cell["min_bars_held"]:
        cell["min_bars_held"] = held
    cell["max_bars_held"] = max(cell["max_bars_held"], held)
    cell["bars_held"] += held
    cell["total_trades"] += 1
    if pnl > 0.0:
        cell["winning_trades"] += 1
        cell["gross_win"] += pnl
        cell["largest_win"] = max(cell["largest_win"], pnl)
    elif pnl < 0.0:
        cell["losing_trades"] += 1
        cell["gross_loss"] -= pnl
        cell["largest_loss"] = min(cell["largest_loss"], pnl)


def _next_true(flags: Flags) -> Ints:
    """Return for each bar, and one past the end, the first flagged bar from it on, else n_bars."""
    n_bars = flags.size
    index = np.where(flags, np.arange(n_bars), n_bars)
    ahead = np.minimum.accumulate(index[::-1])[::-1]
    return np.append(ahead, n_bars).astype(np.int64)


def _column(values: Floats | None) -> Floats:
    return np.empty(0) if values is None else np.ascontiguousarray(values, dtype=np.float64)
