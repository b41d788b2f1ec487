"""The twin of the loop over legs: cash paid and shares held, one leg at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from alphamill.core.market import Bars, Floats, Instrument, Ints

NAN = float("nan")
QUARTER_NS = 900_000_000_000
NOBODY = -1


def by_account(series: Sequence[tuple[Bars, Instrument]], targets: Floats) -> tuple[Floats, Floats]:
    """Return (P&L of each trade that was filled, equity at the closes of the first series)."""
    clock = series[0][0].close_ns
    units = sized(series, targets, clock)
    trade_of = trades_of(units)
    pnl = np.zeros(max(trade_of, default=NOBODY) + 1)
    accounts = [Account(what, pnl) for _, what in series]
    equity = np.zeros(clock.size)
    for account, (bars, _), column in zip(accounts, series, units.T, strict=True):
        equity += run(account, bars, clock, column, trade_of)
    return pnl[sorted(set().union(*(account.filled for account in accounts)))], equity


def sized(series: Any, targets: Floats, clock: Ints) -> Floats:
    """Return targets in units of each leg; rows that cannot be sized, and the last, are silent."""
    units = np.full(targets.shape, NAN)
    for t in range(clock.size - 1):
        worth = [unit_worth(bars, what, clock[t]) for bars, what in series]
        wishes = list(zip(targets[t], worth, strict=True))
        row = [0.0 if wish == 0.0 else wish * worth[0] / value for wish, value in wishes]
        row[0] = targets[t][0]
        if not any(np.isnan(u) and not np.isnan(w) for u, (w, _) in zip(row, wishes, strict=True)):
            units[t] = row
    return units


def unit_worth(bars: Bars, what: Instrument, moment: int) -> float:
    closed = np.flatnonzero(bars.close_ns <= moment)
    if not closed.size:
        return NAN
    worth = what.notional or bars.raw_close[closed[-1]] * what.point_value
    return worth if worth > 0 else NAN


def trades_of(units: Floats) -> list[int]:
    """Return the number of the trade that each close's wishes belong to."""
    side, number, wanted, out = 0, NOBODY, [0.0] * units.shape[1], []
    for row in units:
        wanted = [w if np.isnan(u) else u for u, w in zip(row, wanted, strict=True)]
        now = next((int(np.sign(w)) for w in wanted if w), 0)
        number += now not in (0, side)
        side = now
        out.append(number if now else NOBODY)
    return out


class Account:
    """Cash, shares and the trade they belong to; ``pnl`` is shared by all legs."""

    def __init__(self, what: Instrument, pnl: Floats) -> None:
        self.what, self.pnl, self.filled = what, pnl, set[int]()
        self.cash = self.shares = self.held = 0.0
        self.mine = NOBODY

    def trade(self, price: float, tick: float, to: float, number: int) -> None:
        """Bring what is held to ``to`` units for trade ``number``."""
        price = self.worsened(price, tick, 1 if to > self.held else -1)
        goal = self.goal(price, to)
        turns = goal * self.shares <= 0.0
        grows = abs(goal) > abs(self.shares)
        # All of the old is sold to nobody and all of the new bought; the overlap is free.
        self.book(self.mine, -self.shares, price, abs(self.shares) if turns else 0.0)
        self.book(number, goal, price, abs(goal) if turns else 0.0)
        if not turns:
            self.book(number if grows else self.mine, 0.0, price, abs(goal - self.shares))
        self.shares, self.held, self.mine = goal, to, number if to else NOBODY
        if to:
            self.filled.add(number)

    def worsened(self, price: float, tick: float, side: int) -> float:
        if self.what.slippage_ticks is not None:
            return price + side * self.what.slippage_ticks * tick
        return price + side * abs(price) * (self.what.slippage_bps or 0.0) / 1e4

    def goal(self, price: float, to: float) -> float:
        scale = (self.what.notional or price) / price
        if to * self.held <= 0:
            return to * scale
        if abs(to) <= abs(self.held):
            return self.shares * to / self.held
        return self.shares + (to - self.held) * scale

    def book(self, number: int, change: float, price: float, charged: float) -> None:
        point = self.what.point_value
        paid = change * price * point + self.what.commission_per_side * charged
        paid += self.what.commission_bps / 1e4 * abs(price) * point * charged
        self.cash -= paid
        if number != NOBODY:
            self.pnl[number] -= paid


def run(
    account: Account, bars: Bars, clock: Ints, units: Floats, trade_of: Sequence[int]
) -> Floats:
    """Return one leg's part of the equity."""
    ticks, equity = account.what.ticks(bars.session), np.zeros(clock.size)
    last = np.flatnonzero(bars.close_ns <= clock[-1])[-1:]
    orders = orders_of(bars, clock, units)
    for i in range(len(bars)):
        here = np.flatnonzero(clock >= bars.close_ns[i])
        if i in orders:
            to, number = units[orders[i]], trade_of[orders[i]]
            if here.size and (to != account.held or (to and number != account.mine)):
                account.trade(bars.open[i], ticks[i], to, number)
        if i in last and account.shares:
            account.trade(bars.close[i], ticks[i], 0.0, NOBODY)
        worth = account.shares * bars.close[i] * account.what.point_value
        equity[here] = account.cash + worth
    return equity


def orders_of(bars: Bars, clock: Ints, units: Floats) -> dict[int, int]:
    """Return, for each open that has one, the close whose order fills there."""
    orders = {}
    for t in np.flatnonzero(~np.isnan(units)):
        for i in range(len(bars)):
            opened = bars.close_ns[i] - QUARTER_NS
            opened = max(opened, bars.close_ns[i - 1]) if i else opened
            if opened >= clock[t] and bars.volume[i] != 0.0:
                orders[i] = int(t)
                break
    return orders
