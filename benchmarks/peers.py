"""The same 36-cell RSI sweep in other engines; equal trades come before speed.

Signals are the same arrays for all: RSI by our own code, long, one unit, no costs, decided at a
close. There are two courses.

*Rule exits*: the market as it is, with its gaps, and no stop anywhere. All fill at the next open;
vectorbt is told so by shifting the signals one bar and ``price=open``.

*Stop and target*: 1 and 2 ATR of the deciding bar. vectorbt does not look for a stop in the bar of
the fill, so here it fills at the deciding close, and the market is made gapless (each open is the
close before it) to give that close and the next open one price. One difference is left, and it is
checked, not assumed: vectorbt takes one order a bar, so it does not hear an entry decided at the
close of a bar in which a stop or target filled. With exactly those entries taken out of the
signals, our trades must be vectorbt's. pybroker cannot be told to trade so, and gets no time.
"""

import importlib
import importlib.util
import statistics
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.market import Signals
from alphamill.workshop.memory import keep_freed_memory
from benchmarks.course import (
    RULE_ONLY,
    Course,
    Fills,
    fills_at_opens,
    fills_of_ours,
    require_equal,
    rule_course,
    stop_course,
    sweep_of_ours,
)
from benchmarks.measure import Findings, timed
from benchmarks.script import Done


class Engine(NamedTuple):
    """An engine that walks bars in Python: some of its cells are run one by one.

    ``blind_to`` is the reason why it cannot trade the course with stops as the others do.
    """

    package: str
    label: str
    module: str
    n_cells: int
    blind_to: str = ""


ENGINES = (
    Engine("backtesting", "backtesting.py", "benchmarks.by_backtesting", 2),
    Engine("backtrader", "backtrader", "benchmarks.by_backtrader", 1),
    Engine(
        "pybroker",
        "pybroker",
        "benchmarks.by_pybroker",
        1,
        blind_to="it does not judge a stop in the bar of the entry",
    ),
)
FIRST_BARS = 2_000
# Seconds a cell of ours, by what is run; a peer's time is given as a multiple of each.
Bases = dict[str, float]


