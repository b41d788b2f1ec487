"""The loop over all bars: the kernel's steps in order, and the account they move."""

import math
from typing import Any

from numpy.typing import NDArray

from alphamill.backtest.costs import fee, gain, slipped, units_for
from alphamill.backtest.kernel import decide, fill, flat, mark, no_wish, traded
from alphamill.backtest.state import (
    NONE,
    OPEN_AT_END,
    SESSION,
    STOP,
    TARGET,
    TARGET_GAP,
    Bar,
    Filled,
    Position,
    Rules,
    Said,
    Script,
    Tape,
    Terms,
    Wish,
)
from alphamill.core.market import Floats
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@jit
def run(
    tape: Tape, script: Script, rules: Rules, terms: Terms, record: NDArray[Any], equity: Floats
) -> int:
    """Fill ``record`` (dtype TRADE, a row a trade) and ``equity``; return the number of trades.

    ``record`` has shape (n_bars,): no bar can open two positions.
    """
    last = tape.close.size - 1
    position, wish = flat(), no_wish()
    cash, n_trades = 0.0, 0
    for j in range(last + 1):
        bar = bar_at(tape, j)
        done = fill(bar, position, wish, rules)
        if filled(done):
            cash, n_trades = booked(cash, n_trades, record, bar, position, wish, done, rules, terms)
        position, wish = done.position, done.wish
        if position.side != 0:
            position = mark(bar, position)
            if j == last:
                price = traded(bar.close, -position.side, bar, rules.slip_frac)
                row = record[n_trades]
                cash += closed(row, bar, position, OPEN_AT_END, price, rules, terms)
                n_trades += 1
                position = flat()
        position, wish = decide(bar, position, wish, said_at(script, j), rules)
        equity[j] = cash
        if position.side != 0:
            units = record[n_trades]["units"]
            equity[j] += gain(position.side, position.entry, bar.close, units, terms)
    return n_trades


@jit
def filled(done: Filled) -> bool:
    """Return True where the market did anything to us."""
    is_out = done.open_reason != NONE or done.late_reason != NONE
    return is_out or not math.isnan(done.entry_price)


@jit
def booked(  # noqa: PLR0913  a kernel writes into what it is given
    cash: float,
    n_trades: int,
    record: NDArray[Any],
    bar: Bar,
    before: Position,
    wish: Wish,
    done: Filled,
    rules: Rules,
    terms: Terms,
) -> tuple[float, int]:
    """Write what one bar filled into ``record``; return cash and number of trades after it.

    ``before`` and ``wish`` are what met the bar.
    """
    if done.open_reason != NONE:
        row = record[n_trades]
        cash += closed(row, bar, before, done.open_reason, done.open_price, rules, terms)
        n_trades += 1
    if not math.isnan(done.entry_price):
        cash -= opened(record[n_trades], bar, done.held, wish.at, rules, terms)
    if done.late_reason != NONE:
        row = record[n_trades]
        row["ambiguous"] = done.ambiguous
        cash += closed(row, bar, done.held, done.late_reason, done.late_price, rules, terms)
        n_trades += 1
    return cash, n_trades


@jit
def opened(
    row: Any, bar: Bar, position: Position, asked_at: int, rules: Rules, terms: Terms
) -> float:
    """Write the entry's half of a trade and return the fee it cost."""
    units = units_for(position.entry, terms)
    paid = fee(position.entry, units, terms)
    per_point = terms.point_value * units
    row["decided"] = asked_at
    row["entry_bar"] = bar.at
    row["side"] = position.side
    row["units"] = units
    row["entry_price"] = position.entry
    row["fees"] = paid
    row["slippage"] = slipped(position.entry, position.side, bar.slip, rules.slip_frac, per_point)
    row["ambiguous"] = False
    return paid


@jit
def closed(
    row: Any, bar: Bar, held: Position, reason: int, price: float, rules: Rules, terms: Terms
) -> float:
    """Write the exit's half of a trade and return the change of cash."""
    side, entry, units = held.side, held.entry, row["units"]
    per_point = terms.point_value * units
    gross = gain(side, entry, price, units, terms)
    paid = fee(price, units, terms)
    seen = held
    if reason in (STOP, TARGET, SESSION):
        seen = mark(bar, held)
    # A stop is taken to come first: what its bar did in our favour is not counted. A target
    # was reached without a stop, so its bar's worst was lived through.
    best = seen.best if reason == SESSION else held.best
    worst = held.worst if reason == STOP else seen.worst
    row["exit_bar"] = bar.at
    row["exit_price"] = price
    row["fees"] += paid
    row["pnl"] = gross - row["fees"]
    if reason not in (TARGET, TARGET_GAP):
        row["slippage"] += slipped(price, -side, bar.slip, rules.slip_frac, per_point)
    row["mae"] = min(0.0, gross, side * (worst - entry) * per_point)
    row["mfe"] = max(0.0, gross, side * (best - entry) * per_point)
    row["bars_held"] = seen.bars_held
    row["reason"] = reason
    return gross - paid


@jit
def bar_at(tape: Tape, j: int) -> Bar:
    """Return bar ``j`` as the steps take it."""
    return Bar(
        j,
        tape.open[j],
        tape.high[j],
        tape.low[j],
        tape.close[j],
        tape.quiet[j],
        tape.session[j],
        tape.session_end[j],
        tape.closes_only,
        tape.tick[j],
        tape.slip[j],
    )


@jit
def said_at(script: Script, j: int) -> Said:
    """Return what is said at close ``j``."""
    return Said(
        script.enter[j],
        script.leave_long[j],
        script.leave_short[j],
        script.floor[j],
        script.ceiling[j],
        script.trail[j],
        script.stop_distance[j],
        script.target_distance[j],
        script.trail_distance[j],
        script.break_even_distance[j],
    )
