"""Sweep: every strategy x instrument x parameter set x exit stack, counted and resumable."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import alphamill
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import Tally, tally
from alphamill.backtest.table import Market, market_of
from alphamill.backtest.tally import tally_by_loop
from alphamill.core.errors import SettingsError
from alphamill.core.identity import code_digest, digest, source_digest
from alphamill.core.market import Bars, Floats, Instrument, Ints, Signals
from alphamill.core.params import Value
from alphamill.core.strategy import Levels, Sides
from alphamill.indicators.memo import memo
from alphamill.research.cells import Part, read_part, write_part
from alphamill.research.outcome import Refusal
from alphamill.research.plan import Plan
from alphamill.strategies import find
from alphamill.validation.ledger import Ledger, TrialSet
from alphamill.validation.splits import Blocks
from alphamill.workshop.parallel import Executor
from alphamill.workshop.progress import Progress

# Parameter sets in one task: long enough to hide the seam, short enough to lose little to a kill.
SETS_PER_TASK = 16
# Bytes a bar: one stack's exit (bar, reason, price); bars, signals and the loop's own columns.
TABLE_BYTES = 13
COLUMN_BYTES = 400
LEAST_MEMO_BYTES = 16_000_000
ROOMS_OF_A_CELL = ("core", "indicators", "strategies", "backtest")


@dataclass(frozen=True, eq=False)
class Ground:
    """One instrument as the workers see it; ``eq=False`` lets a process cache by identity."""

    bars: Bars
    instrument: Instrument
    sessions: Ints  # trade dates of the bars, each once
    blocks: Blocks  # quarters of those sessions
    stacks: tuple[ExitStack, ...]
    sides: Sides
    data_hash: str
    memo_bytes: int


@dataclass(frozen=True)
class Task:
    """A strategy's next parameter sets on one instrument; ``number`` is its place in the plan."""

    number: int
    symbol: str
    strategy: str
    params: tuple[Mapping[str, Value], ...]


@dataclass(frozen=True)
class SweepRun:
    """A finished sweep on disk.

    ``run_id`` is the hash of what was asked: the same question has the same name, and asking it
    again finds what is already answered.
    """

    run_id: str
    folder: Path
    tasks: tuple[Task, ...]
    refused: tuple[Refusal, ...]
    code_version: str
    n_cells: int
    n_new_trials: int

    def parts(self, symbol: str, strategy: str) -> Iterator[Part]:
        """Yield the stored parts of one candidate in plan order."""
        for task in self.tasks:
            if (task.symbol, task.strategy) == (symbol, strategy):
                yield read_part(_part_path(self.folder, task))


def sweep(
    plan: Plan,
    grounds: Mapping[str, Ground],
    folder: Path,
    ledger: Ledger,
    executor: Executor,
    progress: Progress,
) -> SweepRun:
    """Run every cell of ``plan`` that is not yet stored below ``folder``.

    A finished task is on disk before it is counted; a kill at any moment loses at most the tasks
    in flight. Results and ledger do not depend on the number of workers.

    Raises
    ------
    SettingsError
        When the plan holds more cells than its budget.
    """
    tasks, refused = _tasks(plan, grounds)
    n_cells = _n_cells(plan, tasks)
    if n_cells > plan.max_cells:
        raise SettingsError(
            f"this sweep has {n_cells:,} cells and the budget is {plan.max_cells:,}. Raise "
            "sweep.max_cells, or choose fewer symbols, strategies or exits."
        )
    code = code_version()
    run_id = digest(
        plan.timeframe,
        plan.sides,
        code,
        {symbol: [g.data_hash, digest(g.instrument.__dict__)] for symbol, g in grounds.items()},
        [[task.symbol, task.strategy, [dict(p) for p in task.params]] for task in tasks],
        [stack.as_params() for stack in plan.exits],
    )[:16]
    run_folder = folder / run_id
    (run_folder / "parts").mkdir(parents=True, exist_ok=True)
    done = [task for task in tasks if _part_path(run_folder, task).exists()]
    todo = [task for task in tasks if not _part_path(run_folder, task).exists()]
    before = ledger.count()
    # A kill between a part and its entry in the ledger is made good here.
    for task in done:
        ledger.append(_trial_sets(plan, grounds[task.symbol], task, run_id))
    progress.start("sweep", n_cells)
    progress.advance(_n_cells(plan, done), "found stored" if done else "")
    handle = executor.put(dict(grounds))
    for task, part in zip(todo, executor.map(run_task, todo, handle), strict=True):
        write_part(_part_path(run_folder, task), part)
        ledger.append(_trial_sets(plan, grounds[task.symbol], task, run_id))
        progress.advance(len(part.cells), f"{task.symbol} {task.strategy}")
    progress.finish()
    return SweepRun(
        run_id,
        run_folder,
        tuple(tasks),
        tuple(refused),
        code,
        n_cells,
        ledger.count() - before,
    )


