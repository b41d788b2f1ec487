"""The older systems' fills in plain Python, written from the specification, never from the kernel.

``Quirks`` are asked one by one, so that each line shows whose fault it is. Longs and shorts share
one text: multiplied by the side, "higher" always means "better for us".
"""

import math
from dataclasses import dataclass
from typing import Any

from alphamill.backtest.exits import ExitStack
from alphamill.backtest.legacy import Quirks
from alphamill.core.market import Bars, Instrument, Signals

from .readable import Simulation

Answer = tuple[list[dict[str, Any]], list[float]]


@dataclass
class Held:
    side: int
    price: float
    units: float
    decided: int
    entry_bar: int
    before: float
    stop: float
    target: float
    best: float
    trail: float
    bars_held: int = 0
    leaving: str = ""


class Walk:
    def __init__(
        self,
        bars: Bars,
        signals: Signals,
        stack: ExitStack,
        instrument: Instrument,
        quirks: Quirks,
    ) -> None:
        # The honest twin knows bars, levels, ranges and the tick; none of its steps are taken.
        self.know = Simulation(bars, signals, stack, instrument, "close")
        self.stack, self.instrument, self.minute = stack, instrument, bars.minute.tolist()
        self.same_close = quirks.fill == "same_close"
        self.at_closes = quirks.stop == "close_only"
        hour, _, minute = (quirks.auto_close or "24:00").partition(":")
        self.shut_from = 60 * int(hour) + int(minute)
        if self.at_closes:
            self.know.on_grid = False
            self.know.atr = ema_of_ranges(bars, stack.atr_length)
        self.held: Held | None = None
        self.waiting: tuple[int, int] | None = None
        self.cash = 0.0
        self.trades: list[dict[str, Any]] = []

    def run(self) -> Answer:
        equity = []
        for j in range(self.know.n_bars):
            if not self.know.quiet[j]:
                self.open(j)
                self.inside(j)
            if self.held:
                self.judge(j, self.held)
            else:
                self.ask(j)
            equity.append(
                self.cash + (self.worth(self.held, self.know.close[j]) if self.held else 0)
            )
        if self.held:
            first = self.held.entry_bar
            equity[first:] = [self.held.before] * (len(equity) - first)
        return self.trades, equity

    def open(self, j: int) -> None:
        held, price = self.held, self.know.open[j]
        if held and held.leaving:
            self.sell(j, held, price, held.leaving)
        elif held and not self.at_closes and not self.know.closes_only:
            if held.side * price <= held.side * held.stop + self.know.noise(j):
                self.sell(j, held, price, "stop_gap")
            elif held.side * price >= held.side * held.target - self.know.noise(j):
                self.sell(j, held, price, "target_gap", slips=False)
        if self.waiting:
            self.buy(j, *self.waiting, price)
            self.waiting = None

    def inside(self, j: int) -> None:
        held = self.held
        if not held or self.at_closes or (self.same_close and held.entry_bar == j):
            return
        low, high = self.know.low[j], self.know.high[j]
        against, along = (low, high) if held.side > 0 else (high, low)
        if held.side * against <= held.side * held.stop + self.know.noise(j):
            price = held.side * min(held.side * held.stop, held.side * self.know.open[j])
            self.sell(j, held, self.know.close[j] if self.know.closes_only else price, "stop")
        elif held.side * along >= held.side * held.target - self.know.noise(j):
            self.sell(j, held, held.target, "target", slips=False)

    def judge(self, j: int, held: Held) -> None:
        know, close = self.know, self.know.close[j]
        held.bars_held += 1
        seen = know.high[j] if held.side > 0 else know.low[j]
        held.best = held.side * max(held.side * held.best, held.side * seen)
        if not math.isnan(know.trail[j]):
            level = held.side * (held.best - held.side * know.trail[j])
            held.trail = held.side * max(held.side * held.trail, level)
        if held.leaving:
            return
        floor, ceiling = know.floor[held.decided], know.ceiling[held.decided]
        is_beyond = close < floor or close > ceiling or held.side * close < held.side * held.trail
        if know.leaves[held.side][j] or is_beyond:
            self.sell_or_wait(j, held, "rule")
        elif self.at_closes and held.side * close <= held.side * self.level(j, held, "stop_loss"):
            self.sell(j, held, self.level(j, held, "stop_loss"), "stop")
        elif self.at_closes and held.side * close >= held.side * self.level(j, held, "take_profit"):
            self.sell(j, held, self.level(j, held, "take_profit"), "target")
        elif held.bars_held >= (self.stack.max_bars_held or math.inf):
            self.sell_or_wait(j, held, "time")
        elif self.minute[j] >= self.shut_from:
            self.sell(j, held, close, "session")

    def level(self, j: int, held: Held, exit_: str) -> float:
        """Return where an exit lies now, by the range of now."""
        away = self.know.distance(exit_, j)
        away = math.inf if away is None else away
        return held.price + held.side * (away if exit_ == "take_profit" else -away)

    def ask(self, j: int) -> None:
        side = self.know.wanted[j]
        away = [self.know.distance(exit_, j) for exit_ in ("stop_loss", "take_profit")]
        is_unknown = any(d is not None and math.isnan(d) for d in away)
        if side == 0 or (is_unknown and not self.at_closes):
            return
        if self.same_close:
            self.buy(j, side, j, self.know.close[j])
        else:
            self.waiting = (side, j)

    def buy(self, j: int, side: int, decided: int, price: float) -> None:
        price += side * self.know.slip(j, price)
        notional = self.instrument.notional
        units = 1.0 if notional is None else notional / price
        levels = (math.inf, math.inf) if self.at_closes else self.resting(j, side, decided, price)
        self.held = Held(
            *(side, price, units, decided, j, self.cash),
            stop=levels[0],
            target=levels[1],
            best=-side * math.inf,
            trail=-side * math.inf,
        )
        self.cash -= self.know.fee(price, units)

    def resting(self, j: int, side: int, decided: int, price: float) -> tuple[float, float]:
        stop = self.know.stop_at_entry(j, side, price, decided)
        return stop, self.know.target_at_entry(j, side, price, decided)

    def sell_or_wait(self, j: int, held: Held, reason: str) -> None:
        if self.same_close:
            self.sell(j, held, self.know.close[j], reason)
        else:
            held.leaving = reason

    def sell(self, j: int, held: Held, price: float, reason: str, *, slips: bool = True) -> None:
        price -= held.side * self.know.slip(j, price) if slips else 0.0
        gross, fee = self.worth(held, price), self.know.fee(price, held.units)
        self.cash += gross - fee
        fees = self.know.fee(held.price, held.units) + fee
        row = {
            "decided": held.decided,
            "entry_bar": held.entry_bar,
            "exit_bar": j,
            "side": held.side,
            "units": held.units,
            "entry_price": held.price,
            "exit_price": price,
            "fees": fees,
            "pnl": gross - fees,
            "reason": reason,
        }
        self.trades.append(row)
        self.held = None

    def worth(self, held: Held, price: float) -> float:
        points = held.side * (price - held.price)
        return float(points * self.instrument.point_value * held.units)


def ema_of_ranges(bars: Bars, n_bars: int) -> list[float]:
    """Return the exponential average of true ranges, unknown for the first ``n_bars - 1``."""
    high, low, close = bars.high.tolist(), bars.low.tolist(), bars.close.tolist()
    average, out = high[0] - low[0], []
    for j in range(len(close)):
        before = close[max(j - 1, 0)] if j else high[j]
        range_ = max(high[j], before) - min(low[j], before)
        average += (range_ - average) * 2 / (n_bars + 1)
        out.append(average if j >= n_bars - 1 else math.nan)
    return out
