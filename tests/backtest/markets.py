"""Random markets from a seed: everything the timeline speaks of, in a hundred bars."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alphamill.backtest.exits import ExitStack
from alphamill.core.market import Bars, Flags, Floats, Instrument, Ints, Signals

TICKS = (0.25, 0.1, 0.01, 0.00005)
FIRST_SESSION = 20240102


@dataclass(frozen=True)
class Market:
    """One cell to run."""

    bars: Bars
    signals: Signals
    stack: ExitStack
    instrument: Instrument
    levels: str


def random_market(seed: int) -> Market:
    """Return 60 to 150 bars with gaps, sessions, quiet bars, and a rule that says much.

    Half of the markets trade on a tick grid; their prices are the decimals a file would hold, so
    0.1 is not exact and a multiple of the tick need not equal the price that was read.
    """
    rng = np.random.default_rng(seed)
    instrument = _instrument(rng)
    session, session_end = _sessions(rng, int(rng.integers(60, 151)))
    tick = instrument.ticks(session) if instrument.slippage_ticks is not None else None
    bars = _bars(rng, session, session_end, tick)
    stack = _stack(rng, bars)
    levels = "touch" if rng.random() < 0.4 else "close"
    return Market(bars, _signals(rng, bars, tick), stack, instrument, levels)


def _instrument(rng: np.random.Generator) -> Instrument:
    given: dict[str, Any] = {}
    if rng.random() < 0.5:
        tick = float(rng.choice(TICKS))
        given |= {"tick": tick, "slippage_ticks": float(rng.integers(0, 3))}
        if rng.random() < 0.2:
            # The tick was coarser up to the third session.
            history = ((FIRST_SESSION - 1, tick * 5), (FIRST_SESSION + 3, tick))
            given["tick_history"] = history
    else:
        given |= {"tick": 0.01, "slippage_bps": float(rng.choice([0.0, 1.0, 7.5]))}
    if rng.random() < 0.4:
        given |= {"notional": float(rng.choice([10_000.0, 25_000.0]))}
        given["commission_per_side"] = float(rng.choice([0.0, 0.005]))
    else:
        given["commission_per_side"] = float(rng.choice([0.0, 2.25]))
    return Instrument(
        symbol="RND",
        name="random",
        asset_class="future",
        calendar="XNYS",
        point_value=float(rng.choice([1.0, 50.0])),
        commission_bps=float(rng.choice([0.0, 3.0])),
        **given,
    )


def _sessions(rng: np.random.Generator, n_bars: int) -> tuple[Ints, Flags]:
    length = int(rng.integers(5, 25))
    count = np.arange(2 * n_bars)
    session, session_end = FIRST_SESSION + count // length, count % length == length - 1
    # A third of the sessions lose their last bar, and a bar here and there is missing.
    lost = (session_end & (rng.random(count.size) < 0.33)) | (rng.random(count.size) < 0.03)
    return session[~lost][:n_bars], session_end[~lost][:n_bars]


def _bars(rng: np.random.Generator, session: Ints, session_end: Flags, tick: Floats | None) -> Bars:
    n_bars = session.size
    scale = 400 * tick[-1] if tick is not None else 100.0
    moves = rng.standard_t(4, n_bars) * scale * 0.01
    gaps = np.where(rng.random(n_bars) < 0.2, rng.standard_normal(n_bars) * scale * 0.02, 0.0)
    close = scale + np.cumsum(moves + gaps)
    close += max(0.0, 0.2 * scale - close.min())
    open_ = close - moves
    open_ += max(0.0, 0.1 * scale - open_.min())
    wicks = np.abs(rng.standard_normal((2, n_bars))) * scale * 0.006
    quiet = rng.random(n_bars) < (0.06 if rng.random() < 0.5 else 0.0)
    closes_only = rng.random() < 0.15
    columns = [
        open_,
        np.maximum(open_, close) + wicks[0],
        np.minimum(open_, close) - np.minimum(wicks[1], 0.05 * scale),
        close,
    ]
    if closes_only:
        columns = [close] * 4
    if tick is not None:
        columns = [np.round(np.round(column / tick) * tick, 8) for column in columns]
    still = quiet & (rng.random(n_bars) < 0.7)
    columns = [np.where(still, columns[3], column) for column in columns]
    count = np.arange(n_bars)
    adjusted = rng.choice(["none", "add", "ratio"], p=(0.5, 0.3, 0.2))
    # Added adjustments may leave less than nothing of a price.
    raw = {
        "none": columns[3],
        "add": columns[3] - rng.uniform(-0.5, 1.1) * scale,
        "ratio": columns[3] * rng.uniform(0.5, 4.0),
    }
    return Bars(
        "RND",
        "15m",
        (count + 1) * 900_000_000_000,
        *columns,
        volume=np.where(quiet, 0.0, np.nan if rng.random() < 0.3 else 5.0),
        session=session,
        session_end=session_end,
        minute=count,
        cash_minute=count,
        sessions_left_in_month=count,
        raw_close=raw[adjusted],
        adjusted=adjusted,
        closes_only=closes_only,
    )


def _signals(rng: np.random.Generator, bars: Bars, tick: Floats | None) -> Signals:
    n_bars = len(bars)
    busy = rng.choice([0.05, 0.2, 0.5])
    sides = np.array([-1, 0, 1], dtype=np.int8)
    enter = rng.choice(sides, n_bars, p=[busy / 2, 1 - busy, busy / 2])
    leaves = rng.random((2, n_bars)) < rng.choice([0.0, 0.1, 0.3])
    spread = _spread(bars)
    distance = spread * rng.uniform(-0.3, 4.0, (2, n_bars))
    trail = spread * rng.uniform(0.5, 5.0, n_bars)
    columns = [bars.close - distance[0], bars.close + distance[1], trail]
    if tick is not None and rng.random() < 0.5:
        # Levels on the grid meet closes exactly.
        columns = [np.round(np.round(column / tick) * tick, 8) for column in columns]
    return Signals(enter, *leaves, *(_sometimes(rng, column) for column in columns))


def _spread(bars: Bars) -> float:
    return float(np.median(bars.high - bars.low)) + 1e-3 * float(np.median(bars.close))


def _sometimes(rng: np.random.Generator, level: Floats) -> Floats | None:
    """Return the column with holes, or none at all: NaN is "no such level"."""
    if rng.random() < 0.5:
        return None
    return np.where(rng.random(level.size) < 0.3, np.nan, level)


def _stack(rng: np.random.Generator, bars: Bars) -> ExitStack:
    """Return a stack of any exits, each in any unit and yet about as far away."""
    price, spread = float(np.median(bars.close)), _spread(bars)
    sizes = {"atr": 1.0, "pct": 100.0 * spread / price, "points": spread}

    def maybe(chance: float, exit_: str, low: float, high: float) -> dict[str, float]:
        unit = str(rng.choice(list(sizes), p=(0.5, 0.25, 0.25)))
        size = np.round(rng.uniform(low, high), 2) * sizes[unit]
        return {f"{exit_}_{unit}": float(size)} if rng.random() < chance else {}

    bars_held = int(rng.integers(1, 12)) if rng.random() < 0.4 else None
    away = {
        **maybe(0.7, "stop_loss", 0.2, 2.5),
        **maybe(0.6, "take_profit", 0.2, 3.0),
        **maybe(0.25, "trail", 0.5, 4.0),
        **maybe(0.25, "break_even", 0.3, 2.0),
    }
    none = {"stop_loss_atr": None, "take_profit_atr": None}
    return ExitStack(
        **none | away,
        max_bars_held=bars_held,
        session_exit=bool(rng.random() < 0.5),
        atr_length=int(rng.integers(1, 15)),
    )
