"""A cell replayed as live would run it: one bar at a time, all memory stored between bars.

The account here is written plainly and apart from the loop's; only ``fill``, ``mark`` and
``decide`` are shared, which is what parity means.
"""

import json
import math
from typing import Any

from alphamill.backtest import state
from alphamill.backtest.engine import rules_of, script_of, tape_of
from alphamill.backtest.kernel import decide, fill, flat, mark, no_wish, traded
from alphamill.backtest.loop import bar_at, said_at
from alphamill.backtest.state import NONE, OPEN_AT_END, REASONS


class Account:
    """Cash, the open trade and the closed ones, in account currency."""

    def __init__(self, cell: Any) -> None:
        self.instrument = cell.instrument
        self.tick = cell.instrument.tick if cell.instrument.slippage_ticks is not None else 0.0
        history = [tick for _, tick in cell.instrument.tick_history]
        self.tick = min([self.tick, *history]) if self.tick else 0.0
        self.cash, self.open, self.closed = 0.0, {}, []

    def buy_in(self, at: int, asked_at: int, side: int, price: float) -> None:
        units = self.instrument.notional / price if self.instrument.notional else 1.0
        fee = self._fee(price, units)
        self.cash -= fee
        self.open = {
            "decided": asked_at,
            "entry_bar": at,
            "side": side,
            "units": units,
            "entry_price": price,
            "fees": fee,
        }

    def get_out(self, at: int, reason: int, price: float) -> None:
        gross, fee = self.worth(price), self._fee(price, self.open["units"])
        self.cash += gross - fee
        row = {**self.open, "exit_bar": at, "exit_price": price, "reason": REASONS[reason]}
        row["fees"] += fee
        row["pnl"] = gross - row["fees"]
        self.closed.append(row)
        self.open = {}

    def worth(self, price: float) -> float:
        if not self.open:
            return 0.0
        move = price - self.open["entry_price"]
        if self.tick:
            move = round(move / self.tick) * self.tick
        return self.open["side"] * move * self.instrument.point_value * self.open["units"]

    def _fee(self, price: float, units: float) -> float:
        percent = self.instrument.commission_bps / 1e4 * abs(price) * self.instrument.point_value
        return (self.instrument.commission_per_side + percent) * units


def replay(cell: Any) -> tuple[list[dict[str, Any]], list[float]]:
    """Return trades (without excursions) and equity of a cell run bar by bar."""
    tape = tape_of(cell.bars, cell.instrument)
    script = script_of(cell.bars, cell.signals, cell.stack)
    rules = rules_of(cell.bars, cell.stack, cell.instrument, cell.levels)
    account, equity = Account(cell), []
    kept = _stored(flat(), no_wish())
    for j in range(len(cell.bars)):
        position, wish = _restored(kept)
        bar = bar_at(tape, j)
        done = fill(bar, position, wish, rules)
        if done.open_reason != NONE:
            account.get_out(j, done.open_reason, done.open_price)
        if not math.isnan(done.entry_price):
            account.buy_in(j, wish.at, wish.enter, done.entry_price)
        if done.late_reason != NONE:
            account.get_out(j, done.late_reason, done.late_price)
        position = mark(bar, done.position) if done.position.side else done.position
        if j == len(cell.bars) - 1 and position.side:
            account.get_out(j, OPEN_AT_END, traded(bar.close, -position.side, bar, rules.slip_frac))
        else:
            kept = _stored(*decide(bar, position, done.wish, said_at(script, j), rules))
        equity.append(account.cash + account.worth(bar.close))
    return account.closed, equity


def _stored(position: state.Position, wish: state.Wish) -> str:
    return json.dumps([list(map(_plain, position)), list(map(_plain, wish))])


def _restored(text: str) -> tuple[state.Position, state.Wish]:
    position, wish = json.loads(text)
    return state.Position(*position), state.Wish(*wish)


def _plain(value: Any) -> int | float:
    return int(value) if isinstance(value, int) else float(value)
