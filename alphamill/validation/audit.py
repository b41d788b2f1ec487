"""Does it read the future? Truncation, other futures, start-up and decision timing.

The tests of specification C12, over anything that turns a history into rows: rules, indicators,
features, labels, models, weights. A `Subject` says how to call it, a `Ground` what to call it
with. Every row of every column is compared at a sample of cuts, not only those that traded.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from alphamill.core.errors import GateError, MillError
from alphamill.core.market import Floats
from alphamill.validation.audit_columns import Column, as_numbers, differing, named_columns
from alphamill.validation.audit_line import Line, Run, likely_line
from alphamill.validation.audit_subject import (
    HOWS,
    Effort,
    Finding,
    Ground,
    How,
    Report,
    Subject,
    Traded,
)

START_UP_LIMIT: Final = 1e-6
# One chance in 30,000: hundreds of subjects are asked, and none may be accused by chance.
DELAY_SIGMAS: Final = 4.0
MIN_PERIODS: Final = 30
# Sums over arrays of another length may be rounded otherwise in their last bits.
ROUNDING: Final = 1e-9


def audit(subject: Subject, effort: Effort | None = None) -> Report:
    """Return what a subject does that it must not: read ahead, forget late, fill too soon.

    Parameters
    ----------
    subject : Subject
    effort : Effort, optional
        The full effort otherwise.

    Returns
    -------
    Report
        One finding for each check and column; none where all is well.
    """
    sift = _Sift(subject, effort or Effort())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A future of NaN or noise makes code warn that has no fault.
        warnings.simplefilter("ignore")
        usable = [ground for ground in subject.grounds if _answers(sift, ground)]
        # Of what says something else at every call, nothing more can be asked.
        if usable and not sift.hits:
            for ground in usable:
                _other_futures(sift, ground)
            for ground in subject.long_grounds:
                _on_a_long_ground(sift, ground)
        findings = tuple(sift.findings())
    start_up = tuple(sorted(sift.start_up.items()))
    notes = (*subject.untried, *sift.notes)
    return Report(subject, findings, notes, sift.n_compared, start_up)


class _Shown(NamedTuple):
    """How a difference is shown again, for the search of its line."""

    ground: Ground
    n_kept: int
    how: How


@dataclass
class _Hit:
    """The first bar that shows something, how often, and what shows it last."""

    ground: Ground
    row: int
    said: str
    shown: _Shown | None = None
    n_hits: int = 0


@dataclass
class _Sift:
    """Gathers what is found while a subject is tried."""

    subject: Subject
    effort: Effort
    hits: dict[tuple[str, str], _Hit] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    start_up: dict[int, float] = field(default_factory=dict)
    n_compared: int = 0

    def columns(self, data: Any, n_rows: int) -> dict[str, Column]:
        """Return what the subject says, or raise what it raised as its author's fault."""
        try:
            said = self.subject.call(data)
        except (MillError, MemoryError):
            raise
        except Exception as e:
            raise GateError(f"{type(e).__name__}: {e}") from e
        return named_columns(said, n_rows)

    def hit(self, check: str, column: str, found: _Hit) -> None:
        first = self.hits.setdefault((check, column), found)
        first.n_hits += 1
        # Late in the history more of the function has run.
        first.shown = found.shown

    def findings(self) -> Iterator[Finding]:
        lines: dict[object, Line | None] = {}
        for (check, column), hit in self.hits.items():
            key = hit.shown and (hit.shown.ground.name, *hit.shown[1:])
            if key not in lines:
                lines[key] = self._line(hit.shown) if hit.shown else None
            yield Finding(
                check,
                column,
                hit.ground.name,
                hit.row,
                int(hit.ground.moments[hit.row]),
                hit.n_hits,
                self.tried[check],
                hit.said,
                lines[key],
            )

    def _line(self, shown: _Shown) -> Line | None:
        ground, n_kept, how = shown
        call, n_rows = self.subject.call, ground.moments.size
        one = Run(partial(call, ground.rows(0, n_rows)), n_rows)
        n_other = n_kept if how == "missing" else n_rows
        other = Run(partial(call, _future(*shown)), n_other)
        # A label may read so many rows ahead: there the two histories differ by right.
        n_same = max(n_kept - self.subject.reads_ahead, 0)
        return likely_line(one, other, self.subject.files, n_same)


