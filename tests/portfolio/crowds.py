"""Random accounts from a seed: markets that open and fall silent, strategies that collide."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alphamill.backtest.costs import grid_of
from alphamill.backtest.kernel import paid
from alphamill.backtest.state import REASONS
from alphamill.core.market import Bars, Instrument
from alphamill.portfolio.account.prepare import Prepared, prepare
from alphamill.portfolio.limits import Cap, Limits
from alphamill.portfolio.sizing import Odds, Sizing
from alphamill.portfolio.streams import Market, Stream, StreamTrades

CLASSES = ("future", "fx", "crypto")
METHODS = ("one_lot", "volatility_target", "fixed_fraction", "kelly")
FIRST_SESSION = 20240102
SLOT_NS = 900_000_000_000
CODE = {name: code for code, name in enumerate(REASONS)}


@dataclass(frozen=True)
class Crowd:
    """One account to run."""

    prepared: Prepared
    limits: Limits
    sizing: Sizing
    capital: float = 10_000.0


def random_crowd(seed: int, *, silent: float = 0.2) -> Crowd:
    """Return 2 to 7 streams on 1 to 3 markets of 15 to 40 sessions, and limits that bite.

    ``silent`` is the share of bars without volume.
    """
    rng = np.random.default_rng(seed)
    n_slots = int(rng.integers(3, 9))
    n_sessions = int(rng.integers(15, 41))
    markets = {
        symbol: random_market(rng, symbol, (n_sessions, n_slots), silent)
        for symbol in ("AAA", "BBB", "CCC")[: int(rng.integers(1, 4))]
    }
    streams = [random_stream(rng, k, markets) for k in range(int(rng.integers(2, 8)))]
    return Crowd(prepare(streams, markets), random_limits(rng), random_sizing(rng))


def random_market(
    rng: np.random.Generator, symbol: str, size: tuple[int, int], silent: float
) -> Market:
    """Return bars on a quarter-point grid, a tenth of them missing."""
    n_sessions, n_slots = size
    place = np.arange(n_sessions * n_slots)
    place = place[rng.random(place.size) > 0.1]
    session = place // n_slots
    steps = np.rint(rng.standard_normal((4, place.size)) * 3)
    close = 1000 + np.cumsum(steps[0])
    open_ = np.append(1000, close[:-1]) + steps[1] * (rng.random(place.size) < 0.5)
    high = np.maximum(open_, close) + np.abs(steps[2])
    low = np.minimum(open_, close) - np.abs(steps[3])
    zeros = np.zeros(place.size, dtype=np.int64)
    # A market ahead of its time has its next trade date for two bars in the evening.
    early = int(rng.integers(0, 2)) * (place % n_slots >= n_slots - 2)
    bars = Bars(
        symbol,
        "15m",
        (place + 1) * SLOT_NS,
        open_ / 4,
        high / 4,
        low / 4,
        close / 4,
        np.where(rng.random(place.size) < silent, 0.0, 1.0),
        FIRST_SESSION + session + early,
        zeros == 1,
        zeros,
        zeros,
        zeros,
        close / 4,
    )
    return Market(bars, random_instrument(rng, symbol))


def random_instrument(rng: np.random.Generator, symbol: str) -> Instrument:
    costs: dict[str, Any] = {"slippage_ticks": float(rng.integers(0, 3))}
    if rng.random() < 0.3:
        costs = {"slippage_bps": 2.0, "commission_bps": 1.0}
    return Instrument(
        symbol,
        "random",
        CLASSES[int(rng.integers(0, 3))],  # type: ignore[arg-type]
        "XNYS",
        tick=0.25,
        point_value=float(rng.choice([10.0, 50.0])),
        margin=float(rng.choice([500.0, 2000.0])),
        commission_per_side=float(rng.choice([0.0, 1.25])),
        **costs,
    )


def random_stream(rng: np.random.Generator, k: int, markets: dict[str, Market]) -> Stream:
    symbol = str(rng.choice(sorted(markets)))
    chance = rng.uniform(0.05, 0.4)
    bars = markets[symbol].bars
    rows = [
        row
        for at in np.flatnonzero(rng.random(len(bars)) < chance)
        if (row := random_trade(rng, int(at), markets[symbol])) is not None
    ]
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in range(11)]
    whole = {0, 1, 2, 3, 4, 5, 9}
    arrays = [
        np.array(column, dtype=np.int64 if i in whole else np.float64)
        for i, column in enumerate(columns)
    ]
    n = arrays[0].size
    odds = Odds(
        rng.uniform(20.0, 200.0, n),
        rng.choice([np.nan, 50.0, 100.0, 400.0], n),
        rng.uniform(0.3, 0.9, n),
        rng.uniform(0.5, 2.0, n),
    )
    strategy = f"rule{int(rng.integers(0, 3))}"
    trades = StreamTrades(*arrays, odds)  # type: ignore[arg-type, call-arg]
    # Keys do not follow the order of the streams.
    key = f"{symbol}/{strategy}/{(k * 5 + 3) % 11}"
    return Stream(key, symbol, strategy, trades, f"cluster{int(rng.integers(0, 2))}")


def random_trade(rng: np.random.Generator, at: int, market: Market) -> tuple[float, ...] | None:
    """Return one row of `StreamTrades` without its odds, None where nothing can fill."""
    bars, side = market.bars, int(rng.choice([1, -1]))
    open_bars = np.flatnonzero(bars.volume != 0.0)
    later = open_bars[open_bars > at]
    if later.size == 0:
        return None
    entry_bar = int(later[0])
    tick, slip = grid_of(bars, market.instrument)
    frac = (market.instrument.slippage_bps or 0.0) / 1e4
    price = paid(bars.open[entry_bar], side, tick[entry_bar], slip[entry_bar], frac)
    wanted = entry_bar + int(rng.geometric(0.15)) - 1
    exits = open_bars[(open_bars >= wanted) & (open_bars >= entry_bar)]
    if exits.size == 0:
        last = len(bars) - 1
        out = paid(bars.close[last], -side, tick[last], slip[last], frac)
        kind, exit_bar, turned, free = "open_at_end", last, last, last
    else:
        exit_bar = int(exits[0])
        kind = str(rng.choice(["stop", "target", "session", "rule", "stop_gap", "target_gap"]))
        if exit_bar == entry_bar and kind not in ("stop", "target", "session"):
            kind = "stop"
        out = _exit_price(rng, kind, market, exit_bar, side)
        decided = exit_bar
        if kind == "rule":
            before = open_bars[open_bars < exit_bar]
            # Decided at the close of any bar since the last that traded: the fill waited.
            decided = int(rng.integers(before[-1], exit_bar))
        turned, free = decided, exit_bar + (kind == "session")
    row = (at, side, entry_bar, exit_bar, free, max(turned, entry_bar), price, out)
    return *row, 1.0, CODE[kind], float(np.rint(rng.random() * 4) / 4)


def _exit_price(rng: np.random.Generator, kind: str, market: Market, bar: int, side: int) -> float:
    bars = market.bars
    tick, slip = grid_of(bars, market.instrument)
    frac = (market.instrument.slippage_bps or 0.0) / 1e4
    if kind == "target_gap":
        return float(bars.open[bar])
    if kind in ("rule", "stop_gap"):
        return float(paid(bars.open[bar], -side, tick[bar], slip[bar], frac))
    if kind == "target":
        return float(rng.choice([bars.low[bar], bars.high[bar], bars.close[bar]]))
    price = float(bars.close[bar]) if kind == "session" else float(bars.low[bar])
    return float(paid(price, -side, tick[bar], slip[bar], frac))


def random_limits(rng: np.random.Generator) -> Limits:
    def maybe(*values: Any) -> Any:
        return values[int(rng.integers(0, len(values)))] if rng.random() < 0.5 else None

    reduce = maybe(100.0, 200.0, 400.0)
    return Limits(
        int(rng.integers(1, 6)),
        str(rng.choice(["one", "same_side", "net"])),  # type: ignore[arg-type]
        Cap(maybe(1, 2)),
        Cap(None, {"fx": 1} if rng.random() < 0.5 else {}),
        Cap(maybe(1, 2, 3), {"cluster1": 2} if rng.random() < 0.3 else {}),
        maybe(50.0, 150.0, 400.0),
        reduce,
        maybe(500.0, 900.0, 3000.0),
        maybe(1, 3),
        maybe(0.2, 0.4, 0.9),
        "displace" if rng.random() < 0.4 else "skip",
    )


def random_sizing(rng: np.random.Generator) -> Sizing:
    return Sizing(
        METHODS[max(0, int(rng.integers(-2, 4)))],  # type: ignore[arg-type]
        float(rng.choice([0.01, 0.03, 0.1])),
        max_units=int(rng.choice([3, 20])),
        compounding=bool(rng.random() < 0.7),
    )
