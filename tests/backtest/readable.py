"""One cell, bar by bar, in plain Python: written from the timeline, never from the kernel.

Slow on purpose. Longs and shorts share one text: multiplied by the side, "higher" always means
"better for us". The numbers in the comments are the lines of the timeline in docs/fills.md.
"""

import math
from dataclasses import dataclass
from typing import Any

from alphamill.backtest.exits import ExitStack
from alphamill.core.market import Bars, Instrument, Signals

LIMITS = ("target", "target_gap")
DISTANCES = ("stop_loss", "take_profit", "trail", "break_even")
UNITS = ("atr", "pct", "points")
AT_OPEN = ("stop_gap", "target_gap", "late_session_exit", "rule", "time")
# A level this close to a tick is on it: 991 * 0.1 is not 99.1.
NOISE_TICKS = 1e-6

Trade = dict[str, Any]


def simulate(
    bars: Bars,
    signals: Signals,
    stack: ExitStack,
    instrument: Instrument,
    *,
    levels: str = "close",
) -> tuple[list[Trade], list[float]]:
    """Return the trades (one dict each, the fields of ``Trades``, reasons as words) and equity."""
    return Simulation(bars, signals, stack, instrument, levels).run()


@dataclass
class Position:
    """What is held, the orders that rest for it, and what it has seen."""

    side: int
    units: float
    price: float
    decided: int
    entry_bar: int
    tick: float
    stop: float
    target: float
    fee: float
    slippage: float
    adverse: float
    favourable: float
    best: float
    rule_trail: float
    leaving: str | None = None

    def better(self, a: float, b: float) -> float:
        return max(a, b) if self.side > 0 else min(a, b)

    def worse(self, a: float, b: float) -> float:
        return min(a, b) if self.side > 0 else max(a, b)

    def see(self, price: float) -> None:
        self.adverse = self.worse(self.adverse, price)
        self.favourable = self.better(self.favourable, price)


