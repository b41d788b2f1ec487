"""How fast the sweep is: through its own front door, and where the time goes."""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.backtest.lanes import tally
from alphamill.backtest.table import Market, market_of
from alphamill.core.clock import ReplayClock
from alphamill.core.market import Bars
from alphamill.core.strategy import Sides, Strategy
from alphamill.data.instruments import instrument
from alphamill.data.sources.synthetic import bars
from alphamill.indicators.memo import memo
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground, Task, run_task, sweep
from alphamill.strategies import find
from alphamill.validation.ledger import Ledger
from alphamill.validation.splits import quarter_blocks
from alphamill.workshop.parallel import Executor, executor
from alphamill.workshop.progress import Silent
from benchmarks.measure import CLOCK, Findings

SYMBOL, RSI = "ES", 21
# The first that stood here, one from each idea folder: figures stay comparable as rules are added.
TEN = (1, 2, 5, 17, 19, 21, 37, 40, 45, 52)
MEMO_BYTES = 500_000_000
SMALL_BARS = 2_000

Run = tuple[int, float]  # cells, seconds


def measure_sweep(
    findings: Findings, n_bars: int, n_repeats: int, n_workers: tuple[int, ...]
) -> None:
    """Measure whole sweeps: tables, signals, lanes, stored parts and the ledger."""
    market = bars(SYMBOL, "15m", n_bars=n_bars)
    ten = _found(TEN)
    rows: list[tuple[str, tuple[Strategy, ...], Sides]] = [
        ("RSI, long", (find(RSI),), "long"),
        ("RSI, long and short", (find(RSI),), "both"),
        ("the ten, long", ten, "long"),
    ]
    with executor(1) as work:  # what is compiled is measured elsewhere
        _swept(_plan(ten, "both"), bars(SYMBOL, "15m", n_bars=SMALL_BARS), work)
    for name, strategies, sides in rows:
        plan = _plan(strategies, sides)
        for n in n_workers:
            first, again = _sweeps(plan, market, n, n_repeats)
            where = f"{name}, {n} core{'s' if n > 1 else ''}"
            if n == 1:
                _add_speed(findings, where, first, n_bars, "")
            else:
                _add_speed(findings, where, first, n_bars, ", workers' start included")
                _add_speed(findings, f"{where}, workers up", again, n_bars, "")


def _sweeps(
    plan: Plan, market: Bars, n_workers: int, n_repeats: int
) -> tuple[list[Run], list[Run]]:
    """Return sweeps that start their workers, and sweeps that find them running."""
    first, again = [], []
    read = CLOCK.read if n_workers == 1 else time.perf_counter
    for _ in range(n_repeats):
        began = read()
        with executor(n_workers) as work:
            n_cells = _swept(plan, market, work)
            first.append((n_cells, read() - began))
            if n_workers > 1:
                began = read()
                again.append((_swept(plan, market, work), read() - began))
    return first, again


def _add_speed(findings: Findings, where: str, runs: list[Run], n_bars: int, more: str) -> None:
    n_cells = runs[0][0]
    seconds = [s for _, s in runs]
    note = f"{n_cells:,} cells x {n_bars:,} bars in {statistics.median(seconds):.2f} s{more}"
    findings.add("sweep", where, [n_cells / s for s in seconds], "cells/s", note)
    speeds = [n_cells * n_bars / s / 1e6 for s in seconds]
    findings.add("sweep", where, speeds, "million bars/s")


def measure_parts(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Measure where one core's time goes, long only, 20 stacks."""
    where = ground_of(bars(SYMBOL, "15m", n_bars=n_bars), exit_grid(), "long")
    for name, strategies in (("RSI", (find(RSI),)), ("the ten", _found(TEN))):
        spent: list[dict[str, float]] = []
        for _ in range(n_repeats):
            began = CLOCK.read()
            market = market_of(
                where.bars, where.stacks, where.instrument, where.blocks.of_session, short=False
            )
            spent.append({"exit table": CLOCK.read() - began, "signals": 0.0, "lanes": 0.0})
            for strategy in strategies:
                _spend(where, market, strategy, spent[-1])
        whole = statistics.median(sum(one.values()) for one in spent)
        for part in spent[0]:
            seconds = [one[part] for one in spent]
            note = f"{statistics.median(seconds) / whole:.0%} of {whole:.2f} s"
            findings.add("parts", f"{name}: {part}", seconds, "s", note)


def _spend(where: Ground, market: Market, strategy: Strategy, spent: dict[str, float]) -> None:
    with memo(MEMO_BYTES):
        for params in strategy.cells():
            began = CLOCK.read()
            said = strategy.signals(where.bars, params, "long")
            decided = CLOCK.read()
            tally(market, said)
            spent["signals"] += decided - began
            spent["lanes"] += CLOCK.read() - decided


def first_task(n_bars: int, clock: str) -> float:
    """Return the seconds that the first small task of a fresh process takes."""
    where = ground_of(bars(SYMBOL, "15m", n_bars=n_bars), exit_grid(), "long")
    CLOCK.use(clock)
    began = CLOCK.read()
    run_task({SYMBOL: where}, Task(0, SYMBOL, find(RSI).name, (find(RSI).params(),)))
    return CLOCK.read() - began


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


def _found(numbers: tuple[int, ...]) -> tuple[Strategy, ...]:
    return tuple(find(number) for number in numbers)


def _plan(strategies: tuple[Strategy, ...], sides: Sides) -> Plan:
    return Plan((SYMBOL,), "15m", strategies, exit_grid(), sides)


def _swept(plan: Plan, market: Bars, work: Executor) -> int:
    """Run one sweep from nothing; return its cells."""
    grounds = {SYMBOL: ground_of(market, plan.exits, plan.sides)}
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.db", ReplayClock(0))
        run = sweep(plan, grounds, Path(folder), ledger, work, Silent())
        ledger.close()
    return run.n_cells
