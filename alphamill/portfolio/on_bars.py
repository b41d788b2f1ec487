"""The slow truth: the coordinator object itself, told of every bar of every market.

Nothing is precomputed. It is what a chosen set is judged by, and what the fast simulator is held
equal to; on paper and live the same object hears the same calls in the same order.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alphamill.backtest.costs import fee, gain, grid_of, on_the_grid, terms_of
from alphamill.backtest.kernel import paid
from alphamill.backtest.state import Terms
from alphamill.core.market import Flags, Floats
from alphamill.portfolio.account.prepare import Prepared
from alphamill.portfolio.coordinator import Coordinator
from alphamill.portfolio.limits import REASONS, STATUSES, Limits, Wish
from alphamill.portfolio.outcome import WHYS, Run, Taken
from alphamill.portfolio.sizing import Sizing, units_per_currency, whole_units
from alphamill.portfolio.streams import STOPPED, Market

_NEVER = math.inf


class Series:
    """One market, read bar by bar: the bar that closes at a moment, and the last one closed."""

    def __init__(self, market: Market) -> None:
        self.bars, instrument = market.bars, market.instrument
        self.terms: Terms = terms_of(instrument)
        self.margin = float(instrument.margin)
        self.tick, self.slip = grid_of(self.bars, instrument)
        on_grid = on_the_grid(instrument)
        self.slip_frac = 0.0 if on_grid else (instrument.slippage_bps or 0.0) / 1e4
        self.at = -1
        self.fresh = False

    def step(self, now_ns: int) -> None:
        following = self.at + 1
        self.fresh = following < len(self.bars) and self.bars.close_ns[following] == now_ns
        self.at += self.fresh

    @property
    def trades(self) -> bool:
        """Return True where a bar closes now in which orders fill."""
        return self.fresh and self.bars.volume[self.at] != 0.0

    def value(self, trade: "Trade", price: float) -> float:
        """Return one unit's net worth at ``price``, its entry's fee paid."""
        gross = gain(trade.side, trade.price, price, trade.units, self.terms)
        return float(gross - fee(trade.price, trade.units, self.terms))

    def settled(self, trade: "Trade", price: float) -> float:
        """Return one unit's net P&L when it leaves at ``price``."""
        fees = fee(trade.price, trade.units, self.terms) + fee(price, trade.units, self.terms)
        return float(gain(trade.side, trade.price, price, trade.units, self.terms) - fees)

    def market_exit(self, side: int) -> float:
        """Return what a market order receives (or pays) at the open of the bar that closes now."""
        j = self.at
        price = paid(self.bars.open[j], -side, self.tick[j], self.slip[j], self.slip_frac)
        return float(price)


@dataclass(frozen=True)
class Trade:
    """One row of a stream in plain numbers; bars are the instrument's own."""

    side: int
    entry_bar: int
    exit_bar: int
    free: int
    turned: int
    price: float
    out: float
    units: float
    at_open: bool
    stopped: bool


@dataclass(frozen=True)
class Place:
    """A granted wish: its row among all wishes, its stream and its trade."""

    row: int
    stream: int
    trade: Trade
    units: int
    why: str = "own"