def measure_peers(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Check that the engines trade alike, then time them.

    Freed memory is kept, as a sweep's processes do; that serves all engines of this process.
    """
    keep_freed_memory()
    for course in (rule_course(n_bars), stop_course(n_bars)):
        sweep_of_ours(course, (course.stack,))  # compiled code is read
        bases = {"ours": _ours(findings, course, "Alphamill", (course.stack,), n_repeats)}
        if course.stack != RULE_ONLY:
            many = "Alphamill, 20 stacks at once"
            bases["ours, 20 stacks"] = _ours(findings, course, many, exit_grid(), n_repeats)
        with warnings.catch_warnings():
            # What a peer's own code warns of is not ours to mend.
            warnings.simplefilter("ignore")
            if installed(findings, "vectorbt"):
                _measure_vectorbt(findings, course, n_repeats, bases)
            for engine in ENGINES:
                if installed(findings, engine.package):
                    _measure_engine(findings, course, engine, bases)


def installed(findings: Findings, package: str) -> bool:
    """Return whether a peer is there; say so once where it is not."""
    if importlib.util.find_spec(package) is not None:
        return True
    findings.skip(f"{package}: not installed; install alphamill[peers]")
    return False


def _ours(
    findings: Findings,
    course: Course,
    name: str,
    stacks: tuple[ExitStack, ...],
    n_repeats: int,
) -> float:
    seconds = timed(lambda: sweep_of_ours(course, stacks), n_repeats)
    n_cells = len(course.signals) * len(stacks)
    note = f"everything, signals too, of {n_cells} cells"
    _add(findings, course, name, [value / n_cells for value in seconds], note)
    return statistics.median(seconds) / n_cells


# --- vectorbt ----------------------------------------------------------------------------------


def _measure_vectorbt(findings: Findings, course: Course, n_repeats: int, bases: Bases) -> None:
    vectorbt: Any = importlib.import_module("vectorbt")
    by: Any = importlib.import_module("benchmarks.by_vectorbt")
    engines = ["numba"]
    if importlib.util.find_spec("vectorbt_rust") is None:
        findings.skip("vectorbt's Rust engine: vectorbt-rust is not installed")
    else:
        engines.append("rust")
    n_cells, script = len(course.signals), course.whole_script
    for name in engines:
        vectorbt.settings["engine"] = name
        first_s = timed(lambda: by.statistics(script), 1)[0]
        compare_with_vectorbt(findings, course, name)
        for what, work, note in (
            ("from_signals", by.portfolio, "orders only, signals given"),
            (
                "from_signals, statistics",
                by.statistics,
                f"and trades, P&L, drawdown; first call {first_s:.1f} s",
            ),
        ):
            seconds = timed(lambda work=work: work(script), n_repeats)  # type: ignore[misc]
            each = [value / n_cells for value in seconds]
            _add(findings, course, f"vectorbt ({name}) {what}", each, note, bases)


def compare_with_vectorbt(findings: Findings, course: Course, engine: str) -> None:
    """Compare every cell's trades; raise where they are not equal."""
    by: Any = importlib.import_module("benchmarks.by_vectorbt")
    record = by.portfolio(course.whole_script).trades.records
    n_unheard = n_equal = n_ours = 0
    who = f"vectorbt ({engine})"
    for cell, said in enumerate(course.signals):
        rows = by.closed_trades(record[record["col"] == cell], len(course.bars))
        theirs = _fills_of_vectorbt(Done(*rows, None), course, said)
        by_stack = theirs.ended[~theirs.by_rule]
        heard = said.enter.copy()
        n_unheard += int((heard[by_stack] != 0).sum())
        heard[by_stack] = 0
        n_equal += require_equal(who, cell, theirs, course, said._replace(enter=heard))
        n_ours += fills_of_ours(course, said).ended.size
    text = f"{who}, {course.name}: {n_equal:,} trades of {len(course.signals)} cells equal ours"
    if n_unheard:
        text += (
            f", once the {n_unheard:,} entries it cannot hear (decided in a bar in which a stop or "
            f"target filled) are taken out; with them ours are {n_ours:,}"
        )
    findings.checks.append(text)


def _fills_of_vectorbt(done: Done, course: Course, said: Signals) -> Fills:
    if course.stack == RULE_ONLY:
        by_rule = np.ones(done.left.size, dtype=np.bool_)
        return Fills(done.entered - 1, done.left - 1, done.entry, done.exit, by_rule)
    by_rule = said.leave_long[done.left] & (done.exit == course.bars.close[done.left])
    return Fills(done.entered, done.left, done.entry, done.exit, by_rule)


# --- engines that walk bars in Python ----------------------------------------------------------


def _measure_engine(findings: Findings, course: Course, engine: Engine, bases: Bases) -> None:
    if engine.blind_to and course.stack != RULE_ONLY:
        findings.skip(f"{engine.label}, {course.name}: {engine.blind_to}")
        return
    n_all = len(course.signals)
    cells = [at * n_all // engine.n_cells for at in range(engine.n_cells)]
    seconds = compare_with_engine(findings, course, engine, cells)
    note = f"{len(cells)} of {n_all} cells run, signals given"
    _add(findings, course, engine.label, seconds, note, bases)


def compare_with_engine(
    findings: Findings, course: Course, engine: Engine, cells: Iterable[int]
) -> list[float]:
    """Return the seconds of each cell; raise where trades are not equal."""
    by: Any = importlib.import_module(engine.module)
    by.run(course.script(course.signals[0]).head(FIRST_BARS))  # what it compiles is compiled
    n_equal, seconds = 0, []
    for cell in cells:
        said, done = course.signals[cell], []
        script = course.script(said)
        seconds += timed(lambda s=script, d=done: d.append(by.run(s)), 1)  # type: ignore[misc]
        theirs = fills_at_opens(done[0], course, said)
        n_equal += require_equal(engine.label, cell, theirs, course, said)
    findings.checks.append(
        f"{engine.label}, {course.name}: {n_equal:,} trades of {len(seconds)} cells equal ours"
    )
    return seconds


def _add(  # noqa: PLR0913  one line of the table
    findings: Findings,
    course: Course,
    name: str,
    each: list[float],
    note: str,
    bases: Bases | None = None,
) -> None:
    """Add milliseconds a cell and, for a peer, how many times ours that is."""
    findings.add(course.name, name, [1e3 * value for value in each], "ms a cell", note)
    for ours, base in (bases or {}).items():
        findings.add(course.name, f"{name} / {ours}", [v / base for v in each], "times")
