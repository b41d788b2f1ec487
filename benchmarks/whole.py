"""The whole sweep: 54 strategies x 15 futures x 15 years of quarter hours x all grids x 20 exits.

Through the front door, as a run sweeps: parts stored, trials counted, daily marks and metrics of
every cell. The clock runs while bars are handed to the workers and from then until the last part is
on disk; the workers' start is inside. What the workers read of compiled code is on disk before.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from alphamill.backtest.exits import exit_grid
from alphamill.core.clock import ReplayClock
from alphamill.core.market import Bars
from alphamill.data.instruments import FACTORY_SYMBOLS
from alphamill.data.sources.synthetic import bars
from alphamill.research.budget import memo_bytes
from alphamill.research.luck import luck_of
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground, SweepRun, opened_singly, sweep
from alphamill.strategies import find
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Silent
from benchmarks.measure import Findings
from benchmarks.memory import Peak, can_look, watched
from benchmarks.speed import SMALL_BARS, ground_of
from benchmarks.stages import Spent, TimedExecutor

GROUP = "whole sweep"
REGISTRY = tuple(range(1, 55))
DRAWS = 999
# The older system's honest figure for its 479,700 cells of 489,234 bars.
OLD_CORE_HOURS, OLD_CELL_BARS = 590.0, 479_700 * 489_234


def measure_whole(
    findings: Findings, n_bars: int, n_repeats: int, n_workers: int, n_symbols: int
) -> None:
    """Run the sweep ``n_repeats`` times from nothing and add what it took."""
    symbols = FACTORY_SYMBOLS[:n_symbols]
    plan = Plan(symbols, "15m", tuple(find(n) for n in REGISTRY), exit_grid(), max_memory_mb=2_000)
    _warm_up(plan)
    seconds, runs, peaks, spent = [], [], [], []
    for _ in range(n_repeats):
        stages = Spent()
        with watched() as peak:
            runs.append(swept(plan, n_bars, n_workers, stages))
        seconds.append(stages.whole)
        peaks.append(peak)
        spent.append(stages)
    _add_size(findings, plan, runs[0], n_bars)
    _add_speed(findings, runs[0].n_cells, n_bars, n_workers, seconds)
    _add_memory(findings, peaks)
    _add_stages(findings, spent, seconds)
    _add_luck(findings, plan, n_bars, n_workers)


def swept(plan: Plan, n_bars: int, n_workers: int, stages: Spent) -> SweepRun:
    """Run one sweep from nothing; raise where not every cell was stored and counted."""
    with tempfile.TemporaryDirectory() as folder, executor(n_workers) as work:
        ledger = _TimedLedger(Path(folder) / "ledger.db", ReplayClock(0), stages)
        timed = TimedExecutor(work, stages)
        # Bars are made one instrument after another, as a run reads them; that is not timed,
        # handing them over is.
        made = ((symbol, _ground(plan, symbol, n_bars, n_workers)) for symbol in plan.symbols)
        grounds = opened_singly(made, timed)
        handed_over, began = stages.handing_over, time.perf_counter()
        run = sweep(plan, grounds, Path(folder), ledger, timed, Silent())
        stages.whole = handed_over + time.perf_counter() - began
        ledger.close()
        n_parts = len(list((run.folder / "parts").iterdir()))
    if run.n_cells != run.n_new_trials or n_parts != len(run.tasks):
        raise AssertionError(
            f"{run.n_cells} cells ran, {run.n_new_trials} trials were counted and {n_parts} of "
            f"{len(run.tasks)} parts stored; no time is reported."
        )
    return run


class _TimedLedger(Ledger):
    def __init__(self, path: Path, clock: ReplayClock, stages: Spent) -> None:
        super().__init__(path, clock)
        self._stages = stages

    def append(self, *args: Any, **given: Any) -> Any:
        began = time.perf_counter()
        try:
            return super().append(*args, **given)
        finally:
            self._stages.counting += time.perf_counter() - began


def _ground(plan: Plan, symbol: str, n_bars: int, n_workers: int) -> Ground:
    market: Bars = bars(symbol, plan.timeframe, n_bars=n_bars)
    ground = ground_of(market, plan.exits, plan.sides)
    return replace(
        ground,
        memo_bytes=memo_bytes(plan, n_bars, n_workers),
        luck=luck_of(market, ground.instrument, plan.draws, plan.seed),
    )


def _warm_up(plan: Plan) -> None:
    """Leave all compiled code on disk."""
    swept(replace(plan, symbols=plan.symbols[:1]), SMALL_BARS, 1, Spent())


def _add_size(findings: Findings, plan: Plan, run: SweepRun, n_bars: int) -> None:
    n_all = len(plan.exits) * len(plan.symbols)
    declared = sum(grid.declared for grid in plan.grids if grid.name != "exits") * n_all
    what = f"{len(plan.strategies)} strategies x {len(plan.symbols)} futures x {n_bars:,} bars"
    findings.add(GROUP, "declared points", [declared], "cells", f"{what} x {len(plan.exits)} exits")
    note = f"redundant points removed; {len(run.refused)} pairs of rule and market refused"
    findings.add(GROUP, "cells run, stored and counted", [run.n_cells], "cells", note)
    for failure in run.failed:
        findings.skip(f"whole sweep: {failure}")


def _add_luck(findings: Findings, plan: Plan, n_bars: int, n_workers: int) -> None:
    """Run it once more as a project does by default: every cell judged against luck."""
    stages = Spent()
    with watched() as peak:
        swept(replace(plan, draws=DRAWS), n_bars, n_workers, stages)
    note = f"{DRAWS} resampled histories, weights drawn before the clock starts"
    findings.add(GROUP, "the same, each cell against luck", [stages.whole], "s", note)
    if can_look():
        findings.add(GROUP, "its peak memory, shared once", [peak.own_share], "MB")


def _add_speed(
    findings: Findings, n_cells: int, n_bars: int, n_workers: int, seconds: list[float]
) -> None:
    note = f"{n_workers} workers, their start included; wall clock; goal 90 s, at most 180 s"
    findings.add(GROUP, "the whole sweep", seconds, "s", note)
    findings.add(GROUP, "speed", [n_cells / s for s in seconds], "cells/s")
    hours = [s * n_workers / 3600 for s in seconds]
    old = OLD_CORE_HOURS * n_cells * n_bars / OLD_CELL_BARS
    findings.add(
        GROUP, "core-hours", hours, "h", f"older system, as many cells and bars: {old:.3g}"
    )
    findings.add(GROUP, "older system / ours", [old / h for h in hours], "times")


def _add_memory(findings: Findings, peaks: list[Peak]) -> None:
    if not can_look():
        findings.skip("memory of the whole sweep: this system has no /proc/PID/smaps_rollup")
        return
    note = f"{peaks[0].n_processes} processes, a page that n of them map counts 1/n; goal 2,000"
    findings.add(GROUP, "peak memory, shared once", [p.own_share for p in peaks], "MB", note)
    note = "resident sizes added up: shared pages count in each process"
    findings.add(
        GROUP, "peak memory, shared counted again", [p.resident for p in peaks], "MB", note
    )


def _add_stages(findings: Findings, spent: list[Spent], seconds: list[float]) -> None:
    stages = (
        ("parent: bars handed to the workers", [one.handing_over for one in spent]),
        ("parent: waiting for cells", [one.waiting for one in spent]),
        ("parent: counting trials", [one.counting for one in spent]),
        (
            "parent: parts written, and the rest",
            [
                s - one.handing_over - one.waiting - one.counting
                for s, one in zip(seconds, spent, strict=True)
            ],
        ),
        ("workers: cells, processor seconds together", [one.in_tasks for one in spent]),
    )
    for name, values in stages:
        findings.add(GROUP, name, values, "s")
    slowest = sorted(spent[0].by_strategy.items(), key=lambda item: -item[1])[:5]
    for name, took in slowest:
        findings.add(GROUP, f"workers: {name}", [took], "s", "one of the five slowest rules")