class Replay:
    """One run over every moment of the clock."""

    def __init__(self, prepared: Prepared, limits: Limits, sizing: Sizing, capital: float) -> None:
        self.prepared, self.sizing, self.capital = prepared, sizing, float(capital)
        self.account = Coordinator(limits, capital)
        self.series = {symbol: Series(market) for symbol, market in prepared.markets.items()}
        self.slope = units_per_currency(sizing, prepared.odds)
        self.places: dict[str, Place] = {}
        self.cash = self.capital
        # By stream: side of its last entry, and the bars from which on it can be heard again.
        self.heard: dict[int, tuple[int, float, float]] = {}
        self.answers = np.full(prepared.signal.size, -1, dtype=np.int8)
        self.taken: list[tuple[int, int, int, int, float]] = []
        self.slots: dict[str, int] = {}
        self.lowest = math.inf

    def begin(self, session: int) -> None:
        self.account.roll(session)
        self.lowest = self.account.start

    def fills(self, t: int) -> None:
        """Let the bars that close now fill what was wanted before: out, in, and out inside."""
        for key in list(self.places):
            place = self.places[key]
            if self.open(key) and self.goes_out_at_open(place):
                self.close(key, t, forced=place.why != "own")
        for key in list(self.places):
            if not self.open(key) and self.bar_of(place := self.places[key]) == (
                place.trade.entry_bar
            ):
                self.enter(key)
        self.lowest = min(self.lowest, self.deepest())
        for key in list(self.places):
            place = self.places[key]
            if self.open(key) and self.ends_here(place):
                self.places[key] = replace(place, why="own")
                self.hear(place, place.trade.free, place.trade.turned)
                self.close(key, t, forced=False)

    def goes_out_at_open(self, place: Place) -> bool:
        if place.why != "own":
            return self.series_of(place).trades
        return place.trade.at_open and self.ends_here(place)

    def ends_here(self, place: Place) -> bool:
        return self.bar_of(place) == place.trade.exit_bar

    def enter(self, key: str) -> None:
        place = self.places[key]
        answer = self.account.confirm(key)
        if not answer.yes:
            self.take_back(key, answer.reason)
            return
        self.account.opened(key)
        self.slots[key] = len(self.taken)
        self.taken.append((place.row, place.units, -1, 0, 0.0))

    def close(self, key: str, t: int, *, forced: bool) -> None:
        place, series = self.places[key], self.series_of(self.places[key])
        price = series.market_exit(place.trade.side) if forced else place.trade.out
        earned = place.units * series.settled(place.trade, price)
        self.cash += earned
        why = WHYS.index(place.why)
        self.taken[self.slots[key]] = (place.row, place.units, t, why, earned)
        if forced:
            self.hear(place, series.at, series.at)
        self.account.closed(key)
        del self.places[key]

    def judge(self) -> None:
        """Let strategies go that have decided to; mark the account and do what it demands."""
        for key, place in self.places.items():
            decided = place.trade.turned <= self.series_of(place).at < place.trade.exit_bar
            if self.open(key) and place.why == "own" and decided:
                self.account.leaving(key)
        equity = self.cash
        for key, place in self.places.items():
            if self.open(key):
                equity += place.units * self.worth(place)
        orders = self.account.mark(equity)
        for key in orders.flatten:
            self.force(key, "halted" if self.account.status == "halted" else "daily_stop")
        for key in orders.cancel:
            self.take_back(key, "cancelled")

    def ask(self, rows: Iterator[int]) -> None:
        """Ask for what the strategies among ``rows`` wish at this close."""
        asked = {f"{row:09d}": self.wish(row) for row in rows if self.hears(row)}
        for answer in self.account.ask([wish for wish, _ in asked.values()]):
            wish, place = asked[answer.id]
            self.answers[place.row] = REASONS.index(answer.reason)
            if answer.yes:
                if answer.displaces:
                    self.force(answer.displaces, "displaced")
                self.places[wish.id] = place
                self.hear(place, place.trade.free, place.trade.turned)

    def hears(self, row: int) -> bool:
        """Return True where the strategy is in no position, or turns around."""
        stream = int(self.prepared.asked["stream"][row])
        trade = self.trade(row)
        side, free, turned = self.heard.get(stream, (0, 0.0, 0.0))
        at = self.prepared.streams[stream].trades.decided[self.prepared.signal[row]]
        return bool(at >= (free if side == trade.side else turned))

    def wish(self, row: int) -> tuple[Wish, Place]:
        stream = int(self.prepared.asked["stream"][row])
        source, trade = self.prepared.streams[stream], self.trade(row)
        market = self.prepared.markets[source.symbol]
        equity = self.account.equity if self.sizing.reads_equity else self.capital
        units = whole_units(float(self.slope[row]), equity, self.sizing.max_units)
        wish = Wish(
            f"{row:09d}",
            source.key,
            source.symbol,
            source.strategy,
            market.instrument.asset_class,
            source.cluster,
            trade.side,
            units,
            float(source.trades.priority[self.prepared.signal[row]]),
            self.series[source.symbol].margin,
        )
        return wish, Place(row, stream, trade, units)

    def trade(self, row: int) -> Trade:
        columns = self.prepared.streams[int(self.prepared.asked["stream"][row])].trades
        k = int(self.prepared.signal[row])
        return Trade(
            int(columns.side[k]),
            int(columns.entry_bar[k]),
            int(columns.exit_bar[k]),
            int(columns.free[k]),
            int(columns.turned[k]),
            float(columns.entry_price[k]),
            float(columns.exit_price[k]),
            float(columns.units[k]),
            bool(columns.at_open[k]),
            bool(columns.reason[k] == STOPPED),
        )

    def force(self, key: str, why: str) -> None:
        self.places[key] = replace(self.places[key], why=why)
        self.hear(self.places[key], _NEVER, _NEVER)

    def take_back(self, key: str, reason: str) -> None:
        place = self.places.pop(key)
        self.answers[place.row] = REASONS.index(reason)
        at = self.series_of(place).at
        self.hear(place, at, at)
        self.account.cancelled(key)

    def hear(self, place: Place, free: float, turned: float) -> None:
        self.heard[place.stream] = place.trade.side, free, turned

    def open(self, key: str) -> bool:
        return key in self.slots

    def series_of(self, place: Place) -> Series:
        return self.series[self.prepared.streams[place.stream].symbol]

    def bar_of(self, place: Place) -> int:
        """Return the bar that closes now, -1 where none does."""
        series = self.series_of(place)
        return series.at if series.fresh else -1

    def worth(self, place: Place) -> float:
        series = self.series_of(place)
        return series.value(place.trade, series.bars.close[series.at])

    def deepest(self) -> float:
        """Return the equity with each open position at the worst its bar lived through."""
        equity = self.cash
        for key, place in self.places.items():
            if self.open(key):
                equity += place.units * self.depth(place)
        return equity

    def depth(self, place: Place) -> float:
        series, trade = self.series_of(place), place.trade
        if not series.fresh:
            return self.worth(place)
        against = series.bars.low if trade.side > 0 else series.bars.high
        ends = self.ends_here(place)
        settled = series.settled(trade, trade.out) if ends else math.inf
        lived = math.inf if ends and trade.stopped else series.value(trade, against[series.at])
        return min(settled, lived)


