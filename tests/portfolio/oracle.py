"""A second account, written from the rules alone: no coordinator, no marks, no compiled code.

Slow and plain on purpose: at every close of any bar, every rule is looked at again.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alphamill.backtest.state import REASONS
from alphamill.core.market import Instrument
from alphamill.portfolio.limits import Cap, Limits
from alphamill.portfolio.sizing import Sizing
from alphamill.portfolio.streams import Market, Stream

INSIDE = {"stop", "target", "session", "open_at_end"}


@dataclass
class Ticket:
    """One signal's trade, and what became of it."""

    stream: Stream
    k: int
    market: Market
    state: str = "asked"  # asked, waiting, open, shut
    going: bool = False
    forced: str = ""
    size: int = 0
    shut_at: int = 0
    pnl: float = 0.0

    def __getattr__(self, name: str) -> Any:
        """Return a column of the stream's row."""
        return getattr(self.stream.trades, name)[self.k].item()

    @property
    def why(self) -> str:
        return REASONS[self.reason]

    def worth(self, price: float, fills: int) -> float:
        """Return one unit's P&L at ``price`` after the fees of ``fills`` fills."""
        i: Instrument = self.market.instrument
        fees = [fee(i, self.entry_price, self.units), fee(i, price, self.units)]
        moved = self.side * (price - self.entry_price)
        return float(moved * i.point_value * self.units - sum(fees[:fills]))


def fee(i: Instrument, price: float, units: float) -> float:
    by_value = i.commission_bps / 1e4 * abs(price) * i.point_value * units
    return i.commission_per_side * units + by_value


@dataclass
class Told:
    """What the account did: by (key, row) the answers and trades, by trade date the sessions."""

    answers: dict[tuple[str, int], str] = field(default_factory=dict)
    trades: dict[tuple[str, int], tuple[int, int, str, float]] = field(default_factory=dict)
    equity: dict[int, float] = field(default_factory=dict)
    state: dict[int, tuple[str, bool, int]] = field(default_factory=dict)


