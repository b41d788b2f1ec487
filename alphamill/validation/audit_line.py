"""The likely line of a leak: where, of two runs that share their past, the past first differs.

The function runs twice under a trace that is limited to its own file: on the whole history, and
on one with another future. After each executed line every array among the local variables is
compared over the rows that both runs share. A number made of all rows may differ between the runs
without harm; an array whose *shared rows* differ has taken in what came later.
"""

import ast
import linecache
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from inspect import unwrap
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple

import numpy as np

from alphamill.validation.audit_columns import Column, differing, flattened

# A loop over many bars in Python is not followed to its end; what is returned is seen for all that.
MAX_STEPS: Final = 40_000
# An array of fewer rows than this share of the history has other rows: weeks, windows, a table.
ALIGNED_SHARE: Final = 0.8
RETURNED: Final = "what is returned"


@dataclass(frozen=True)
class Line:
    """Where a leak is likely to be.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    number : int
        Line of the file, from 1.
    text : str
        What stands there.
    variable : str
        Which variable first held something of the future.
    via : tuple of str
        What the line reads that was made of later rows too, a number or another table, each with
        its line.
    """

    file: str
    number: int
    text: str
    variable: str
    via: tuple[str, ...] = ()

    def __str__(self) -> str:
        reads = f" (reads {', '.join(self.via)})" if self.via else ""
        return f"{self.file}:{self.number} {self.text}{reads}"


class Run(NamedTuple):
    """A call, and the rows of the history it is given."""

    call: Callable[[], Any]
    n_rows: int


@dataclass(frozen=True)
class Step:
    """One executed line: which, how many times by now, and the variables after it.

    ``rows`` are arrays of the history's rows, cut to those that both runs share; ``others`` are
    numbers and arrays of other rows, whole.
    """

    file: str
    function: str
    number: int
    times: int
    rows: dict[str, Column]
    others: dict[str, Column]

    @property
    def key(self) -> tuple[str, str, int, int]:
        return self.file, self.function, self.number, self.times


def likely_line(one: Run, other: Run, files: Collection[str], n_kept: int) -> Line | None:
    """Return the first line after which the first ``n_kept`` rows of an array differ.

    Parameters
    ----------
    one, other : Run
        The function on a whole history, and on one whose rows from ``n_kept`` on are missing or
        different.
    files : collection of str
        Names of the files to look into, as code objects give them. Compiled functions and other
        files are seen at the line that calls them.
    n_kept : int
        Rows that both histories share.

    Returns
    -------
    Line or None
        None where no line shows it.
    """
    steps, twins = _traced(one, files, n_kept), _traced(other, files, n_kept)
    there = {step.key: step for step in twins}
    # A loop over fewer bars ends sooner: its last round, and the end, stand for what is missing.
    last = {step.key[:3]: step for step in twins} | {step.key[:2]: step for step in twins}
    compared: set[tuple[int, ...]] = set()
    for place, step in enumerate(steps):
        found = (
            (there.get(step.key),)
            if step.key in there
            else (last.get(step.key[:3]), last.get(step.key[:2]))
        )
        for name, column in step.rows.items():
            twin = [x.rows[name] for x in found if x is not None and name in x.rows]
            key = (id(column), *map(id, twin))
            if twin and key not in compared and all(_is_other(column, x) for x in twin):
                return _line(step, name, steps[:place], there)
            compared.add(key)
    return None


def files_of(*functions: Callable[..., Any]) -> frozenset[str]:
    """Return the names of the files that hold functions, decorations taken off."""
    found = set()
    for function in functions:
        inner: Any = function
        while isinstance(inner, partial):
            inner = inner.func
        inner = unwrap(inner)
        # A compiled function keeps its plain one beside it.
        code = getattr(getattr(inner, "py_func", inner), "__code__", None)
        found.add("" if code is None else code.co_filename)
    return frozenset(found - {""})