def run_task(grounds: Mapping[str, Ground], task: Task) -> Part:
    """Return all cells of one task."""
    ground = grounds[task.symbol]
    strategy = find(task.strategy)
    market = _market(ground)
    cells: list[NDArray[Any]] = []
    blocks: list[Floats] = []
    entries: list[NDArray[np.int32]] = []
    with memo(ground.memo_bytes):
        for params in task.params:
            signals = strategy.signals(ground.bars, params, ground.sides)
            found = tallied(ground, market, signals, strategy.levels)
            cells.append(found[0])
            blocks.append(found[1])
            entries.append(found[2])
    return Part(
        task.symbol,
        task.strategy,
        tuple(dict(p) for p in task.params),
        ground.stacks,
        np.concatenate(cells),
        np.concatenate(blocks),
        np.concatenate(entries),
    )


def tallied(ground: Ground, market: Market, signals: Signals, levels: Levels) -> Tally:
    """Return a rule's cells: by lanes, or one after another where its levels rest as orders."""
    if levels == "close":
        return tally(market, signals)
    return tally_by_loop(
        ground.bars,
        signals,
        ground.stacks,
        ground.instrument,
        ground.blocks.of_session,
        levels=levels,
    )


def memo_bytes(plan: Plan, n_bars: int, n_workers: int) -> int:
    """Return what each worker may remember of indicators under the plan's memory cap.

    A worker holds one instrument's exit tables, its bars and signals, and the memo.

    Raises
    ------
    SettingsError
        When the cap does not hold the tables themselves.
    """
    n_sides = 2 if plan.sides == "both" else 1
    share = plan.max_memory_mb * 1_000_000 // n_workers
    fixed = n_bars * (n_sides * len(plan.exits) * TABLE_BYTES + COLUMN_BYTES)
    if fixed + LEAST_MEMO_BYTES > share:
        needed = -(-(fixed + LEAST_MEMO_BYTES) * n_workers // 1_000_000)
        raise SettingsError(
            f"sweep.max_memory_mb is {plan.max_memory_mb}, and {n_workers} workers with "
            f"{len(plan.exits)} exit stacks on {n_bars:,} bars need {needed:,}. Raise it, or use "
            "fewer workers or exits."
        )
    return share - fixed


def code_version() -> str:
    """Return the identity of everything a cell's numbers depend on in our own code."""
    root = Path(alphamill.__file__).parent
    return source_digest(*(root / room for room in ROOMS_OF_A_CELL))[:16]


@lru_cache(maxsize=1)
def _market(ground: Ground) -> Market:
    return market_of(
        ground.bars,
        ground.stacks,
        ground.instrument,
        ground.blocks.of_session,
        short=ground.sides == "both",
    )


def _tasks(plan: Plan, grounds: Mapping[str, Ground]) -> tuple[list[Task], list[Refusal]]:
    tasks: list[Task] = []
    refused: list[Refusal] = []
    for symbol in plan.symbols:
        for strategy in plan.strategies:
            why = strategy.lacks(grounds[symbol].bars) if symbol in grounds else None
            if why:
                refused.append(Refusal(symbol, strategy.name, why))
            if why or symbol not in grounds:
                continue
            sets = list(strategy.cells())
            for start in range(0, len(sets), SETS_PER_TASK):
                chunk = tuple(sets[start : start + SETS_PER_TASK])
                tasks.append(Task(len(tasks), symbol, strategy.name, chunk))
    return tasks, refused


def _part_path(run_folder: Path, task: Task) -> Path:
    return run_folder / "parts" / f"{task.number:06d}.parquet"


def _n_cells(plan: Plan, tasks: Sequence[Task]) -> int:
    return sum(len(task.params) for task in tasks) * len(plan.exits)


def _trial_sets(plan: Plan, ground: Ground, task: Task, run_id: str) -> list[TrialSet]:
    rule_code = code_digest(find(task.strategy).rule)[:16]
    return [
        TrialSet(
            task.symbol,
            plan.timeframe,
            int(ground.bars.session[0]),
            int(ground.bars.session[-1]),
            task.strategy,
            params,
            [stack.as_params() for stack in ground.stacks],
            plan.sides,
            rule_code,
            run_id,
        )
        for params in task.params
    ]
