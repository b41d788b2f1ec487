"""All signals of all streams in the order in which they are answered, with their trades' marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Ints
from alphamill.portfolio.account.marks import MARK, fill_marks
from alphamill.portfolio.account.money import fee, gain
from alphamill.portfolio.account.tape import Clock, clock_of
from alphamill.portfolio.sizing import Odds
from alphamill.portfolio.streams import STOPPED, Market, Stream, StreamTrades, require_markets
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# What is asked, a row a wish; ``decided`` is a moment of the clock.
ASKED = np.dtype([(name, np.int64) for name in ("decided", "stream", "side")])
# The trade of each, as moments of the clock and for one unit in account currency: ``fee`` of the
# entry, ``pnl`` net of both fees; its marks in a session are in row ``marks`` plus that session.
# What every entry reads comes first: it lies in one line of the processor's cache.
TRADE = np.dtype(
    [
        *((name, np.int64) for name in ("entry", "exit", "turned", "free", "marks", "at_open")),
        ("pnl", np.float64),
        ("side", np.int64),
        *((name, np.float64) for name in ("price", "units", "fee", "priority")),
    ]
)
# What each stream belongs to, as numbers from 0, and its place in the order of keys.
KINDS: Final = ("instrument", "strategy", "asset_class", "cluster")
STREAM = np.dtype([(name, np.int64) for name in (*KINDS, "rank")])


@dataclass(frozen=True, eq=False)
class Prepared:
    """Streams and markets as the simulator takes them; made once, run with any limits.

    ``asked``, ``trades`` (a row a wish), ``groups`` (a row a stream) and ``marks`` have the dtypes
    ASKED, TRADE, STREAM and MARK; ``signal`` is the row of each wish in its own stream; ``names``
    are those behind the numbers of ``groups``; ``odds`` has a row a wish.
    """

    streams: tuple[Stream, ...]
    markets: Mapping[str, Market]
    clock: Clock
    asked: NDArray[Any]
    trades: NDArray[Any]
    marks: NDArray[Any]
    groups: NDArray[Any]
    names: Mapping[str, tuple[str, ...]]
    signal: Ints
    odds: Odds

    @property
    def sessions(self) -> Ints:
        """Return the account's trade dates (yyyymmdd)."""
        return self.clock.sessions


def prepare(streams: Sequence[Stream], markets: Mapping[str, Market]) -> Prepared:
    """Return streams on the clock of their markets, with the marks of every trade.

    Parameters
    ----------
    streams : sequence of Stream
        In any order; no answer and no fill depends on it.
    markets : mapping of symbol to Market
        One for each symbol of the streams; others add their moments to the clock.

    Raises
    ------
    DataError
        For streams without a market or with one key, for markets without bars.

    Notes
    -----
    Memory: 40 bytes a bar, 4 bytes a moment and instrument, 120 bytes a signal, 24 bytes a trade
    and session it lives in.
    """
    streams = tuple(streams)
    require_markets(streams, markets)
    symbols = tuple(sorted(markets))
    clock = clock_of(symbols, markets)
    of = {
        "instrument": [s.symbol for s in streams],
        "strategy": [s.strategy for s in streams],
        "asset_class": [str(markets[s.symbol].instrument.asset_class) for s in streams],
        "cluster": [s.cluster for s in streams],
    }
    names = {kind: tuple(sorted(set(of[kind]))) for kind in KINDS} | {"instrument": symbols}
    groups = np.empty(len(streams), dtype=STREAM)
    for kind in KINDS:
        groups[kind] = [names[kind].index(name) for name in of[kind]]
    groups["rank"] = np.argsort(np.argsort([s.key for s in streams], kind="stable"))
    wishes = _Wishes(streams, clock, groups)
    trades, marks = _marked(wishes, clock, markets)
    return Prepared(
        streams, markets, clock, wishes.asked, trades, marks, groups, names, wishes.signal,
        wishes.odds,
    )  # fmt: skip


