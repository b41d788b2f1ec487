"""Sweep: every strategy x instrument x parameter set x exit stack, counted and resumable."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

import numpy as np

import alphamill
from alphamill.backtest.cell import cell_of
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import TALLY, Tally, tallies
from alphamill.backtest.legs import NO_EXITS, Leg, backtest_legs, legs_of
from alphamill.backtest.table import Market, market_of
from alphamill.backtest.tally import tally_by_loop
from alphamill.core.errors import MillError, SettingsError
from alphamill.core.identity import digest, source_digest
from alphamill.core.market import Bars, Floats, Instrument, Ints, Signals
from alphamill.core.params import Params, Value
from alphamill.core.strategy import Sides, Strategy
from alphamill.indicators.memo import memo
from alphamill.research.cells import Part, read_failed, read_luck, read_part, write_part
from alphamill.research.luck import Luck, maximum_of
from alphamill.research.outcome import Failure, GridCount, Refusal
from alphamill.research.partners import others_of
from alphamill.research.plan import Plan
from alphamill.research.rules import UserFile, rule_code, rule_of, user_file
from alphamill.validation.ledger import Ledger, Stacks, TrialSet
from alphamill.validation.maximum import Maximum, merged
from alphamill.validation.splits import Blocks
from alphamill.workshop.parallel import Executor, Handle
from alphamill.workshop.progress import Progress

S = TypeVar("S")

# Parameter sets in one task: long enough to hide the seam, short enough to lose little to a kill.
SETS_PER_TASK = 16
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
    luck: Luck | None = None  # without it cells are not judged against luck


@dataclass(frozen=True)
class Task:
    """A strategy's next parameter sets on one instrument; ``number`` is its place in the plan.

    ``others`` names the other series that the rule reads, by role; ``file`` is where a user's rule
    is found.
    """

    number: int
    symbol: str
    strategy: str
    params: tuple[Mapping[str, Value], ...]
    others: Mapping[str, str] = field(default_factory=dict)
    file: UserFile | None = None


@dataclass(frozen=True)
class SweepRun:
    """A finished sweep on disk.

    ``run_id`` is the hash of what was asked: the same question has the same name, and asking it
    again finds what is already answered. ``n_cells`` counts the cells that ran; ``failed`` holds
    the parameter sets whose rule raised, which have none.
    """

    run_id: str
    folder: Path
    tasks: tuple[Task, ...]
    refused: tuple[Refusal, ...]
    code_version: str
    n_cells: int
    n_new_trials: int
    failed: tuple[Failure, ...] = ()
    grids: tuple[GridCount, ...] = ()

    def parts(self, symbol: str, strategy: str) -> Iterator[Part]:
        """Yield the stored parts of one candidate in plan order."""
        return map(read_part, self.paths(symbol, strategy))

    def paths(self, symbol: str, strategy: str) -> tuple[Path, ...]:
        """Return where the parts of one candidate are stored, in plan order."""
        own = (t for t in self.tasks if (t.symbol, t.strategy) == (symbol, strategy))
        return tuple(_part_path(self.folder, task) for task in own)

    def luck(self, symbol: str, strategy: str) -> Maximum | None:
        """Return what one candidate's cells show beside luck, without reading them."""
        found = [read_luck(path) for path in self.paths(symbol, strategy)]
        return merged([part for part in found if part]) if any(found) else None


