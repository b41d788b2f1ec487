"""How fast the sweep is: through its own front door, and where the time goes."""

import tempfile
import time
from pathlib import Path

import numpy as np

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.backtest.lanes import tally
from alphamill.backtest.table import market_of
from alphamill.core.clock import ReplayClock
from alphamill.core.market import Bars
from alphamill.core.strategy import Sides, Strategy
from alphamill.data.instruments import instrument
from alphamill.data.sources.synthetic import bars
from alphamill.indicators.memo import memo
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground, Task, run_task, sweep
from alphamill.strategies import STRATEGIES, find
from alphamill.validation.ledger import Ledger
from alphamill.validation.splits import quarter_blocks
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Silent
from benchmarks.measure import Findings

SYMBOL, RSI = "ES", 21
MEMO_BYTES = 500_000_000


def measure_sweep(
    findings: Findings, n_bars: int, n_repeats: int, n_workers: tuple[int, ...]
) -> None:
    """Measure whole sweeps: tables, signals, lanes, stored parts and the ledger."""
    market = bars(SYMBOL, "15m", n_bars=n_bars)
    stacks = exit_grid()
    _swept(market, (find(RSI),), stacks, "long", 1)  # what is compiled is measured elsewhere
    rows: list[tuple[str, tuple[Strategy, ...], Sides]] = [
        ("RSI, long", (find(RSI),), "long"),
        ("RSI, long and short", (find(RSI),), "both"),
        ("all strategies, long", STRATEGIES, "long"),
    ]
    for name, strategies, sides in rows:
        for n in n_workers:
            runs = [_swept(market, strategies, stacks, sides, n) for _ in range(n_repeats)]
            where = f"{name}, {n} core{'s' if n > 1 else ''}"
            n_cells = runs[0][0]
            note = f"{n_cells:,} cells x {n_bars:,} bars"
            seconds = [s for _, s in runs]
            findings.add("sweep", where, seconds, "s", note)
            findings.add("sweep", where, [n_cells / s for s in seconds], "cells/s")
            findings.add(
                "sweep", where, [n_cells * n_bars / s / 1e6 for s in seconds], "million bars/s"
            )


def measure_parts(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Measure where one core's time goes in the RSI sweep of 36 x 20 cells."""
    where = ground_of(bars(SYMBOL, "15m", n_bars=n_bars), exit_grid(), "long")
    strategy = find(RSI)
    sets = list(strategy.cells())
    seconds: dict[str, list[float]] = {"exit table": [], "signals": [], "lanes": []}
    for _ in range(n_repeats):
        began = time.perf_counter()
        market = market_of(
            where.bars, where.stacks, where.instrument, where.blocks.of_session, short=False
        )
        tabled = time.perf_counter()
        with memo(MEMO_BYTES):
            signals = [strategy.signals(where.bars, params, "long") for params in sets]
        decided = time.perf_counter()
        for said in signals:
            tally(market, said)
        seconds["exit table"].append(tabled - began)
        seconds["signals"].append(decided - tabled)
        seconds["lanes"].append(time.perf_counter() - decided)
    notes = {"exit table": "once an instrument and side", "lanes": "20 stacks each"}
    for part, values in seconds.items():
        note = notes.get(part, "")
        findings.add("parts", f"RSI, long: {part}", values, "s", note or f"{len(sets)} sets")


def first_task(n_bars: int) -> float:
    """Return the seconds that the first small task of a fresh process takes."""
    where = ground_of(bars(SYMBOL, "15m", n_bars=n_bars), exit_grid(), "long")
    began = time.perf_counter()
    run_task({SYMBOL: where}, Task(0, SYMBOL, find(RSI).name, (find(RSI).params(),)))
    return time.perf_counter() - began


def ground_of(market: Bars, stacks: tuple[ExitStack, ...], sides: Sides) -> Ground:
    """Return what the sweep's workers are given."""
    sessions = np.unique(market.session)
    return Ground(
        market,
        instrument(market.symbol),
        sessions,
        quarter_blocks(sessions),
        stacks,
        sides,
        "benchmark",
        MEMO_BYTES,
    )


def _swept(
    market: Bars,
    strategies: tuple[Strategy, ...],
    stacks: tuple[ExitStack, ...],
    sides: Sides,
    n_workers: int,
) -> tuple[int, float]:
    """Run one sweep from nothing; return its cells and seconds, start of workers included."""
    plan = Plan((SYMBOL,), "15m", strategies, stacks, sides)
    grounds = {SYMBOL: ground_of(market, stacks, sides)}
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.db", ReplayClock(0))
        began = time.perf_counter()
        with executor(n_workers) as work:
            run = sweep(plan, grounds, Path(folder), ledger, work, Silent())
        seconds = time.perf_counter() - began
        ledger.close()
    return run.n_cells, seconds
