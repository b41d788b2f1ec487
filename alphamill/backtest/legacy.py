"""The older systems' fills, kept to measure how much of an edge they were; none is tradeable.

They decided at a close and were filled at that very close, looked at stop and target once a bar,
and were filled at the stop's level when the close lay far beyond it. Each of these is a switch of
``Quirks``, so that they can be taken apart; docs/lesson-fills.md does. The results are stamped, and
no sweep, winner or deployment reads this file.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import gain, slipped, terms_of
from alphamill.backtest.engine import (
    Result,
    backtest,
    distances,
    rules_of,
    script_of,
    tape_of,
    trades_of,
)
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.kernel import (
    asked,
    entered,
    exit_only,
    fill,
    flat,
    leaves,
    mark,
    may_enter,
    no_wish,
    ratcheted,
    traded,
)
from alphamill.backtest.loop import bar_at, booked, closed, opened, said_at
from alphamill.backtest.state import (
    NONE,
    RULE,
    SESSION,
    STOP,
    TARGET,
    TIME,
    TRADE,
    Bar,
    Position,
    Rules,
    Said,
    Script,
    Tape,
    Terms,
    Wish,
)
from alphamill.core.errors import SettingsError
from alphamill.core.market import Bars, Flags, Floats, Instrument, Signals
from alphamill.core.strategy import Levels
from alphamill.indicators.trend import ema
from alphamill.indicators.volatility import true_range
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

STAMP = "legacy comparison, not tradeable"
_WORDS = {
    "fill": ("next_open", "same_close"),
    "stop": ("touch", "close_only"),
    "rsi": ("wilder", "cutler"),
}
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Quirks:
    """Which of the older systems' ways are taken; the defaults are the honest ones.

    Attributes
    ----------
    fill : "next_open" or "same_close"
        Where an entry, and an exit of the rule or by time, is filled: at the open after the
        deciding close, or at that close itself.
    stop : "touch" or "close_only"
        "touch": stop and target rest at levels fixed at the entry. "close_only": they are judged
        once a bar, at the close, after the rule and before time; their distances are those of the
        bar that judges, in exponential averages of the true range; both fill at their level, less
        slippage, wherever the close is; nothing is rounded to the tick, no range need be known for
        an entry, and a close that leaves does not enter again.
    rsi : "wilder" or "cutler"
        How strategy 21 reads strength; see ``cutler_rule``.
    auto_close : str, optional
        Time of day, "16:00", from which on every close of that calendar day leaves: those of the
        evening session too, which belongs to the next trade date.

    Raises
    ------
    SettingsError
        For any other word, and for ``auto_close`` without "close_only".
    """

    fill: str = "next_open"
    stop: str = "touch"
    rsi: str = "wilder"
    auto_close: str | None = None

    def __post_init__(self) -> None:
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise SettingsError(
                    f"{name} must be {' or '.join(words)}, received {getattr(self, name)!r}."
                )
        if self.auto_close is None:
            return
        if not _CLOCK.fullmatch(self.auto_close):
            raise SettingsError(
                f"auto_close must be a time such as 16:00, received {self.auto_close!r}."
            )
        if self.stop != "close_only":
            raise SettingsError(
                f"auto_close {self.auto_close} is judged at closes; set stop to close_only, "
                f"received {self.stop!r}."
            )

    @property
    def is_honest(self) -> bool:
        return self == Quirks()

    @property
    def stamp(self) -> str:
        """Return what every page and file about such a result must say."""
        told = ", ".join(f"{name} {value}" for name, value in asdict(self).items() if value)
        return f"{STAMP}: {told}"


@dataclass(frozen=True)
class LegacyResult(Result):
    """A backtest with the older systems' fills; a trade open at the end is dropped."""

    quirks: Quirks = Quirks()

    @property
    def deviations(self) -> dict[str, str]:
        return {"signals": STAMP, "stop and target": STAMP}


