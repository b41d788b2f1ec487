"""Where each strategy trades, and why it does not where it does not: nothing is silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.legs import backtest_legs, legs_of
from alphamill.core.errors import MillError
from alphamill.core.market import Bars, Instrument
from alphamill.core.params import Params
from alphamill.core.strategy import Strategy
from alphamill.data.calendar import to_bars
from alphamill.data.instruments import instrument
from alphamill.data.raw import Source
from alphamill.data.sources import synthetic
from alphamill.indicators.memo import memo

FIRST, LAST = 20160104, 20181231
MEMO_BYTES = 200_000_000


@dataclass(frozen=True)
class Market:
    """A series to trade on, and one to set beside it for rules that read two."""

    name: str
    bars: Bars
    instrument: Instrument
    partner: tuple[Bars, Instrument]


@dataclass(frozen=True)
class Count:
    """Trades on one market, long side, usual exits; None where the rule was not run.

    ``reason`` says in words why there is none, at the defaults or at all; else it is empty.
    """

    at_defaults: int | None
    most: int | None
    reason: str

    def __str__(self) -> str:
        return "-" if self.most is None else f"{self.at_defaults:,} / {self.most:,}"


@dataclass(frozen=True)
class Traded:
    """A strategy's counts, one for each market."""

    number: int
    name: str
    counts: tuple[Count, ...]


def standard_markets(lean: Path | None = None) -> tuple[Market, ...]:
    """Return a daily index, a 15-minute future and, from a LEAN folder, a daily exchange rate.

    The index is the sample's, the future made up: a random walk on the real calendar.
    """
    from alphamill.data.sources.lean import LeanSource
    from alphamill.data.sources.sample import SampleSource

    index = [_fetched(SampleSource(), symbol) for symbol in ("SP500", "NASDAQ")]
    future = [
        (synthetic.bars(symbol, "15m", "garch", start=FIRST, end=LAST), instrument(symbol))
        for symbol in ("ES", "NQ")
    ]
    pairs = [("SP500 1d", index), ("ES 15m", future)]
    if lean is not None:
        rates = [_fetched(LeanSource(lean), symbol) for symbol in ("EURUSD", "EURGBP")]
        pairs.append(("EURUSD 1d", rates))
    return tuple(Market(name, *own, partner) for name, (own, partner) in pairs)


def traded(strategy: Strategy, markets: Sequence[Market]) -> Traded:
    """Return how often a strategy trades on each market, at its defaults and over its grid."""
    counts = tuple(_count(strategy, market) for market in markets)
    return Traded(strategy.number, strategy.name, counts)


def _fetched(source: Source, symbol: str) -> tuple[Bars, Instrument]:
    what = instrument(symbol)
    # The rate has Sunday evenings, which lie in no session.
    return to_bars(source.fetch(symbol, "1d"), what, drop_outside=True), what


def _count(strategy: Strategy, market: Market) -> Count:
    others = (market.partner[0],) * len(strategy.others)
    why = strategy.lacks(market.bars, others)
    if why:
        return Count(None, None, why)
    sets = [strategy.params(), *strategy.cells()]
    try:
        with memo(MEMO_BYTES):
            found = [_trades(strategy, params, market) for params in sets]
    except MillError as e:
        return Count(None, None, str(e))
    n_trades = [n for n, _ in found]
    return Count(n_trades[0], max(n_trades), _reason(n_trades, max(asks for _, asks in found)))


def _trades(strategy: Strategy, params: Params, market: Market) -> tuple[int, int]:
    """Return the trades of one set, and how many closes asked for one."""
    if strategy.others:
        targets = strategy.targets(market.bars, [market.partner[0]], params)
        legs = legs_of([(market.bars, market.instrument), market.partner])
        return len(backtest_legs(legs, targets).trades), int((targets[:, 0] > 0.0).sum())
    signals = strategy.signals(market.bars, params)
    result = backtest(market.bars, signals, ExitStack(), market.instrument, levels=strategy.levels)
    return len(result.trades), int(np.count_nonzero(signals.enter))


def _reason(n_trades: Sequence[int], n_asks: int) -> str:
    """Return why there is no trade; the defaults come first."""
    n_sets = len(n_trades) - 1
    if n_trades[0]:
        return ""
    if any(n_trades):
        n_trading = np.count_nonzero(n_trades[1:])
        return f"asks for no entry at its defaults; {n_trading} of its {n_sets} sets trade"
    if n_asks:
        return (
            f"asks for an entry at {n_asks:,} closes at most, each on the last bar or before the "
            "range of the stop is known"
        )
    return f"asks for no entry at any of its {n_sets} sets"
