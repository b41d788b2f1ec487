"""The exit table: how every possible entry would end by its exit stack alone.

Fill and range depend on the bar only, so for one instrument and side the stack's exit of an entry
decided at bar t is the same whatever rule asked for it. It is found once and serves every strategy
and parameter set: by ``touches`` where levels never move, by the kernel's own steps where they do.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import net, terms_of
from alphamill.backtest.engine import distances, rules_of, script_of, tape_of
from alphamill.backtest.exits import Exit, ExitStack
from alphamill.backtest.kernel import asked, decide, fill, flat, mark, may_enter, paid
from alphamill.backtest.loop import bar_at
from alphamill.backtest.state import NONE, OPEN_AT_END, Rules, Said, Script, Tape, Terms
from alphamill.backtest.touches import (
    AMBIGUOUS,
    CODE_BITS,
    NO_ENTRY,
    Levels,
    depths_of,
    fixed_exits,
)
from alphamill.core.market import Bars, Flags, Floats, Instrument, Signals
from alphamill.indicators.volatility import atr
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

LONG = 0  # the first book of the tables; the second is short
FOR_EVER = 1 << 40  # bars
# Stacks that lie side by side at most: the lanes' rows are laid out for so many.
LANES = 64


class Market(NamedTuple):
    """One instrument's bars with the exit tables of a list of stacks, as the lanes take them.

    Tables have one book a side: long, and short where it is needed. ``entry_bar[t]`` is the bar at
    whose open an entry decided at t fills, or NO_ENTRY. ``fills[0, j]`` is what a market order pays
    at the open of bar j, ``fills[1, j]`` what it receives: a book's entry and the other's exit.
    ``exits[book, chunk, t, lane]`` is the packed exit bar and code (`alphamill.backtest.touches`),
    NO_EXIT where the stack forbids the entry (its range is undefined); ``pnl`` is net. The stacks
    of one entry lie side by side, LANES at most in a chunk; the last chunk may have idle lanes.

    ``session_index`` numbers the sessions from 0; ``last_bar`` is each session's last bar in the
    data; ``block`` is each session's block; ``next_open[j]`` is the first bar from j on at which
    orders fill (n_bars where none does).
    """

    tape: Tape
    rules: Rules
    terms: Terms
    entry_bar: NDArray[np.int32]
    fills: Floats
    exits: NDArray[np.int32]
    pnl: Floats
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
        Whether the short side's book is needed.
    """
    n_bars, n_books, n_stacks = len(bars), 2 if short else 1, len(stacks)
    n_chunks = -(-n_stacks // LANES)
    shape = (n_books, n_chunks, n_bars, -(-n_stacks // n_chunks))
    tape = tape_of(bars, instrument)
    rules = rules_of(bars, stacks[0], instrument, "close")
    changes = np.diff(bars.session) != 0
    market = Market(
        tape,
        rules,
        terms_of(instrument),
        np.full(n_bars, NO_ENTRY, dtype=np.int32),
        np.empty((2, n_bars)),
        np.zeros(shape, dtype=np.int32),
        np.zeros(shape),
        np.array([stack.max_bars_held or FOR_EVER for stack in stacks], dtype=np.int64),
        np.cumsum(np.append(False, changes)).astype(np.int32),
        np.append(np.flatnonzero(changes), n_bars - 1).astype(np.int32),
        block.astype(np.int64),
        int(block[-1]) + 1,
        _next_open(tape.quiet),
        bars.session_end & stacks[0].session_exit,
    )
    _entry_bars(tape, rules, market.entry_bar)
    _fills(tape, rules.slip_frac, market.fills)
    for book in range(n_books):
        for chunk in range(n_chunks):
            lanes = stacks[chunk * shape[3] : (chunk + 1) * shape[3]]
            _fill(market, (book, chunk), bars, lanes, instrument)
    return market


def _fill(
    market: Market,
    where: tuple[int, int],
    bars: Bars,
    stacks: tuple[ExitStack, ...],
    instrument: Instrument,
) -> None:
    """Fill in one book's chunk of the tables."""
    side, tape, rules = 1 if where[0] == LONG else -1, market.tape, market.rules
    fills, exits, pnl = market.fills[where[0]], market.exits[where], market.pnl[where]
    silent = np.zeros(len(bars), dtype=np.bool_)
    nothing = Signals(silent.astype(np.int8), silent, silent)
    by_time: dict[int, list[int]] = {}
    for k, stack in enumerate(stacks):
        if stack.distance("trail") is None and stack.distance("break_even") is None:
            by_time.setdefault(stack.max_bars_held or 0, []).append(k)
            continue
        script = script_of(bars, nothing, stack)
        walked = rules_of(bars, stack, instrument, "close")
        _walk_all(
            tape,
            script,
            walked,
            market.terms,
            side,
            market.entry_bar,
            fills,
            exits[:, k],
            pnl[:, k],
        )
    low, high = (tape.low, tape.high) if side > 0 else (tape.high, tape.low)
    against, along = depths_of(low, tape.quiet, side), depths_of(high, tape.quiet, -side)
    for max_bars, which in by_time.items():
        fixed_exits(
            tape,
            rules._replace(max_bars=max_bars),
            market.terms,
            side,
            market.next_open,
            market.entry_bar,
            fills,
            against,
            along,
            _levels(bars, stacks, which),
            exits,
            pnl,
        )


def _levels(bars: Bars, stacks: tuple[ExitStack, ...], which: list[int]) -> Levels:
    """Return the distinct stops and targets of the stacks in ``which``."""
    found: dict[Exit, dict[object, int]] = {"stop_loss": {}, "take_profit": {}}
    columns: dict[Exit, list[Floats]] = {"stop_loss": [], "take_profit": []}
    taken: dict[Exit, list[int]] = {"stop_loss": [], "take_profit": []}
    for k in which:
        for exit_, known in found.items():
            asked, length = stacks[k].distance(exit_), stacks[k].atr_length
            key = asked, length if asked and asked.unit == "atr" else 0
            if key not in known:
                known[key] = len(known)
                range_ = atr(bars.high, bars.low, bars.close, length)
                columns[exit_].append(distances(bars, range_, asked))
            taken[exit_].append(known[key])
    return Levels(
        np.stack(columns["stop_loss"]),
        np.stack(columns["take_profit"]),
        np.array(taken["stop_loss"]),
        np.array(taken["take_profit"]),
        np.array(which),
    )


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
def _fills(tape: Tape, slip_frac: float, fills: Floats) -> None:
    for j in range(tape.close.size):
        for book, side in ((0, 1), (1, -1)):
            fills[book, j] = paid(tape.open[j], side, tape.tick[j], tape.slip[j], slip_frac)


@jit
def _walk_all(  # noqa: PLR0913  a kernel writes into what it is given
    tape: Tape,
    script: Script,
    rules: Rules,
    terms: Terms,
    side: int,
    entry_bar: NDArray[np.int32],
    fills: Floats,
    exits: NDArray[np.int32],
    pnl: Floats,
) -> None:
    for t in range(tape.close.size):
        if entry_bar[t] == NO_ENTRY:
            continue
        exit_bar, code, price = walk(tape, script, rules, side, t)
        if code != NONE:
            exits[t] = exit_bar << CODE_BITS | code
            pnl[t] = net(side, fills[entry_bar[t]], price, terms)


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
