"""Labels: what every signal of a primary rule would have come to, the ones it skipped included.

``enter`` never causes an exit, so a trade depends on its deciding bar and side alone. Each signal
is therefore led through the kernel by itself; which of them one account can take is another
question (`alphamill.learning.position`).
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest import kernel
from alphamill.backtest.costs import terms_of
from alphamill.backtest.engine import rules_of, script_of, tape_of
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.kernel import decide, fill, flat, mark, no_wish
from alphamill.backtest.loop import bar_at, booked, filled, said_at
from alphamill.backtest.state import NONE, TRADE, Rules, Said, Script, Tape, Terms
from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Flags, Floats, Instrument, Ints, Signals
from alphamill.core.strategy import Levels
from alphamill.learning.position import taken
from alphamill.workshop.compiled import compiler

# Compiled beside what it calls: the folder is named by the sources of the backtest room, so an edit
# of the kernel leaves nothing stale here, and numba itself watches this file.
jit = compiler(kernel.__file__)

# How a signal's trade ended.
NEVER, OPEN, CLOSED = 0, 1, 2


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SignalTrades:
    """One row a signal that gives a whole trade, in order of ``decided``; columns (n_trades,).

    Attributes
    ----------
    decided : int64
        Bar at whose close the rule asked.
    side : int64
        1 or -1.
    entry_bar, exit_bar : int64
    free : int64
        First bar at whose close an entry of the same side may be decided again.
    turned : int64
        The same for the opposite side: where the exit waits for an open, the close that decided it
        hears a reversal; elsewhere ``free``.
    entry_price, exit_price : float64
        Fills, slippage included.
    units : float64
    pnl : float64
        Net of ``fees``, account currency.
    fees : float64
        Of both sides, account currency.
    bars_held : int64
        The fill bar is 1.
    reason : int64
        Code of ``alphamill.backtest.state.REASONS``.
    taken : bool
        By the position rule when every row is followed.
    unknown : int64 of shape (n_unknown,)
        Deciding bars of signals whose trade had not ended by the last bar. Their label is not
        known, so they have no row.
    """

    decided: Ints
    side: Ints
    entry_bar: Ints
    exit_bar: Ints
    free: Ints
    turned: Ints
    entry_price: Floats
    exit_price: Floats
    units: Floats
    pnl: Floats
    fees: Floats
    bars_held: Ints
    reason: Ints
    taken: Flags
    unknown: Ints = field(default_factory=_none)

    def __len__(self) -> int:
        return int(self.decided.size)

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of what has a row a signal."""
        return tuple(f.name for f in fields(cls) if f.name != "unknown")

    def rows(self, which: Flags | Ints, unknown: Ints | None = None) -> Self:
        """Return some rows, ``taken`` by the position rule among them alone."""
        columns: dict[str, Any] = {name: getattr(self, name)[which] for name in self.columns()}
        kept = replace(self, **columns, unknown=self.unknown if unknown is None else unknown)
        return replace(kept, taken=taken(kept, np.ones(len(kept), dtype=np.bool_)))


WHOLE: Final = ("decided", "side", "entry_bar", "exit_bar", "bars_held", "reason")
REAL: Final = ("entry_price", "exit_price", "units", "pnl", "fees")


def signal_trades(
    bars: Bars,
    signals: Signals,
    stack: ExitStack,
    instrument: Instrument,
    *,
    levels: Levels = "close",
) -> SignalTrades:
    """Return the trade of every signal as if it were the only one.

    Parameters
    ----------
    bars, signals, stack, instrument, levels
        As `alphamill.backtest.engine.backtest`.

    Returns
    -------
    SignalTrades
        Signals that cannot be executed have no row: an undefined stop, the last bar, an entry that
        expired at a session's end.

    Notes
    -----
    Equal to repeated backtests, each of the signals that none before it traded.
    """
    for name, column in zip(Signals._fields, signals, strict=True):
        if column is not None and column.shape != (len(bars),):
            raise DataError(
                f"{bars.symbol}: {name} must have {len(bars)} rows, received {column.shape}. "
                "Return one row a bar."
            )
    script = script_of(bars, signals, stack)
    at = np.flatnonzero(script.enter)
    record = np.zeros(at.size, dtype=TRADE)
    turned = np.zeros(at.size, dtype=np.int64)
    ended = np.full(at.size, NEVER, dtype=np.int64)
    trade_each(
        tape_of(bars, instrument),
        script,
        rules_of(bars, stack, instrument, levels),
        terms_of(instrument),
        at,
        record,
        turned,
        ended,
    )
    closed = ended == CLOSED
    row = record[closed]
    columns: dict[str, Any] = {name: row[name].astype(np.int64) for name in WHOLE}
    columns |= {name: row[name].copy() for name in REAL}
    everybody = np.ones(row.size, dtype=np.bool_)
    trades = SignalTrades(
        **columns,
        free=columns["exit_bar"],
        turned=turned[closed],
        taken=everybody,
        unknown=at[ended == OPEN],
    )
    return replace(trades, taken=taken(trades, everybody))


@jit
def trade_each(  # noqa: PLR0913  a kernel writes into what it is given
    tape: Tape,
    script: Script,
    rules: Rules,
    terms: Terms,
    at: Ints,
    record: NDArray[Any],
    turned: Ints,
    ended: Ints,
) -> None:
    """Fill in the trade of each signal ``at`` (dtype TRADE, a row a signal)."""
    for i in range(at.size):
        row, turn = record[i : i + 1], turned[i : i + 1]
        ended[i] = trade_one(tape, script, rules, terms, at[i], row, turn)


@jit
def trade_one(
    tape: Tape,
    script: Script,
    rules: Rules,
    terms: Terms,
    t: int,
    record: NDArray[Any],
    turned: Ints,
) -> int:
    """Lead the signal at bar ``t`` through the kernel's steps; return how its trade ended."""
    position, wish = decide(bar_at(tape, t), flat(), no_wish(), said_at(script, t), rules)
    turned[0] = -1
    for j in range(t + 1, tape.close.size):
        if position.side == 0 and wish.enter == 0:
            return NEVER
        bar = bar_at(tape, j)
        done = fill(bar, position, wish, rules)
        if filled(done):
            _, n_closed = booked(0.0, 0, record, bar, position, wish, done, rules, terms)
            if n_closed > 0:
                if turned[0] < 0:
                    turned[0] = j
                return CLOSED
        position, wish = done.position, done.wish
        if position.side != 0:
            position = mark(bar, position)
        waits = wish.exit != NONE
        position, wish = decide(bar, position, wish, leaving_at(script, j), rules)
        if wish.exit != NONE and not waits:
            turned[0] = j
    return OPEN if position.side != 0 else NEVER


@jit
def leaving_at(script: Script, j: int) -> Said:
    """Return what is said at close ``j`` without its ``enter``: the other signals are vetoed."""
    said = said_at(script, j)
    return Said(
        0,
        said.leave_long,
        said.leave_short,
        said.floor,
        said.ceiling,
        said.trail,
        said.stop_distance,
        said.target_distance,
        said.trail_distance,
        said.break_even_distance,
    )