class Account:
    """The rules, one method a paragraph of `Limits`."""

    def __init__(self, limits: Limits, sizing: Sizing, capital: float) -> None:
        self.limits, self.sizing, self.capital = limits, sizing, capital
        self.cash = self.equity = self.day_start = self.high = capital
        self.status, self.over, self.date, self.days_reducing = "active", False, 0, 0
        self.tickets: list[Ticket] = []
        self.told = Told()

    def new_day(self, date: int) -> None:
        self.date, self.over, self.day_start = date, False, self.equity
        self.high = max(self.high, self.equity)
        if self.status != "reducing":
            return
        self.days_reducing += 1
        if self.limits.reducing_sessions and self.days_reducing >= self.limits.reducing_sessions:
            self.high = self.equity
        if self.high - self.equity < (self.limits.drawdown_reduce or math.inf):
            self.status = "active"

    def shut(self, ticket: Ticket, t: int, bar: int, pnl: float, forced: str) -> None:
        ticket.state, ticket.shut_at = "shut", bar
        ticket.pnl = ticket.size * pnl
        self.cash += ticket.pnl
        row = (ticket.size, t, forced or "own", ticket.pnl)
        self.told.trades[ticket.stream.key, ticket.k] = row
        ticket.forced = forced

    def market_fills(self, t: int, closing: Mapping[str, int]) -> None:
        open_ = [x for x in self.tickets if x.state == "open"]
        for x in open_:
            bar = closing.get(x.stream.symbol, -1)
            if bar < 0:
                continue
            if x.forced and x.market.bars.volume[bar] != 0:
                self.shut(x, t, bar, x.worth(forced_price(x, bar), 2), x.forced)
            elif not x.forced and x.exit_bar == bar and x.why not in INSIDE:
                self.shut(x, t, bar, x.worth(x.exit_price, 2), "")
        for x in [x for x in self.tickets if x.state == "waiting"]:
            if closing.get(x.stream.symbol, -1) == x.entry_bar:
                self.let_in(x)
        for x in [x for x in self.tickets if x.state == "open"]:
            if closing.get(x.stream.symbol, -1) == x.exit_bar:
                self.shut(x, t, x.exit_bar, x.worth(x.exit_price, 2), "")

    def let_in(self, x: Ticket) -> None:
        open_ = [o for o in self.tickets if o.state == "open"]
        relied = any(o.going for o in open_)
        if relied and (len(open_) >= self.limits.max_positions or self.objection(x, open_)):
            x.state, x.shut_at = "shut", x.entry_bar
            x.forced = "never"
            self.told.answers[x.stream.key, x.k] = "not_freed"
        else:
            x.state = "open"

    def look(self, last: Mapping[str, int]) -> None:
        """Mark at the last closes, and shut the account where it has lost too much."""
        open_ = [x for x in self.tickets if x.state == "open"]
        for x in open_:
            if not x.forced and x.turned <= last[x.stream.symbol] < x.exit_bar:
                x.going = True
        self.equity = self.cash
        for x in open_:
            close = x.market.bars.close[last[x.stream.symbol]].item()
            self.equity += x.size * x.worth(close, 1)
        self.over |= self.day_start - self.equity >= (self.limits.daily_stop or math.inf)
        lost = self.high - self.equity
        if lost >= (self.limits.drawdown_halt or math.inf):
            self.status = "halted"
        elif self.status == "active" and lost >= (self.limits.drawdown_reduce or math.inf):
            self.status, self.days_reducing = "reducing", 0
        if self.over or self.status == "halted":
            self.shut_down(last)

    def shut_down(self, last: Mapping[str, int]) -> None:
        for x in self.tickets:
            if x.state == "open" and not x.going:
                x.going, x.forced = True, "halted" if self.status == "halted" else "daily_stop"
            if x.state == "waiting":
                x.state, x.forced, x.shut_at = "shut", "never", last[x.stream.symbol]
                self.told.answers[x.stream.key, x.k] = "cancelled"

    def hears(self, x: Ticket) -> bool:
        """Return True where the strategy has nothing, or its last trade lets it speak."""
        mine = [o for o in self.tickets if o.stream is x.stream]
        if not mine:
            return True
        last = mine[-1]
        if last.state == "shut" and last.forced:
            return bool(x.decided >= last.shut_at)
        if last.forced:
            return False
        return bool(x.decided >= (last.free if last.side == x.side else last.turned))

    def answer(self, x: Ticket) -> str:
        if self.status != "active":
            return self.status
        if self.over:
            return "daily_stop"
        beside = [o for o in self.tickets if o.state in ("waiting", "open") and not o.going]
        worst = None
        if len(beside) >= self.limits.max_positions:
            lower = [o for o in beside if o.state == "open" and o.priority < x.priority]
            if self.limits.when_full == "skip" or not lower:
                return "max_positions"
            worst = sorted(lower, key=lambda o: (-o.priority, o.stream.key))[-1]
            beside.remove(worst)
        x.size = self.size(x)
        objection = self.objection(x, beside)
        if not objection and worst is not None:
            worst.going, worst.forced = True, "displaced"
        return objection or "yes"

    def objection(self, x: Ticket, beside: list[Ticket]) -> str:
        limits = self.limits
        there = [o for o in beside if o.stream.symbol == x.stream.symbol]
        if limits.sharing == "one" and there:
            return "instrument_taken"
        if limits.sharing == "same_side" and [o for o in there if o.side != x.side]:
            return "opposite_side"
        kinds = (
            ("strategy_cap", limits.per_strategy, lambda o: o.stream.strategy),
            ("class_cap", limits.per_class, lambda o: o.market.instrument.asset_class),
            ("cluster_cap", limits.per_cluster, lambda o: o.stream.cluster),
        )
        for name, cap, kind in kinds:
            if len([o for o in beside if kind(o) == kind(x)]) >= most(cap, kind(x)):
                return name
        if x.size == 0:
            return "no_units"
        return self.too_dear([*beside, x])

    def too_dear(self, tickets: list[Ticket]) -> str:
        if self.limits.margin_frac is None:
            return ""
        need = 0.0
        for symbol in {x.stream.symbol for x in tickets}:
            its = [x for x in tickets if x.stream.symbol == symbol]
            need += abs(sum(x.side * x.size for x in its)) * its[0].market.instrument.margin
        return "margin" if need > self.limits.margin_frac * self.equity else ""

    def size(self, x: Ticket) -> int:
        s, odds = self.sizing, x.stream.trades.odds
        if s.method == "one_lot":
            return 1
        equity = self.equity if s.compounding else self.capital
        at_risk, p, b = (c[x.k].item() for c in (odds.at_risk, odds.probability, odds.payoff))
        budget, each = s.frac * equity, at_risk
        if s.method == "volatility_target":
            each = odds.volatility[x.k].item() * math.sqrt(s.sessions_a_year)
        if s.method == "kelly":
            budget = min(s.frac, s.multiple * (p - (1 - p) / b)) * equity
        if not (each > 0 and budget > 0):
            return 0
        return min(s.max_units, math.floor(budget / each * (1 + 1e-9)))