def sweep(
    plan: Plan,
    grounds: Mapping[str, Ground],
    folder: Path,
    ledger: Ledger,
    executor: Executor,
    progress: Progress,
) -> SweepRun:
    """Run every cell of ``plan`` that is not yet stored below ``folder``.

    ``grounds`` are best `opened_singly`.

    A finished task is on disk before it is counted; a kill at any moment loses at most the tasks
    in flight. Results and ledger do not depend on the number of workers.

    Raises
    ------
    SettingsError
        When the plan holds more cells than its budget.
    """
    tasks, refused = tasks_of(plan, grounds)
    n_cells = _n_cells(plan, tasks)
    if n_cells > plan.max_cells:
        raise SettingsError(
            f"this sweep has {n_cells:,} cells and the budget is {plan.max_cells:,}. Raise "
            "sweep.max_cells, or choose fewer symbols, strategies or exits."
        )
    code = code_version(tuple(task.file for task in tasks if task.file))
    run_id = digest(
        plan.timeframe,
        plan.sides,
        code,
        {symbol: [g.data_hash, digest(g.instrument.__dict__)] for symbol, g in grounds.items()},
        [
            [task.symbol, task.strategy, task.others, [dict(p) for p in task.params]]
            for task in tasks
        ],
        [stack.as_params() for stack in plan.exits],
        [plan.draws, plan.seed if plan.draws else None],
    )[:16]
    run_folder = folder / run_id
    (run_folder / "parts").mkdir(parents=True, exist_ok=True)
    done = [task for task in tasks if _part_path(run_folder, task).exists()]
    todo = [task for task in tasks if not _part_path(run_folder, task).exists()]
    before = ledger.count()
    failed = {task.number: read_failed(_part_path(run_folder, task)) for task in done}
    # A kill between a part and its entry in the ledger is made good here.
    for task in done:
        ledger.append(_trial_sets(plan, grounds[task.symbol], task, run_id, failed[task.number]))
    progress.start("sweep", n_cells)
    progress.advance(_n_cells(plan, done), "found stored" if done else "")
    handle = executor.put(grounds)
    for task, part in zip(todo, executor.map(run_task, todo, handle), strict=True):
        write_part(_part_path(run_folder, task), part)
        failed[task.number] = part.failed
        ledger.append(_trial_sets(plan, grounds[task.symbol], task, run_id, part.failed))
        progress.advance(_n_cells(plan, [task]), f"{task.symbol} {task.strategy}")
    progress.finish()
    return SweepRun(
        run_id,
        run_folder,
        tuple(tasks),
        tuple(refused),
        code,
        n_cells - sum(len(failed[t.number]) * len(_stacks(plan.exits, t)) for t in tasks),
        ledger.count() - before,
        tuple(failure for task in tasks for failure in failed[task.number]),
        plan.grids,
    )


class Singly(Mapping[str, Ground]):
    """Grounds that are opened one by one, so that a process maps the bars of few instruments.

    The parent reads them so too: what it has handed over it need not hold besides.
    """

    def __init__(self, handles: Mapping[str, Handle[Ground]]) -> None:
        self._handles = dict(handles)

    def __getitem__(self, symbol: str) -> Ground:
        return self._handles[symbol].open()

    def __iter__(self) -> Iterator[str]:
        return iter(self._handles)

    def __len__(self) -> int:
        return len(self._handles)


def opened_singly(grounds: Iterable[tuple[str, Ground]], executor: Executor) -> Singly:
    """Hand over grounds one after another and return them as all processes should read them."""
    return Singly({symbol: executor.put(ground) for symbol, ground in grounds})


def run_task(grounds: Mapping[str, Ground], task: Task) -> Part:
    """Return all cells of one task; a parameter set whose rule raises has none and is named."""
    ground = grounds[task.symbol]
    others = [grounds[symbol] for symbol in task.others.values()]
    strategy = rule_of(task.strategy, task.file)
    stacks, n_blocks = _stacks(ground.stacks, task), len(ground.blocks)
    with memo(ground.memo_bytes):
        kept, found, raised = run_grid(strategy, task.params, ground, others)
    luck = None
    if ground.luck:
        luck = maximum_of(ground.luck, len(ground.bars), found, bool(task.others))
    nothing = np.zeros(0, TALLY), np.zeros((0, n_blocks, 2)), np.zeros((0, n_blocks), np.int32)
    cells, blocks, entries = zip(nothing, *(one[:3] for one in found), strict=True)
    return Part(
        task.symbol,
        task.strategy,
        tuple(dict(params) for params in kept),
        stacks if kept else (),
        np.concatenate(cells),
        np.concatenate(blocks),
        np.concatenate(entries),
        task.others,
        tuple(Failure(task.symbol, task.strategy, dict(p), str(e)) for p, e in raised),
        luck,
    )