def _future(ground: Ground, n_kept: int, how: How) -> Any:
    return ground.rows(0, n_kept) if how == "missing" else ground.changed(n_kept, how)


def _answers(sift: _Sift, ground: Ground) -> bool:
    """Return whether the subject answers at all; note a column that differs at a second call."""
    n_rows = ground.moments.size
    try:
        first, second = (sift.columns(ground.rows(0, n_rows), n_rows) for _ in range(2))
    except MillError as e:
        sift.notes[f"not audited on {ground.name}: {e}"] = None
        return False
    sift.tried["repeat"] = sift.tried.get("repeat", 0) + 1
    for name in first | second:
        is_there = name in first and name in second
        rows = np.flatnonzero(differing(first[name], second[name])) if is_there else np.zeros(1)
        if rows.size:
            said = "a second call says something else: it draws at random, or remembers"
            sift.hit("repeat", name, _Hit(ground, int(rows[0]), said))
    return True


def _other_futures(sift: _Sift, ground: Ground) -> None:
    n_rows = ground.moments.size
    whole = sift.columns(ground.rows(0, n_rows), n_rows)
    failed: dict[How, list[str]] = {}
    cuts = _cuts(whole, n_rows, sift.effort.n_cuts)
    for n_kept in cuts:
        for how in HOWS:
            try:
                data = _future(ground, n_kept, how)
                other = sift.columns(data, n_kept if how == "missing" else n_rows)
            except MillError as e:
                failed.setdefault(how, []).append(str(e))
                continue
            sift.tried[how] = sift.tried.get(how, 0) + 1
            for name in whole | other:
                pair = whole.get(name), other.get(name)
                _compare(sift, _Shown(ground, n_kept, how), name, pair)
    for how, said in failed.items():
        where = f"{how}, {ground.name}, {len(said)} of {len(cuts)} cuts"
        sift.notes[f"not tried ({where}): {said[0]}"] = None


def _compare(
    sift: _Sift, shown: _Shown, name: str, pair: tuple[Column | None, Column | None]
) -> None:
    """Compare the rows of one column that were known before the cut."""
    column, other = pair
    ground, n_kept, how = shown
    n_known = max(n_kept - sift.subject.reads_ahead, 0)
    if column is None or other is None:
        gone = "this column comes and goes with what comes later"
        sift.hit(how, name, _Hit(ground, n_kept - 1, gone, shown))
        return
    sift.n_compared += n_known
    rows = differing(column[:n_known], other[:n_known], ROUNDING if how == "missing" else 0.0)
    if rows.any():
        row = int(np.flatnonzero(rows)[0])
        said_so = (
            f"{_word(column[row])} becomes {_word(other[row])} when the bars after {n_kept - 1} "
            f"are {_WORDS[how]}"
        )
        sift.hit(how, name, _Hit(ground, row, said_so, shown))


_WORDS: Final = {"missing": "missing", "noise": "noise", "constant": "one constant", "nan": "NaN"}


def _word(value: Any) -> str:
    plain = value.item() if hasattr(value, "item") else value
    return f"{plain:.6g}" if isinstance(plain, float) else str(plain)