class How(NamedTuple):
    """The quirks as the loop takes them.

    Columns of shape (n_bars,): the distances that a close judges, and whether it shuts.
    """

    same_close: bool
    close_only: bool
    stop_distance: Floats
    target_distance: Floats
    shut: Flags


def backtest_legacy(
    bars: Bars,
    signals: Signals,
    stack: ExitStack,
    instrument: Instrument,
    quirks: Quirks,
    *,
    levels: Levels = "close",
) -> LegacyResult:
    """Return what a rule seems to earn under ``quirks``; costs are the instrument's own.

    Honest fills are the engine's, whatever made the signals. Otherwise a close without volume fills
    like any other, one that leaves does not turn round, and a trade open at the end is dropped.

    Raises
    ------
    SettingsError
        For what the older systems had not and no quirk says: levels that rest as orders, trail,
        break-even, and the calendar's session exit.
    """
    if quirks.fill == "next_open" and quirks.stop == "touch":
        honest = backtest(bars, signals, stack, instrument, levels=levels)
        return LegacyResult(bars, instrument, stack, honest.trades, honest.equity, quirks)
    _require_possible(bars, stack, quirks, levels)
    rules, terms = rules_of(bars, stack, instrument, levels), terms_of(instrument)
    tape = tape_of(bars, instrument)
    how, resting = _how(bars, stack, quirks), stack
    if how.close_only:
        # Nothing rests in the market, and nothing is rounded to the tick.
        resting = ExitStack(None, None, stack.max_bars_held)
        tape, terms = tape._replace(tick=np.zeros(len(bars))), terms._replace(tick=0.0)
    record, equity = np.empty(len(bars), dtype=TRADE), np.empty(len(bars))
    script = script_of(bars, signals, resting)
    n_trades = run(tape, script, rules, terms, how, record, equity)
    return LegacyResult(bars, instrument, stack, trades_of(record[:n_trades]), equity, quirks)


def _require_possible(bars: Bars, stack: ExitStack, quirks: Quirks, levels: Levels) -> None:
    unknown = {
        "levels that rest as orders": levels == "touch",
        "a trailing stop": stack.distance("trail") is not None,
        "a break-even stop": stack.distance("break_even") is not None,
        "the calendar's session exit": stack.session_exit,
    }
    asked_for = [what for what, is_asked in unknown.items() if is_asked]
    if asked_for:
        raise SettingsError(
            f"{bars.symbol}: {quirks.stamp}; the older systems had not {' or '.join(asked_for)}. "
            "Leave it out, or run without fill and stop."
        )


def _how(bars: Bars, stack: ExitStack, quirks: Quirks) -> How:
    range_ = ema(true_range(bars.high, bars.low, bars.close), stack.atr_length)
    hour, minute = (quirks.auto_close or "24:00").split(":")
    return How(
        quirks.fill == "same_close",
        quirks.stop == "close_only",
        distances(bars, range_, stack.distance("stop_loss")),
        distances(bars, range_, stack.distance("take_profit")),
        bars.minute >= 60 * int(hour) + int(minute),
    )