def run_grid(
    strategy: Strategy, sets: Iterable[Params], ground: Ground, others: Sequence[Ground]
) -> tuple[list[Params], list[Tally], list[tuple[Params, MillError]]]:
    """Return the sets that ran, their cells, and the sets whose rule raised, with what.

    Cells come by lanes, all sets together; one after another where levels rest as orders. What
    reads other series leaves by itself: it is one cell, without exits.
    """
    kept: list[Params] = []
    raised: list[tuple[Params, MillError]] = []

    def each(ask: Callable[[Params], S]) -> Iterator[S]:
        for params in sets:
            try:
                said = ask(params)
            except MillError as e:
                raised.append((params, e))
                continue
            kept.append(params)
            yield said

    block = ground.blocks.of_session
    if strategy.others:
        there = legs(ground, *others)
        found = [
            cell_of(backtest_legs(there, said), block)
            for said in each(partial(targets, strategy, ground, others))
        ]
    elif strategy.levels == "close":
        found = tallies(_market(ground), each(partial(signals, strategy, ground)))
    else:
        found = [
            tally_by_loop(
                ground.bars,
                said,
                ground.stacks,
                ground.instrument,
                block,
                levels=strategy.levels,
            )
            for said in each(partial(signals, strategy, ground))
        ]
    return kept, found, raised


def signals(strategy: Strategy, ground: Ground, params: Params) -> Signals:
    """Return what a rule says of one series."""
    return strategy.signals(ground.bars, params, ground.sides)


def targets(strategy: Strategy, ground: Ground, others: Sequence[Ground], params: Params) -> Floats:
    """Return what a rule over several series wants to hold of each."""
    return strategy.targets(ground.bars, [o.bars for o in others], params, ground.sides)


def code_version(files: Sequence[UserFile] = ()) -> str:
    """Return the identity of the code a cell's numbers depend on: our own, and users' files."""
    root = Path(alphamill.__file__).parent
    own = source_digest(*(root / room for room in ROOMS_OF_A_CELL))
    return digest(own, *sorted({file.content for file in files}))[:16] if files else own[:16]


@lru_cache(maxsize=1)
def legs(*grounds: Ground) -> tuple[Leg, ...]:
    """Return several instruments as the legs of one position."""
    return legs_of([(ground.bars, ground.instrument) for ground in grounds])


@lru_cache(maxsize=1)
def _market(ground: Ground) -> Market:
    return market_of(
        ground.bars,
        ground.stacks,
        ground.instrument,
        ground.blocks.of_session,
        short=ground.sides == "both",
    )


def tasks_of(plan: Plan, grounds: Mapping[str, Ground]) -> tuple[list[Task], list[Refusal]]:
    tasks: list[Task] = []
    refused: list[Refusal] = []
    files = {name: user_file(path) for name, path in plan.files.items()}
    series = {symbol: ground.bars for symbol, ground in grounds.items()}
    for symbol in plan.symbols:
        for strategy in plan.strategies:
            if symbol not in grounds:
                continue
            others, why = others_of(plan.partners, series, symbol, strategy)
            if why:
                refused.append(Refusal(symbol, strategy.name, why))
                continue
            sets = list(strategy.cells())
            for start in range(0, len(sets), SETS_PER_TASK):
                chunk = tuple(sets[start : start + SETS_PER_TASK])
                file = files.get(strategy.name)
                tasks.append(Task(len(tasks), symbol, strategy.name, chunk, others, file))
    return tasks, refused


def _stacks(stacks: tuple[ExitStack, ...], task: Task) -> tuple[ExitStack, ...]:
    return (NO_EXITS,) if task.others else stacks


def _part_path(run_folder: Path, task: Task) -> Path:
    return run_folder / "parts" / f"{task.number:06d}.parquet"


def _n_cells(plan: Plan, tasks: Sequence[Task]) -> int:
    return sum(len(task.params) * len(_stacks(plan.exits, task)) for task in tasks)


@lru_cache(maxsize=4)
def _counted(stacks: tuple[ExitStack, ...]) -> Stacks:
    return Stacks([stack.as_params() for stack in stacks])


def _trial_sets(
    plan: Plan, ground: Ground, task: Task, run_id: str, failed: Sequence[Failure]
) -> list[TrialSet]:
    code = rule_code(task.strategy, task.file)
    without = [failure.params for failure in failed]
    exits = _counted(_stacks(ground.stacks, task))
    return [
        TrialSet(
            task.symbol,
            plan.timeframe,
            int(ground.bars.session[0]),
            int(ground.bars.session[-1]),
            task.strategy,
            {**params, **task.others},
            exits,
            plan.sides,
            code,
            run_id,
        )
        for params in task.params
        if params not in without
    ]
