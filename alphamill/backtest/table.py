"""The exit table: how every possible entry would end by its exit stack alone.

Fill and range depend on the bar only, so for one instrument and side the stack's exit of an entry
decided at bar t is the same whatever rule asked for it. It is found once, with the kernel's own
steps, and serves every strategy and parameter set.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import net, terms_of
from alphamill.backtest.engine import rules_of, script_of, tape_of
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.kernel import asked, decide, fill, flat, mark, may_enter, paid, rounded
from alphamill.backtest.loop import bar_at
from alphamill.backtest.state import (
    LATE_SESSION,
    NONE,
    OPEN_AT_END,
    SESSION,
    STOP,
    STOP_GAP,
    TARGET,
    TARGET_GAP,
    TIME,
    Rules,
    Said,
    Script,
    Tape,
    Terms,
)
from alphamill.core.market import Bars, Flags, Floats, Instrument, Ints, Signals
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

NO_ENTRY = -1
AMBIGUOUS = 16  # added to a reason when stop and target were both touched


class ExitTable(NamedTuple):
    """Exits by the stack alone, for one side.

    ``entry_bar[t]`` is the bar at whose open an entry decided at t fills, or NO_ENTRY, and
    ``entry[t]`` its fill price. ``exit_bar``, ``reason`` and ``pnl`` (net) have shape
    (n_bars, n_stacks), so that all stacks of one entry lie side by side; a reason of NONE marks an
    entry that never fills or that the stack forbids (its range is undefined).
    """

    entry_bar: NDArray[np.int32]
    entry: Floats
    exit_bar: NDArray[np.int32]
    reason: NDArray[np.int8]
    pnl: Floats


class Market(NamedTuple):
    """One instrument's bars with the exit tables of a list of stacks, as the lanes take them.

    ``session_index`` numbers the sessions from 0; ``last_bar`` is each session's last bar in the
    data; ``block`` is each session's block; ``next_open[j]`` is the first bar from j on at which
    orders fill (n_bars where none does).
    """

    tape: Tape
    rules: Rules
    terms: Terms
    long: ExitTable
    short: ExitTable
    max_bars: NDArray[np.int64]
    session_index: NDArray[np.int32]
    last_bar: NDArray[np.int32]
    block: NDArray[np.int64]
    n_blocks: int
    next_open: NDArray[np.int32]
    undecided: Flags  # closes at which nothing is decided: session ends under a session exit


def market_of(
    bars: Bars,
    stacks: tuple[ExitStack, ...],
    instrument: Instrument,
    block: NDArray[np.int64],
    *,
    short: bool,
) -> Market:
    """Return what the lanes need of one instrument.

    Parameters
    ----------
    bars : Bars
    stacks : tuple of ExitStack
        All with the same ``session_exit``.
    instrument : Instrument
    block : ndarray of shape (n_sessions,)
        Block number of each session, rising from 0.
    short : bool
        Whether the short side's table is needed; without it that table is empty.
    """
    tape = tape_of(bars, instrument)
    rules = rules_of(bars, stacks[0], instrument, "close")
    entry_bar = np.full(len(bars), NO_ENTRY, dtype=np.int32)
    _entry_bars(tape, rules, entry_bar)
    tables = [
        exit_table(bars, stacks, instrument, tape, entry_bar, side) if wanted else _empty(entry_bar)
        for side, wanted in ((1, True), (-1, short))
    ]
    changes = np.diff(bars.session) != 0
    return Market(
        tape,
        rules,
        terms_of(instrument),
        tables[0],
        tables[1],
        np.array([stack.max_bars_held or 0 for stack in stacks], dtype=np.int64),
        np.cumsum(np.append(False, changes)).astype(np.int32),
        np.append(np.flatnonzero(changes), len(bars) - 1).astype(np.int32),
        block.astype(np.int64),
        int(block[-1]) + 1,
        _next_open(tape.quiet),
        bars.session_end & stacks[0].session_exit,
    )


def exit_table(
    bars: Bars,
    stacks: tuple[ExitStack, ...],
    instrument: Instrument,
    tape: Tape,
    entry_bar: NDArray[np.int32],
    side: int,
) -> ExitTable:
    """Return the exits of every stack for one side."""
    n_bars, shape = len(bars), (len(bars), len(stacks))
    terms, frac = terms_of(instrument), rules_of(bars, stacks[0], instrument, "close").slip_frac
    entry = np.full(n_bars, np.nan)
    _entries(tape, entry_bar, side, frac, entry)
    table = ExitTable(
        entry_bar, entry, np.zeros(shape, np.int32), np.zeros(shape, np.int8), np.zeros(shape)
    )
    silent = np.zeros(n_bars, dtype=np.bool_)
    nothing = Signals(silent.astype(np.int8), silent, silent)
    for k, stack in enumerate(stacks):
        script = script_of(bars, nothing, stack)
        rules = rules_of(bars, stack, instrument, "close")
        found: Any = np.zeros(n_bars, np.int32), np.zeros(n_bars, np.int8), np.zeros(n_bars)
        if stack.trail_atr is None and stack.break_even_atr is None:
            distances = script.stop_distance, script.target_distance
            _touch_all(*tape, *rules, *distances, side, entry_bar, entry, *found)
        else:
            _walk_all(tape, script, rules, side, entry_bar, *found)
        table.exit_bar[:, k], table.reason[:, k], price = found
        _net(side, entry, price, terms, price)
        table.pnl[:, k] = price
    return table


@jit
def walk(tape: Tape, script: Script, rules: Rules, side: int, t: int) -> tuple[int, int, float]:
    """Return (exit bar, reason, price) of an entry decided at bar ``t``; reason NONE: no entry."""
    nan = math.nan
    said = Said(
        side,
        False,
        False,
        nan,
        nan,
        nan,
        script.stop_distance[t],
        script.target_distance[t],
        script.trail_distance[t],
        script.break_even_distance[t],
    )
    if not may_enter(said):
        return t, NONE, nan
    silent = Said(0, False, False, nan, nan, nan, nan, nan, nan, nan)
    position, wish = flat(), asked(NONE, side, bar_at(tape, t), said)
    last = tape.close.size - 1
    for j in range(t + 1, last + 1):
        bar = bar_at(tape, j)
        done = fill(bar, position, wish, rules)
        position, wish = done.position, done.wish
        if done.open_reason != NONE:
            return j, done.open_reason, done.open_price
        if done.late_reason != NONE:
            both = AMBIGUOUS if done.ambiguous else 0
            return j, done.late_reason + both, done.late_price
        if position.side != 0:
            position = mark(bar, position)
        elif wish.enter == 0:
            return t, NONE, nan
        position, wish = decide(bar, position, wish, silent, rules)
    if position.side == 0:
        return t, NONE, nan
    price = paid(tape.close[last], -side, tape.tick[last], tape.slip[last], rules.slip_frac)
    return last, OPEN_AT_END, price


@jit
def _entries(
    tape: Tape, entry_bar: NDArray[np.int32], side: int, slip_frac: float, entry: Floats
) -> None:
    for t in range(entry_bar.size):
        j = entry_bar[t]
        if j != NO_ENTRY:
            entry[t] = paid(tape.open[j], side, tape.tick[j], tape.slip[j], slip_frac)


@jit
def _net(side: int, entry: Floats, price: Floats, terms: Terms, pnl: Floats) -> None:
    """Turn exit prices into net P&L."""
    for t in range(entry.size):
        pnl[t] = net(side, entry[t], price[t], terms)


@jit
def _walk_all(  # noqa: PLR0913  a kernel writes into what it is given
    tape: Tape,
    script: Script,
    rules: Rules,
    side: int,
    entry_bar: NDArray[np.int32],
    exit_bars: NDArray[np.int32],
    reasons: NDArray[np.int8],
    prices: Floats,
) -> None:
    for t in range(tape.close.size):
        if entry_bar[t] != NO_ENTRY:
            exit_bars[t], reasons[t], prices[t] = walk(tape, script, rules, side, t)


@jit
def _touch_all(  # noqa: C901, PLR0913, PLR0915  one flat loop over bare arrays: a tuple costs more
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    quiet: Flags,
    session: Ints,
    session_end: Flags,
    closes_only: bool,
    ticks: Floats,
    slips: Floats,
    max_bars: int,
    session_exit: bool,
    touch: bool,
    slip_frac: float,
    stop_distance: Floats,
    target_distance: Floats,
    side: int,
    entry_bars: NDArray[np.int32],
    entries: Floats,
    exit_bars: NDArray[np.int32],
    reasons: NDArray[np.int8],
    prices: Floats,
) -> None:
    """Do what ``_walk_all`` does, for stacks whose levels never move: 20 times faster."""
    last = close.size - 1
    for t in range(last):
        j = entry_bars[t]
        if j == NO_ENTRY or math.isnan(stop_distance[t] + target_distance[t]):
            continue
        entry = entries[t]
        stop = rounded(entry - side * stop_distance[t], side < 0, ticks[j])
        target = rounded(entry + side * target_distance[t], side > 0, ticks[j])
        entered_at, entered_in = j, session[j]
        reason, price, due = NONE, math.nan, False
        if max_bars == 0 and not session_exit and math.isinf(stop) and math.isinf(target):
            # Nothing ends it before the data do; walking there from each entry is quadratic.
            j = last
        while reason == NONE:
            tick, slip, fillable = ticks[j], slips[j], not quiet[j]
            if fillable and j > entered_at:
                if due:
                    reason, price = TIME, open_[j]
                elif session_exit and session[j] != entered_in:
                    reason, price = LATE_SESSION, open_[j]
                elif closes_only:
                    pass
                elif side * (stop - open_[j]) >= 0.0:
                    reason, price = STOP_GAP, open_[j]
                elif side * (open_[j] - target) >= 0.0:
                    reason, price = TARGET_GAP, open_[j]
                if reason not in (NONE, TARGET_GAP):
                    price = paid(price, -side, tick, slip, slip_frac)
            if fillable and reason == NONE:
                against, along = (low[j], high[j]) if side > 0 else (high[j], low[j])
                reached = side * (along - target) >= 0.0
                if side * (stop - against) >= 0.0:
                    reason = STOP + (AMBIGUOUS if reached else 0)
                    price = min(stop, open_[j]) if side > 0 else max(stop, open_[j])
                    price = paid(close[j] if closes_only else price, -side, tick, slip, slip_frac)
                elif reached:
                    reason, price = TARGET, target
                elif session_exit and session_end[j]:
                    reason, price = SESSION, paid(close[j], -side, tick, slip, slip_frac)
            if reason == NONE and j == last:
                reason, price = OPEN_AT_END, paid(close[j], -side, tick, slip, slip_frac)
            undecided = session_exit and session_end[j]
            due = due or (not undecided and 0 < max_bars <= j - entered_at + 1)
            j += 1
        exit_bars[t], reasons[t], prices[t] = j - 1, reason, price


@jit
def _entry_bars(tape: Tape, rules: Rules, entry_bar: NDArray[np.int32]) -> None:
    """Find the bar at whose open an entry decided at t fills; quiet bars make it wait."""
    n_bars = tape.close.size
    upcoming = n_bars
    for t in range(n_bars - 1, -1, -1):
        if upcoming < n_bars and not (
            rules.session_exit
            and (tape.session_end[t] or tape.session[upcoming] != tape.session[t])
        ):
            entry_bar[t] = upcoming
        if not tape.quiet[t]:
            upcoming = t


def _next_open(quiet: Flags) -> NDArray[np.int32]:
    n_bars = quiet.size
    index = np.where(quiet, n_bars, np.arange(n_bars))
    ahead = np.minimum.accumulate(index[::-1])[::-1]
    return np.append(ahead, n_bars).astype(np.int32)


def _empty(entry_bar: NDArray[np.int32]) -> ExitTable:
    nothing = np.zeros((0, 0))
    return ExitTable(
        entry_bar, np.zeros(0), nothing.astype(np.int32), nothing.astype(np.int8), nothing
    )
