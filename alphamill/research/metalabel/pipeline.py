"""Meta-labelling of every winner of a manifest: extract, train, validate, and the two lists.

A winner whose training set, order and code are those of an earlier call is not learned again, and
a frozen model looks at its validation window once: an interrupted run goes on where it stopped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from alphamill.core.clock import Clock
from alphamill.core.errors import MillError
from alphamill.data.catalog import Catalog
from alphamill.learning import dataset_files
from alphamill.learning.bundle import Bundle
from alphamill.learning.bundle_files import load_model_bundle, save_bundle
from alphamill.learning.dataset import Dataset, Primary
from alphamill.learning.result_fields import Left, fields_without
from alphamill.learning.rows import TooFewError
from alphamill.research.metalabel.extract import Besides, bars_to_judge, training, validation
from alphamill.research.metalabel.layout import Layout
from alphamill.research.metalabel.lesson import Lesson, read_lesson
from alphamill.research.metalabel.log import Logged
from alphamill.research.metalabel.manifest import Wanted
from alphamill.research.metalabel.order import Order
from alphamill.research.metalabel.primary import Chosen, NoEntriesError, chosen
from alphamill.research.metalabel.record import Record, write_record
from alphamill.research.metalabel.train import (
    Desk,
    NothingKeptError,
    cells_ever,
    paths_of,
    train,
    trial_sets,
)
from alphamill.research.metalabel.validate import Validated, holdout_of, looked, row_of, validate
from alphamill.validation.ledger import Ledger, TrialSet
from alphamill.workshop.parallel import Threads, executor
from alphamill.workshop.progress import Progress

Step = Literal["extract", "train", "validate"]
STEPS: tuple[Step, ...] = ("extract", "train", "validate")
# There is not enough to learn from, or nothing to veto: no fault of anybody.
SKIPS = (TooFewError, NoEntriesError)


@dataclass(frozen=True)
class Job:
    """What every worker knows: where things are, what is asked, and which steps."""

    workspace: Path
    layout: Layout
    order: Order
    clock: Clock
    steps: tuple[Step, ...] = STEPS
    n_cells: int = 0
    n_threads: int = 1

    @property
    def looks(self) -> Path:
        """Every look of a frozen model at its validation window, whatever the output folder."""
        return self.workspace / "meta_looks.jsonl"


@dataclass(frozen=True, eq=False)
class Told:
    """What became of one winner; what its steps did not reach is None.

    ``tried`` are the settings of its search as the ledger counts them.
    """

    wanted: Wanted
    record: Record
    lesson: Lesson | None = None
    bundle: Bundle | None = None
    found: Validated | None = None
    n_signals: int = 0
    n_features: int = 0
    tried: tuple[TrialSet, ...] = ()


def run(job: Job, wanted: Sequence[Wanted], n_workers: int, progress: Progress) -> Iterator[Told]:
    """Yield what became of each winner, in the manifest's order.

    One winner gets all workers as threads; of several, each has a process of its own. Every trial
    is in the ledger before its winner is yielded.
    """
    ledger = Ledger(job.workspace / "ledger.db", job.clock)
    job = replace(job, n_cells=cells_ever(ledger))
    try:
        if len(wanted) == 1:
            told = enhance(replace(job, n_threads=n_workers), wanted[0], progress)
            ledger.append(told.tried)
            yield told
            return
        progress.start("winners", len(wanted))
        with executor(min(n_workers, len(wanted))) as work:
            for told in work.map(enhance, wanted, work.put(job)):
                ledger.append(told.tried)
                yield told
                progress.advance(note=f"{told.wanted.key}: {summary_of(told)}")
        progress.finish()
    finally:
        ledger.close()


def enhance(job: Job, wanted: Wanted, progress: Progress | None = None) -> Told:
    """Return what becomes of one winner; what keeps it from being judged is part of the answer."""
    log = Logged(job.layout.log, wanted.key, job.clock)
    try:
        told = _enhanced(job, wanted, log, progress or log)
    except MillError as e:
        told = _left(job, wanted, e)
    log.say(summary_of(told))
    return told


def summary_of(told: Told) -> str:
    """Return what became of a winner, in a few words."""
    record = told.record
    if record.row["status"] != "completed":
        return f"{record.row['status']}: {record.row['reason']}"
    if record.verdict is not None:
        return record.verdict.answer
    if told.lesson is not None:
        best = told.lesson.trials[told.lesson.best]
        return f"trained on {told.n_signals:,} signals, Sharpe out of fold {best.sharpe:.2f}"
    return f"{told.n_signals:,} signals, {told.n_features} features"


def _enhanced(job: Job, wanted: Wanted, log: Logged, progress: Progress) -> Told:
    who, besides = chosen(job.workspace, wanted.row), _besides(job.workspace)
    folder, order = job.layout.model(wanted.key), job.order
    bare = Record(wanted.key, {"status": "completed"}, who.primary)
    data: Dataset | None = None
    if job.steps != ("validate",):
        data = training(who, besides, order.names)
        for form in ("parquet", "csv") if order.csv else ("parquet",):
            path = dataset_files.write(job.layout.training_data, data, form)
            log.say(f"{path.name} written ({len(data):,} signals, {len(data.names)} features)")
    told = Told(wanted, bare, None, None, None, len(data or ()), len(data.names) if data else 0)
    if "train" in job.steps and data is not None:
        with Threads(job.n_threads) as work:
            desk = Desk(order, folder, job.clock, work, progress)
            try:
                lesson, bundle = train(who.traded(), data, job.n_cells, desk)
            except NothingKeptError as e:
                return replace(_left(job, wanted, e), tried=trial_sets(who, e.trials))
        log.say(
            f"{bundle.symbol}_best.json written (Sharpe out of fold {lesson.cpcv_sharpe:.2f}, "
            f"deflated {lesson.deflated_sharpe:.3f}, {lesson.n_trials:,} trials)"
        )
        told = replace(told, lesson=lesson, bundle=bundle, tried=trial_sets(who, lesson.trials))
    if "validate" in job.steps:
        if told.lesson is None:
            lesson, bundle = read_lesson(folder), load_model_bundle(who.primary.symbol, folder)
            told = replace(told, lesson=lesson, bundle=bundle)
        told = _validated(job, who, besides, told)
    return told


def _validated(job: Job, who: Chosen, besides: Besides, told: Told) -> Told:
    lesson, bundle = told.lesson, told.bundle
    assert lesson is not None
    assert bundle is not None
    key = told.wanted.key
    data = validation(who, besides, bundle.features)
    n_looks = looked(job.looks, bundle, data, job.clock)
    paths = paths_of(who.traded(), lesson)
    found = validate(who.traded(bars_to_judge(who)), data, bundle, paths, job.order, n_looks)
    held = dict(bundle.metadata) | {"Holdout": holdout_of(found)}
    bundle = replace(bundle, metadata=held)
    save_bundle(bundle, job.layout.model(key))
    record = Record(
        key=key,
        row=row_of(data, bundle, lesson, found),
        primary=who.primary,
        verdict=found.verdict,
        uplift=found.uplift,
        facts={
            "project": who.again.meta["project"],
            "run_id": who.again.folder.name,
            "stamp": who.again.stored.stamp,
            "p_value": None if found.null is None else found.null.p_sharpe,
            "cpcv_uplift": paths.median_sharpe,
            "deflated_sharpe": lesson.deflated_sharpe,
            "n_looks": n_looks,
            "n_signals": found.n_signals,
            "n_unknown": found.n_unknown,
            "windows": dict(bundle.identity.windows) | {"validation": (data.first, data.last)},
            "lesson": lesson.identity,
            "limits": asdict(job.order.limits),
        },
    )
    write_record(record, job.layout.validation(key))
    return replace(told, record=record, bundle=bundle, found=found)


def _left(job: Job, wanted: Wanted, error: MillError) -> Told:
    """Return a winner that was not judged, and why; its record says the same."""
    status: Left = "skipped" if isinstance(error, SKIPS) else "failed"
    row = fields_without(_named(wanted), status, str(error))
    record = Record(wanted.key, row, _named(wanted))
    if "validate" in job.steps:
        write_record(record, job.layout.validation(wanted.key))
    return Told(wanted, record)


def _named(wanted: Wanted) -> Primary:
    row = wanted.row
    return Primary(
        wanted.symbol,
        str(row.get("timeframe", "")),
        wanted.strategy,
        int(row.get("strategy_id", 0)),
        dict(row.get("params", {})),
    )


@lru_cache(maxsize=1)
def _besides(workspace: Path) -> Besides:
    return Besides(Catalog(workspace))