class Simulation:
    def __init__(
        self,
        bars: Bars,
        signals: Signals,
        stack: ExitStack,
        instrument: Instrument,
        levels: str,
    ) -> None:
        unknown = [math.nan] * len(bars)
        self.n_bars = len(bars)
        self.open, self.high = bars.open.tolist(), bars.high.tolist()
        self.low, self.close = bars.low.tolist(), bars.close.tolist()
        self.quiet = (bars.volume == 0.0).tolist()
        self.session, self.session_end = bars.session.tolist(), bars.session_end.tolist()
        self.raw, self.adjusted = bars.raw_close.tolist(), bars.adjusted
        self.closes_only = bars.closes_only
        self.wanted = signals.enter.tolist()
        self.leaves = {1: signals.leave_long.tolist(), -1: signals.leave_short.tolist()}
        self.floor = unknown if signals.floor is None else signals.floor.tolist()
        self.ceiling = unknown if signals.ceiling is None else signals.ceiling.tolist()
        self.trail = unknown if signals.trail is None else signals.trail.tolist()
        self.touch = levels == "touch"
        self.stack, self.instrument = stack, instrument
        self.on_grid = instrument.slippage_ticks is not None and instrument.tick > 0
        self.tick = instrument.ticks(bars.session).tolist()
        self.atr = wilder_atr(self.high, self.low, self.close, stack.atr_length)
        self.position: Position | None = None
        self.waiting: tuple[int, int] | None = None
        self.realised = 0.0
        self.trades: list[Trade] = []
        self.equity: list[float] = []

    def run(self) -> tuple[list[Trade], list[float]]:
        for j in range(self.n_bars):
            if not self.quiet[j]:
                self.meet_the_open(j)
                self.meet_the_orders(j)
            self.see_the_bar(j)
            if self.stack.session_exit and self.session_end[j]:
                self.close_the_session(j)
            else:
                self.ask_to_leave(j)
                self.tighten(j)
                self.ask_to_enter(j)
            if j == self.n_bars - 1 and self.position:
                self.leave(j, self.close[j], "open_at_end")
            self.mark(j)
        return self.trades, self.equity

    def meet_the_open(self, j: int) -> None:
        held, price = self.position, self.open[j]
        if self.stack.session_exit:
            if self.waiting and self.session[self.waiting[1]] != self.session[j]:
                self.waiting = None  # 1: entries expire at a session change
            if held and not held.leaving and self.session[held.entry_bar] != self.session[j]:
                held.leaving = "late_session_exit"  # 5: the last bar was missing, or quiet
        if held and held.leaving:
            self.leave(j, price, held.leaving)  # 1: exit first; 2: stop and target are cancelled
        elif held and not self.closes_only:
            self.meet_the_gap(j, held)
        if self.waiting:
            self.enter(j, *self.waiting)  # 1: then entry

    def meet_the_gap(self, j: int, held: Position) -> None:
        # 2: at the level is beyond it, for the open is the bar's first price
        price, noise = self.open[j], self.noise(j)
        if held.side * price <= held.side * held.stop + noise:
            self.leave(j, price, "stop_gap")
        elif held.side * price >= held.side * held.target - noise:
            self.leave(j, price, "target_gap")

    def enter(self, j: int, side: int, decided: int) -> None:
        slip = self.slip(j, self.open[j])
        price = self.open[j] + side * slip
        notional = self.instrument.notional
        units = 1.0 if notional is None else notional / price
        fee = self.fee(price, units)
        never = -side * math.inf
        self.position = Position(
            side=side,
            units=units,
            price=price,
            decided=decided,
            entry_bar=j,
            tick=self.tick[j],
            stop=self.stop_at_entry(j, side, price, decided),
            target=self.target_at_entry(j, side, price, decided),
            fee=fee,
            slippage=slip,
            adverse=price,
            favourable=price,
            best=never,
            rule_trail=never,
        )
        self.realised -= fee
        self.waiting = None

    def distance(self, exit_: str, decided: int) -> float | None:
        """Return how far from the fill an exit lies; NaN is not known, None is no such exit."""
        close, raw = self.close[decided], self.raw[decided]
        ranges, percent, points = (getattr(self.stack, f"{exit_}_{unit}") for unit in UNITS)
        if ranges is not None:
            return float(ranges * self.atr[decided])
        if points is not None:
            return float(points * close / raw if self.adjusted == "ratio" else points)
        if percent is not None:
            # An added adjustment is no part of the price that was paid; ratios keep percents.
            paid = raw if self.adjusted == "add" else close
            return float(percent * paid / 100) if paid > 0 else math.nan
        return None

    def stop_at_entry(self, j: int, side: int, price: float, decided: int) -> float:
        stop = -side * math.inf
        distance = self.distance("stop_loss", decided)
        if distance is not None:
            stop = self.round_down_for(side, j, price - side * distance)
        level = self.floor[decided] if side > 0 else self.ceiling[decided]
        if self.touch and not math.isnan(level):
            level = self.round_down_for(side, j, level)
            stop = max(stop, level) if side > 0 else min(stop, level)
        return stop

    def target_at_entry(self, j: int, side: int, price: float, decided: int) -> float:
        target = side * math.inf
        distance = self.distance("take_profit", decided)
        if distance is not None:
            target = self.round_up_for(side, j, price + side * distance)
        level = self.ceiling[decided] if side > 0 else self.floor[decided]
        if self.touch and not math.isnan(level):
            level = self.round_up_for(side, j, level)
            target = min(target, level) if side > 0 else max(target, level)
        return target

    def meet_the_orders(self, j: int) -> None:
        held = self.position
        if not held:
            return
        noise = self.noise(j)
        against, with_us = (
            (self.low[j], self.high[j]) if held.side > 0 else (self.high[j], self.low[j])
        )
        stopped = held.side * against <= held.side * held.stop + noise
        reached = held.side * with_us >= held.side * held.target - noise
        if stopped:
            # 4: a stop never fills better than the bar allows; closes are all a close-only bar has
            price = self.close[j] if self.closes_only else held.worse(held.stop, self.open[j])
            self.leave(j, price, "stop", ambiguous=reached)
        elif reached:
            held.adverse = held.worse(held.adverse, against)
            # A level behind the entry fills at once; at any later bar that is a gap (line 2).
            behind = held.target if self.closes_only else self.open[j]
            self.leave(j, held.better(held.target, behind), "target")

    def see_the_bar(self, j: int) -> None:
        held = self.position
        if held:
            held.see(self.high[j])
            held.see(self.low[j])
            held.best = held.better(held.best, self.high[j] if held.side > 0 else self.low[j])

    def close_the_session(self, j: int) -> None:
        if self.position and not self.quiet[j]:
            self.leave(j, self.close[j], "session")

    def ask_to_leave(self, j: int) -> None:
        held, close = self.position, self.close[j]
        if not held or held.leaving:
            return
        if not math.isnan(self.trail[j]):
            level = held.best - held.side * self.trail[j]
            held.rule_trail = held.better(held.rule_trail, level)
        beyond_levels = not self.touch and (
            close < self.floor[held.decided] or close > self.ceiling[held.decided]
        )
        beyond_trail = held.side * close < held.side * held.rule_trail
        bars_held = j - held.entry_bar + 1
        if self.leaves[held.side][j] or beyond_levels or beyond_trail:
            held.leaving = "rule"
        elif self.stack.max_bars_held is not None and bars_held >= self.stack.max_bars_held:
            held.leaving = "time"

    def tighten(self, j: int) -> None:
        held = self.position
        if not held:
            return
        distance = self.distance("trail", held.decided)
        if distance is not None:
            level = self.round_down_for(held.side, j, held.best - held.side * distance)
            held.stop = held.better(held.stop, level)
        distance = self.distance("break_even", held.decided)
        gained = held.side * (held.best - held.price)
        if distance is not None and gained >= distance - self.noise(j):
            level = self.round_down_for(held.side, j, held.price)
            held.stop = held.better(held.stop, level)

    def ask_to_enter(self, j: int) -> None:
        side, held = self.wanted[j], self.position
        if side == 0:
            return
        away = [self.distance(exit_, j) for exit_ in DISTANCES]
        if any(distance is not None and math.isnan(distance) for distance in away):
            return
        is_reversal = held is not None and held.leaving is not None and side == -held.side
        if held is None or is_reversal:
            self.waiting = (side, j)

    def leave(self, j: int, price: float, reason: str, *, ambiguous: bool = False) -> None:
        held = self.position
        assert held is not None
        slip = 0.0 if reason in LIMITS else self.slip(j, price)
        fill = price - held.side * slip
        held.see(fill)
        fee = self.fee(fill, held.units)
        gross = self.gross(j, held, fill)
        per_point = self.instrument.point_value * held.units
        self.trades.append(
            {
                "decided": held.decided,
                "entry_bar": held.entry_bar,
                "exit_bar": j,
                "side": held.side,
                "units": held.units,
                "entry_price": held.price,
                "exit_price": fill,
                "pnl": gross - held.fee - fee,
                "fees": held.fee + fee,
                "slippage": (held.slippage + slip) * per_point,
                "mae": self.gross(j, held, held.adverse),
                "mfe": self.gross(j, held, held.favourable),
                "bars_held": j - held.entry_bar + (reason not in AT_OPEN),
                "reason": reason,
                "ambiguous": ambiguous,
            }
        )
        self.realised += gross - fee
        self.position = None

    def mark(self, j: int) -> None:
        held = self.position
        open_pnl = self.gross(j, held, self.close[j]) if held else 0.0
        self.equity.append(self.realised + open_pnl)

    def gross(self, j: int, held: Position, price: float) -> float:
        difference, point_value = held.side * (price - held.price), self.instrument.point_value
        if not self.on_grid:
            return float(difference * point_value * held.units)
        # A trade may span a change of tick: the finer of the two holds both prices.
        tick = min(held.tick, self.tick[j])
        return float(round(difference / tick) * (tick * point_value) * held.units)

    def fee(self, price: float, units: float) -> float:
        percent = self.instrument.commission_bps / 1e4 * price * self.instrument.point_value
        return units * (self.instrument.commission_per_side + percent)

    def slip(self, j: int, price: float) -> float:
        if self.instrument.slippage_ticks is not None:
            return float(self.instrument.slippage_ticks * self.tick[j])
        return price * (self.instrument.slippage_bps or 0.0) / 1e4

    def noise(self, j: int) -> float:
        return float(NOISE_TICKS * self.tick[j]) if self.on_grid else 0.0

    def round_down_for(self, side: int, j: int, price: float) -> float:
        """Round to the tick, down for a long and up for a short."""
        if not self.on_grid or math.isnan(price):
            return price
        return float(side * math.floor(side * price / self.tick[j] + NOISE_TICKS) * self.tick[j])

    def round_up_for(self, side: int, j: int, price: float) -> float:
        """Round to the tick, up for a long and down for a short."""
        return -self.round_down_for(side, j, -price)


def wilder_atr(high: list[float], low: list[float], close: list[float], n_bars: int) -> list[float]:
    ranges, out = [], []
    for j in range(len(close)):
        previous = close[j - 1] if j else close[j]
        previous = close[j - 1] if j else high[j]
        true_range = max(high[j], previous) - min(low[j], previous)
        ranges.append(true_range)
        if j < n_bars - 1:
            out.append(math.nan)
        elif j == n_bars - 1:
            out.append(sum(ranges) / n_bars)
        else:
            out.append(out[-1] + (true_range - out[-1]) / n_bars)
    return out