def replay(
    prepared: Prepared,
    limits: Limits,
    sizing: Sizing,
    capital: float,
    members: Flags | None = None,
) -> Run:
    """Return the account's history, every bar of every market visited (`simulate` for speed)."""
    run = Replay(prepared, limits, sizing, capital)
    decided, streams = prepared.asked["decided"], prepared.asked["stream"]
    first = np.searchsorted(decided, np.arange(prepared.clock.moments.size + 1))
    rows: list[tuple[Any, ...]] = []
    for t, now_ns in enumerate(prepared.clock.moments.tolist()):
        session = int(prepared.clock.tape.session[t])
        if run.account.session != prepared.sessions[session]:
            run.begin(int(prepared.sessions[session]))
        for series in run.series.values():
            series.step(now_ns)
        run.fills(t)
        run.judge()
        if t == prepared.clock.tape.session_end[session]:
            rows.append(_session_row(run))
        run.ask(
            row for row in range(first[t], first[t + 1]) if members is None or members[streams[row]]
        )
    return _result(run, rows)


def _session_row(run: Replay) -> tuple[float, float, int, bool, int]:
    account = run.account
    n_open = sum(position.held for position in account.positions)
    status = STATUSES.index(account.status)
    return account.equity, min(run.lowest, account.equity), status, account.stopped, n_open


def _result(run: Replay, rows: list[tuple[Any, ...]]) -> Run:
    def column(k: int, source: list[Any], dtype: Any) -> Any:
        return np.array([row[k] for row in source], dtype=dtype)

    equity: Floats = column(0, rows, np.float64)
    return Run(
        run.prepared.sessions,
        run.capital,
        equity,
        column(1, rows, np.float64),
        column(2, rows, np.int8),
        column(3, rows, np.bool_),
        column(4, rows, np.int64),
        run.answers,
        Taken(
            column(0, run.taken, np.int64),
            column(1, run.taken, np.float64),
            column(2, run.taken, np.int64),
            column(3, run.taken, np.int8),
            column(4, run.taken, np.float64),
        ),
    )