def answerable(trades: StreamTrades) -> Ints:
    """Return the rows whose signal still stands at its fill.

    While a market does not trade, a later signal of the same side replaces the one that waits.
    """
    key = trades.entry_bar * 4 + trades.side
    _, last = np.unique(key[::-1], return_index=True)
    return np.sort(key.size - 1 - last)


class _Wishes:
    """The streams' rows by moment, then priority, then key."""

    def __init__(self, streams: tuple[Stream, ...], clock: Clock, groups: NDArray[Any]) -> None:
        self.columns = [stream.trades for stream in streams]
        kept = [answerable(trades) for trades in self.columns]
        start = np.cumsum([0, *(trades.decided.size for trades in self.columns)])
        which = np.repeat(np.arange(len(streams)), [rows.size for rows in kept])
        self.signal = _joined(kept).astype(np.int64)
        self.where = start[which] + self.signal
        self.at = groups["instrument"][which]
        decided = clock.tape.bars["moment"][clock.first_bar[self.at] + self.of("decided")]
        order = np.lexsort((groups["rank"][which], -self.of("priority"), decided))
        self.signal, self.where, self.at = self.signal[order], self.where[order], self.at[order]
        self.asked = np.empty(order.size, dtype=ASKED)
        self.asked["decided"], self.asked["stream"] = decided[order], which[order]
        self.asked["side"] = self.of("side")

    def of(self, name: str) -> NDArray[Any]:
        return _joined([getattr(trades, name) for trades in self.columns])[self.where]

    @property
    def odds(self) -> Odds:
        def of(name: str) -> NDArray[np.float64]:
            rows = _joined([getattr(trades.odds, name) for trades in self.columns])
            return rows.astype(np.float64)[self.where]

        return Odds(of("volatility"), of("at_risk"), of("probability"), of("payoff"))


def _marked(
    wishes: _Wishes, clock: Clock, markets: Mapping[str, Market]
) -> tuple[NDArray[Any], NDArray[Any]]:
    tape, base = clock.tape, clock.first_bar[wishes.at]
    bars = base + wishes.of("entry_bar"), base + wishes.of("exit_bar")
    trades = np.empty(wishes.signal.size, dtype=TRADE)
    trades["entry"], trades["exit"] = (tape.bars["moment"][at] for at in bars)
    for name in ("turned", "free"):
        trades[name] = _moment(clock, wishes, wishes.of(name))
    for name in ("side", "at_open", "units", "priority"):
        trades[name] = wishes.of(name)
    trades["price"] = wishes.of("entry_price")
    _settle(trades, tape.terms, wishes.at, wishes.of("exit_price").astype(np.float64))
    n_marks = tape.session[trades["exit"]] - tape.session[trades["entry"]] + 1
    trades["marks"] = np.cumsum(n_marks) - n_marks - tape.session[trades["entry"]]
    marks = np.empty(int(n_marks.sum()), dtype=MARK)
    low = np.concatenate([markets[symbol].bars.low for symbol in sorted(markets)])
    high = np.concatenate([markets[symbol].bars.high for symbol in sorted(markets)])
    lived = (trades["at_open"] == 0) & (wishes.of("reason") != STOPPED)
    fill_marks(tape, trades, wishes.at, bars, (low, high, lived), marks)
    return trades, marks


@jit
def _settle(trades: NDArray[Any], terms: NDArray[Any], at: Ints, out: NDArray[np.float64]) -> None:
    for k in range(at.size):
        trade, its = trades[k], terms[at[k]]
        units = trade["units"]
        gross = gain(trade["side"], trade["price"], out[k], units, its)
        trade["fee"] = fee(trade["price"], units, its)
        trade["pnl"] = gross - (trade["fee"] + fee(out[k], units, its))


def _moment(clock: Clock, wishes: _Wishes, bar: Ints) -> Ints:
    """Return the moment of a bar that may lie beyond the data: then one after the last."""
    wanted = clock.first_bar[wishes.at] + bar
    beyond = wanted >= clock.first_bar[wishes.at + 1]
    moment = clock.tape.bars["moment"][np.where(beyond, 0, wanted)]
    return np.where(beyond, clock.moments.size, moment)


def _joined(columns: list[Any]) -> NDArray[Any]:
    return np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64)
