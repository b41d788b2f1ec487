"""Runs the table: in chunks that are kept as they are finished, so that a killed run goes on."""

import json
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import alphamill
from alphamill.core.errors import SettingsError
from alphamill.core.identity import source_digest
from alphamill.research.selftest.experiments import SEED, Experiment, Judged, Level, Record
from alphamill.research.selftest.table import TABLE
from alphamill.workshop.files import write_atomic
from alphamill.workshop.parallel import Executor, executor
from alphamill.workshop.progress import Progress

# The rooms whose code an experiment's figure depends on.
ROOMS = (
    *("core", "data", "indicators", "strategies", "backtest", "validation", "features"),
    *("learning", "research"),
)


@dataclass(frozen=True)
class Outcome:
    """One experiment's answer.

    ``passed`` None: it was not run (``n`` 0, and ``told`` says why), or is shown for comparison.

    ``low`` and ``high`` are the 99 % interval of a figure that is a proportion; NaN otherwise.
    """

    id: str
    name: str
    figure: float
    bound: str
    passed: bool | None
    told: str
    n: int = 0
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Found:
    """What one self-test found, in the order of the table; ``records`` are those it rests on."""

    level: Level
    code: str
    experiments: tuple[Outcome, ...]
    records: dict[str, list[Record]]

    @property
    def passed(self) -> bool:
        """Return whether all that ran passed; a test of nothing passes nothing."""
        ran = [one.passed for one in self.experiments if one.passed is not None]
        return bool(ran) and all(ran)


class Chunk(NamedTuple):
    """Repeats ``first`` to ``stop - 1`` of an experiment."""

    one: Callable[[int], Record]
    first: int
    stop: int


def selftest(
    level: Level,
    workspace: Path,
    *,
    only: Collection[str] = (),
    n_workers: int,
    progress: Progress,
    table: Sequence[Experiment] = TABLE,
) -> Found:
    """Run the experiments of a level and judge them.

    Records are kept below ``workspace``/selftest, an experiment a file; another level, or the same
    one after a kill, goes on from them as long as the code is the same. The answer does not depend
    on the number of workers, nor on what was kept.

    Parameters
    ----------
    only : collection of str
        Identities, or beginnings of them (``K2`` is all of K2); everything by default.

    Raises
    ------
    SettingsError
        For an identity that the table does not hold.
    """
    asked = chosen(table, only)
    sources = {experiment.id: experiment for experiment in table}
    needed: dict[str, int] = {}
    for experiment in asked:
        n = experiment.repeats.at(level)
        needed[experiment.source] = max(n, needed.get(experiment.source, 0))
    folder, code = workspace / "selftest", code_version()
    records: dict[str, list[Record]] = {}
    with executor(n_workers) as work:
        for source, n in needed.items():
            experiment = sources[source]
            if n and experiment.one is not None:
                records[source] = _recorded(experiment, n, Store(folder, code), work, progress)
    outcomes = tuple(_judged(each, level, records.get(each.source, [])) for each in asked)
    return Found(level, code, outcomes, records)


def chosen(table: Sequence[Experiment], only: Collection[str]) -> list[Experiment]:
    """Return the experiments whose identity is one of ``only``, or begins with one and a dash."""
    wanted = {word.upper() for word in only}

    def is_of(word: str, experiment: Experiment) -> bool:
        identity = experiment.id.upper()
        return identity == word or identity.startswith(f"{word}-")

    strangers = [w for w in wanted if not any(is_of(w, e) for e in table)]
    if strangers:
        raise SettingsError(
            f"--only must name experiments, received {sorted(strangers)[0]!r}; there are "
            f"{', '.join(e.id for e in table)}."
        )
    return [e for e in table if not wanted or any(is_of(w, e) for w in wanted)]


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the identity of the code that the figures depend on."""
    root = Path(alphamill.__file__).parent
    return source_digest(*(root / room for room in ROOMS))[:16]


class Store(NamedTuple):
    """Records on disk, an experiment a file, each good for one version of the code."""

    folder: Path
    code: str

    def read(self, experiment: Experiment) -> dict[str, list[Record]]:
        """Return the finished chunks by number; none where the code or the chunks are others."""
        try:
            kept = json.loads(self._path(experiment).read_bytes())
        except (FileNotFoundError, ValueError):
            # Absent, or damaged: what is lost is only time.
            return {}
        same = isinstance(kept, dict) and kept.get("made_by") == self._made_by(experiment)
        return dict(kept["chunks"]) if same else {}

    def write(self, experiment: Experiment, chunks: dict[str, list[Record]]) -> None:
        """Put the finished chunks on the disk, whole or not at all."""
        kept = {"made_by": self._made_by(experiment), "chunks": chunks}
        write_atomic(self._path(experiment), json.dumps(kept))

    def _path(self, experiment: Experiment) -> Path:
        return self.folder / f"{experiment.id}.json"

    def _made_by(self, experiment: Experiment) -> list[Any]:
        return [self.code, SEED, experiment.chunk]


def run_chunk(_: None, chunk: Chunk) -> list[Record]:
    """Return the records of a chunk, in plain numbers."""
    return [[float(x) for x in chunk.one(number)] for number in range(chunk.first, chunk.stop)]


def _recorded(
    experiment: Experiment, n: int, store: Store, work: Executor, progress: Progress
) -> list[Record]:
    assert experiment.one is not None
    kept, size = store.read(experiment), experiment.chunk
    cuts = [(k, k * size, min((k + 1) * size, n)) for k in range(-(-n // size))]
    # A shorter level may have ended in the middle of a chunk.
    todo = [cut for cut in cuts if len(kept.get(str(cut[0]), ())) < cut[2] - cut[1]]
    progress.start(f"{experiment.id} {experiment.name}", n)
    progress.advance(n - sum(stop - first for _, first, stop in todo))
    tasks = [Chunk(experiment.one, first, stop) for _, first, stop in todo]
    found = work.map(run_chunk, tasks, work.put(None))
    for (number, first, stop), records in zip(todo, found, strict=True):
        kept[str(number)] = records
        store.write(experiment, kept)
        progress.advance(stop - first)
    progress.finish()
    return [record for k, first, stop in cuts for record in kept[str(k)][: stop - first]]


def _judged(experiment: Experiment, level: Level, records: Sequence[Record]) -> Outcome:
    n, most = experiment.repeats.at(level), experiment.repeats.full
    if not n or experiment.judge is None:
        why = experiment.declared or f"not at this level; --full runs it {most:,} times"
        return Outcome(experiment.id, experiment.name, math.nan, experiment.bound, None, why)
    judged: Judged = experiment.judge(records[:n], n >= most)
    return Outcome(
        experiment.id,
        experiment.name,
        float(judged.figure),
        experiment.bound,
        None if judged.passed is None else bool(judged.passed),
        judged.told,
        n,
        *judged.interval,
    )