class _Recorder:
    """Writes down what the local variables hold after every line of the files."""

    def __init__(self, files: Collection[str], n_kept: int, n_rows: int) -> None:
        self.files, self.n_kept, self.n_rows = files, n_kept, n_rows
        self.steps: list[Step] = []
        self.times: dict[tuple[str, str, int], int] = {}
        self.held: dict[FrameType, dict[str, Column]] = {}
        self.at: dict[FrameType, int] = {}

    def entered(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event != "call" or frame.f_code.co_filename not in self.files:
            return None
        self.held[frame] = {}
        # What comes in was made by the line that calls.
        back = frame.f_back
        is_ours = back is not None and back.f_code.co_filename in self.files
        self.at[frame] = back.f_lineno if is_ours and back else frame.f_lineno
        return self.followed

    def followed(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return":
            self._note(frame, {RETURNED: arg})
            del self.held[frame], self.at[frame]
        elif event == "line":
            if len(self.steps) < MAX_STEPS:
                self._note(frame, {})
            self.at[frame] = frame.f_lineno
        return self.followed

    def _note(self, frame: FrameType, more: dict[str, Any]) -> None:
        held = self.held[frame]
        rows: dict[str, Column] = {}
        others: dict[str, Column] = {}
        for name, value in {**frame.f_locals, **more}.items():
            for own, column in _columns(value, name):
                is_aligned = column.ndim and column.shape[0] >= ALIGNED_SHARE * self.n_rows
                known = column[: self.n_kept] if is_aligned else column
                before = held.get(own)
                # One copy for as long as nothing changes.
                kept = known.copy() if before is None or _changed(before, known) else before
                (rows if is_aligned else others)[own] = kept
        self.held[frame] = rows | others
        place = (frame.f_code.co_filename, frame.f_code.co_name, self.at[frame])
        self.times[place] = self.times.get(place, 0) + 1
        self.steps.append(Step(*place, self.times[place], rows, others))


def _traced(run: Run, files: Collection[str], n_kept: int) -> list[Step]:
    recorder = _Recorder(files, n_kept, run.n_rows)
    before = sys.gettrace()
    sys.settrace(recorder.entered)
    try:
        run.call()
    finally:
        sys.settrace(before)
    return recorder.steps


def _columns(value: Any, name: str) -> Iterator[tuple[str, Column]]:
    if isinstance(value, (int, float, np.number)):
        yield name, np.asarray(value)
    else:
        yield from flattened(value, name)


def _changed(before: Column, now: Column) -> bool:
    if before.dtype != now.dtype or before.shape != now.shape:
        return True
    return bool(differing(np.atleast_1d(before), np.atleast_1d(now)).any())


def _is_other(some: Column, other: Column) -> bool:
    # A shorter history makes shorter arrays: what both have is compared.
    n_rows = min(some.shape[0], other.shape[0])
    return bool(differing(some[:n_rows], other[:n_rows], rtol=1e-9).any())


def _line(
    step: Step, variable: str, before: list[Step], there: dict[tuple[str, str, int, int], Step]
) -> Line:
    start, text, words = _statement(step.file, step.number)
    first: dict[str, int] = {}
    for past in before:
        twin = there[past.key].others if past.key in there else {}
        if past.function != step.function:
            continue
        for name in past.others.keys() & twin.keys() & words - first.keys():
            if _changed(past.others[name], twin[name]):
                first[name] = past.number
    via = tuple(f"{name}, line {number}" for name, number in first.items())
    return Line(Path(step.file).name, start, text, variable, via)


def _statement(file: str, number: int) -> tuple[int, str, set[str]]:
    """Return first line, text on one line and names of the statement at a line of a file."""
    lines = linecache.getlines(file)
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return number, linecache.getline(file, number).strip(), set()
    over = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= number <= (node.end_lineno or 0)
    ]
    if not over:
        return number, linecache.getline(file, number).strip(), set()
    inner = max(over, key=lambda node: node.lineno)
    if hasattr(inner, "body"):
        # A loop, a branch or a function: its head alone was executed.
        return number, linecache.getline(file, number).strip(), set()
    text = " ".join("".join(lines[inner.lineno - 1 : inner.end_lineno]).split())
    words = {node.id for node in ast.walk(inner) if isinstance(node, ast.Name)}
    return inner.lineno, text, words