def _cuts(whole: dict[str, Column], n_rows: int, n_cuts: int) -> list[int]:
    """Return how many rows to keep: all over the history, and just after something was said.

    A rule that speaks seldom is caught at the bars where it does, and nowhere else by chance.
    """
    spoken = np.zeros(n_rows, dtype=np.bool_)
    for column in whole.values():
        if column.dtype.kind in "biu" and n_rows > 1:
            spoken[1:] |= column[1:] != column[:-1]
    at = np.flatnonzero(spoken) + 1
    chosen = at[np.linspace(0, at.size - 1, min(n_cuts // 2, at.size)).astype(np.int64)]
    n_even = n_cuts - chosen.size
    even = np.linspace(1, n_rows - 1, n_even).astype(np.int64)
    return sorted({int(n) for n in (*chosen, *even) if 0 < n < n_rows})


def _on_a_long_ground(sift: _Sift, ground: Ground) -> None:
    subject = sift.subject
    try:
        if subject.memory is not None:
            _start_up(sift, ground, subject.memory)
        if subject.trades is not None:
            _timing(sift, ground, subject.trades)
    except MillError as e:
        sift.notes[f"start-up and timing, {ground.name}: {e}"] = None


def _start_up(sift: _Sift, ground: Ground, memory: int) -> None:
    n_rows = ground.moments.size
    if memory + 1 >= n_rows:
        sift.notes[
            f"start-up: a memory of {memory:,} is longer than the {n_rows:,} rows of {ground.name}"
        ] = None
        return
    whole = sift.columns(ground.rows(0, n_rows), n_rows)
    numbers = {name: as_numbers(column) for name, column in whole.items()}
    sizes = {name: _size(column) for name, column in numbers.items()}
    for length in sorted({max(memory, 1), memory + 1, *sift.effort.lengths}):
        if length >= n_rows:
            continue
        for stop in np.linspace(length, n_rows, sift.effort.n_ends).astype(np.int64):
            said = sift.columns(ground.rows(int(stop) - length, int(stop)), length)
            sift.n_compared += len(said)
            if length >= memory:
                sift.tried["start-up"] = sift.tried.get("start-up", 0) + 1
            for name, column in said.items():
                off = _apart(as_numbers(column)[-1], numbers[name][stop - 1], sizes[name])
                sift.start_up[length] = max(sift.start_up.get(length, 0.0), off)
                if off > START_UP_LIMIT and length >= memory:
                    words = (
                        f"{length:,} rows of history give {_word(column[-1])} in place of "
                        f"{_word(whole[name][stop - 1])}; {memory:,} should be enough"
                    )
                    sift.hit("start-up", name, _Hit(ground, int(stop) - 1, words))


def _size(column: Floats) -> float:
    """Return the usual size of a column: the root of its mean square, 1 where it has none."""
    known = column[np.isfinite(column)]
    return float(np.sqrt(np.mean(known**2))) if known.size and known.any() else 1.0


def _apart(one: float, other: float, size: float) -> float:
    if np.isnan(one) and np.isnan(other):
        return 0.0
    off = abs(one - other) / size
    return float("inf") if np.isnan(off) else float(off)


def _timing(sift: _Sift, ground: Ground, trades: Callable[[Any, int], Traded]) -> None:
    data = ground.rows(0, ground.moments.size)
    at_once, later = trades(data, 0), trades(data, 1)
    sift.tried["fills"] = sift.tried.get("fills", 0) + at_once.decided_ns.size
    for order in np.flatnonzero(at_once.filled_ns <= at_once.decided_ns):
        row = int(np.searchsorted(ground.moments, at_once.decided_ns[order]))
        said = "an order fills on a bar that had ended when it was decided"
        sift.hit("fills", "orders", _Hit(ground, row, said))
    sift.tried["delay"] = sift.tried.get("delay", 0) + 1
    sigmas = gain_of_delay(at_once.pnl, later.pnl)
    if sigmas > DELAY_SIGMAS:
        said = (
            f"the same signals one bar later earn more, by {sigmas:.1f} standard errors: they "
            "speak of a bar beyond the next"
        )
        row = int(np.searchsorted(ground.moments, at_once.decided_ns[0]))
        sift.hit("delay", "orders", _Hit(ground, row, said))


def gain_of_delay(pnl: Floats, delayed: Floats) -> float:
    """Return by how many standard errors signals earn more when they come one bar later.

    Parameters
    ----------
    pnl, delayed : ndarray of shape (n_periods,)
        Profit of the same periods, without and with the delay.

    Returns
    -------
    float
        Of the mean difference of the periods in which they differ; 0 where fewer than
        `MIN_PERIODS` do. Honest signals lose by a delay or do not care: far above 0 means that
        they speak of a bar beyond the next. Far below 0 proves nothing, for a fast edge fades.
    """
    gain = delayed - pnl
    gain = gain[gain != 0.0]
    if gain.size < MIN_PERIODS or not gain.std() > 0.0:
        return 0.0
    return float(gain.mean() / (gain.std(ddof=1) / np.sqrt(gain.size)))