@jit
def run(
    tape: Tape,
    script: Script,
    rules: Rules,
    terms: Terms,
    how: How,
    record: NDArray[Any],
    equity: Floats,
) -> int:
    """Fill ``record`` (dtype TRADE, a row a trade) and ``equity``; return the number of trades."""
    position, wish = flat(), no_wish()
    cash, n_trades = 0.0, 0
    for j in range(tape.close.size):
        bar, said = bar_at(tape, j), said_at(script, j)
        # The open and inside the bar: what waits from the last close, and levels that rest.
        done = fill(bar, position, wish, rules)
        cash, n_trades = booked(cash, n_trades, record, bar, position, wish, done, rules, terms)
        position, wish = done.position, done.wish
        # The close: a position may leave, or else an entry is asked for; never both.
        wanted = said.enter if may_enter(said) else 0
        if position.side != 0:
            lived = ratcheted(mark(bar, position), said.trail)
            reason, price = at_close(bar, lived, said, wish, how, rules)
            if reason != NONE and (how.same_close or reason not in (RULE, TIME)):
                held = lived if reason in (RULE, TIME) else position
                row = record[n_trades]
                cash += closed(row, bar, held, reason, price, rules, terms)
                if reason == TARGET:  # elsewhere a limit order, which slips nowhere
                    per_point = terms.point_value * row["units"]
                    row["slippage"] += slipped(
                        price, -held.side, bar.slip, rules.slip_frac, per_point
                    )
                lived, n_trades = flat(), n_trades + 1
            elif reason != NONE:
                wish = exit_only(reason)
            position = lived
        elif wanted != 0:
            wish = asked(NONE, wanted, bar, said)
            if how.same_close:
                position = entered(from_its_close(bar), wish, rules)
                cash -= opened(record[n_trades], bar, position, j, rules, terms)
                wish = no_wish()
        equity[j] = cash
        if position.side != 0:
            units = record[n_trades]["units"]
            equity[j] += gain(position.side, position.entry, bar.close, units, terms)
    if position.side != 0:
        equity[int(record[n_trades]["entry_bar"]) :] = cash + record[n_trades]["fees"]
    return n_trades


@jit
def at_close(
    bar: Bar, position: Position, said: Said, wish: Wish, how: How, rules: Rules
) -> tuple[int, float]:
    """Return (reason, price) of the first exit that this close gives, or NONE."""
    if wish.exit != NONE:
        return NONE, bar.close
    reason, level, side = leaves(bar, position, said, rules), bar.close, position.side
    if how.close_only and reason != RULE:
        stop = position.entry - side * how.stop_distance[bar.at]
        target = position.entry + side * how.target_distance[bar.at]
        if side * (stop - bar.close) >= 0.0:
            reason, level = STOP, stop
        elif side * (bar.close - target) >= 0.0:
            reason, level = TARGET, target
        elif reason == NONE and how.shut[bar.at]:
            reason = SESSION
    return reason, traded(level, -side, bar, rules.slip_frac)


@jit
def from_its_close(bar: Bar) -> Bar:
    """Return the bar as an entry at its close sees it: opening there."""
    return Bar(
        bar.at,
        bar.close,
        bar.high,
        bar.low,
        bar.close,
        bar.quiet,
        bar.session,
        bar.session_end,
        bar.closes_only,
        bar.tick,
        bar.slip,
    )


def cutler_rule(bars: Bars, rsi_length: int, rsi_oversold: int, rsi_overbought: int) -> Signals:
    """Return strategy 21's signals as the older systems read strength.

    Cutler's index takes plain means of gains and losses. Theirs had no value in a window without
    a loss: of two bars, after every second rise. ``strength > overbought`` is then never true,
    and what should have left with a profit runs on to its stop, its target or its time.
    """
    strength = cutler_rsi(bars.close, rsi_length)
    enter = 1 * (strength < rsi_oversold) - 1 * (strength > 100 - rsi_oversold)
    return Signals(
        enter.astype(np.int8), strength > rsi_overbought, strength < 100 - rsi_overbought
    )


def cutler_rsi(x: Floats, n_bars: int) -> Floats:
    """Return 100 x gains / (gains + losses), plain means of ``n_bars`` changes.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        At least 1.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 100); NaN in the first ``n_bars`` rows and, a fault kept on purpose, wherever
        nothing was lost.

    References
    ----------
    Cutler's variant of Wilder's index; the fault is that of specs/factory.md 1.1.

    Examples
    --------
    >>> cutler_rsi(np.array([5.0, 6.0, 4.0, 7.0, 8.0]), 2).round(1).tolist()
    [nan, nan, 33.3, 60.0, nan]
    """
    out = np.full(x.size, np.nan)
    if x.size <= n_bars:
        return out
    changes = np.lib.stride_tricks.sliding_window_view(np.diff(x), n_bars)
    gains, losses = changes.clip(min=0.0).sum(axis=1), -changes.clip(max=0.0).sum(axis=1)
    np.divide(100.0 * gains, gains + losses, out=out[n_bars:], where=losses > 0.0)
    return out