def most(cap: Cap, name: str) -> float:
    found = cap.named.get(name, cap.default)
    return math.inf if found is None else found


def forced_price(x: Ticket, bar: int) -> float:
    """Return the open of a bar after slippage, on a grid of quarter points or off it."""
    i, price = x.market.instrument, x.market.bars.open[bar].item()
    if i.slippage_ticks is not None:
        return float(price - x.side * i.slippage_ticks * i.tick)
    return float(price - x.side * abs(price) * (i.slippage_bps or 0.0) / 1e4)


def replaced(stream: Stream, k: int) -> bool:
    """Return True where a later signal of the same side fills at the same open."""
    t = stream.trades
    same = (t.entry_bar == t.entry_bar[k]) & (t.side == t.side[k])
    return bool(same[k + 1 :].any())


def brute_force(
    streams: tuple[Stream, ...],
    markets: Mapping[str, Market],
    limits: Limits,
    sizing: Sizing,
    capital: float,
) -> Told:
    """Return what the account does, bar by bar."""
    account = Account(limits, sizing, capital)
    moments = sorted({int(ns) for m in markets.values() for ns in m.bars.close_ns})
    last = dict.fromkeys(markets, -1)
    for t, now in enumerate(moments):
        closing = {}
        for symbol, market in markets.items():
            if (
                last[symbol] + 1 < len(market.bars)
                and market.bars.close_ns[last[symbol] + 1] == now
            ):
                last[symbol] += 1
                closing[symbol] = last[symbol]
        date = max(markets[symbol].bars.session[bar].item() for symbol, bar in closing.items())
        if date > account.date:
            account.new_day(date)
        account.market_fills(t, closing)
        account.look(last)
        n_open = len([x for x in account.tickets if x.state == "open"])
        account.told.equity[account.date] = account.equity
        account.told.state[account.date] = account.status, account.over, n_open
        ask(account, streams, markets, closing)
    return account.told


def ask(
    account: Account,
    streams: tuple[Stream, ...],
    markets: Mapping[str, Market],
    closing: Mapping[str, int],
) -> None:
    now = [
        Ticket(stream, k, markets[stream.symbol])
        for stream in streams
        for k in range(stream.trades.decided.size)
        if stream.trades.decided[k] == closing.get(stream.symbol, -1) and not replaced(stream, k)
    ]
    for x in sorted(now, key=lambda x: (-x.priority, x.stream.key)):
        if account.hears(x):
            told = account.answer(x)
            account.told.answers[x.stream.key, x.k] = told
            if told == "yes":
                x.state = "waiting"
                account.tickets.append(x)
