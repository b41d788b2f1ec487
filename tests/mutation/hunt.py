"""Run mutants against tests in copies of the tree; the tree itself is never written to."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from .mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
BACKTEST = "alphamill/backtest"
FILES = tuple(f"{BACKTEST}/{name}.py" for name in ("kernel", "exits", "costs", "loop"))
# Fast ones, compiled code off; the first that fails ends the run of a mutant.
TESTS = (
    "tests/backtest/test_costs.py",
    "tests/backtest/test_exits.py",
    "tests/backtest/test_engine.py",
    "tests/backtest/test_timeline.py::test_fixture_gives_the_hand_worked_trades",
    "tests/mutation/few_markets.py",
)
COPIED = ("alphamill", "tests", "pyproject.toml")
SECONDS_A_MUTANT = 60


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant; ``verdict`` passed means that no test noticed it."""

    mutant: Mutant
    verdict: str
    took_s: float

    @property
    def caught(self) -> bool:
        return self.verdict != "passed"


def mutants_of_tree(files: Sequence[str] = FILES) -> list[Mutant]:
    """Return every mutant of the files as they stand."""
    found: list[Mutant] = []
    for path in files:
        found += mutants_of(path, (ROOT / path).read_text(encoding="utf-8"))
    return found


def hunt(
    mutants: Sequence[Mutant],
    tests: Sequence[str] = TESTS,
    *,
    n_workers: int = 2,
    deadline_s: float = 3_600.0,
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Return the outcome of each mutant that was reached before the deadline, in their order.

    Raises
    ------
    RuntimeError
        When the tests fail without a mutant.
    """
    ends = time.monotonic() + deadline_s
    with workers(n_workers) as idle, ThreadPoolExecutor(n_workers) as pool:

        def one(mutant: Mutant) -> Outcome | None:
            if time.monotonic() > ends:
                return None
            outcome, _ = asked(idle, mutant, tests)
            told(outcome)
            return outcome

        right = (ROOT / mutants[0].path).read_text(encoding="utf-8")
        unharmed, log = asked(idle, Mutant(mutants[0].path, 0, "", right), tests)
        if unharmed.caught:
            raise RuntimeError(f"the tests fail without a mutant:\n{log}")
        return [outcome for outcome in pool.map(one, mutants) if outcome]


def asked(
    idle: "SimpleQueue[subprocess.Popen[str]]", mutant: Mutant, tests: Sequence[str]
) -> tuple[Outcome, str]:
    """Return what an idle worker found, and the end of what its tests printed."""
    worker = idle.get()
    try:
        assert worker.stdin
        assert worker.stdout
        order = {"path": mutant.path, "source": mutant.source, "tests": list(tests)}
        worker.stdin.write(json.dumps(order | {"seconds": SECONDS_A_MUTANT}) + "\n")
        worker.stdin.flush()
        line = worker.stdout.readline()
    finally:
        idle.put(worker)
    if not line:
        raise RuntimeError("a worker of the hunt ended; its error output says why.")
    answer = json.loads(line)
    return Outcome(mutant, answer["verdict"], answer["took_s"]), answer["log"]


@contextmanager
def workers(n: int) -> Iterator["SimpleQueue[subprocess.Popen[str]]"]:
    """Start workers, each in its own copy of the tree, and remove the copies afterwards."""
    idle: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()
    started = []
    with tempfile.TemporaryDirectory(prefix="alphamill-mutants-") as folder:
        for k in range(n):
            copy = Path(folder) / str(k)
            copied(copy)
            environment = {
                **os.environ,
                "NUMBA_DISABLE_JIT": "1",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "ALPHAMILL_CACHE": str(copy / "cache"),
            }
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.mutation.worker"],
                    cwd=copy,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            idle.put(started[-1])
        try:
            yield idle
        finally:
            for worker in started:
                worker.communicate()  # its input ends, and so does it


def copied(into: Path) -> None:
    """Copy what the tests need, without caches: an old bytecode file would hide a mutant."""
    into.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, into / name, ignore=shutil.ignore_patterns("__pycache__", ".numba*")
            )
        else:
            shutil.copy(source, into / name)
