"""How many trials rows of the ledger stand for: distinct cells on data that share no session."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from alphamill.core.errors import SettingsError
from alphamill.core.identity import canonical_json
from alphamill.validation.ledger_tables import TRIALS

_CELL = ("symbol", "timeframe", "strategy", "params_json", "sides", "code_version")
_SPANS = ("stacks_json", "first_session", "last_session")
_NOTED = ("n_cells", "at_ns")
_N_COUNTED = len(_CELL) + len(_SPANS)
# What trials can be listed by, and the column that holds it.
COUNTED_BY = {"symbol": "symbol", "strategy": "strategy", "run": "run_id", "machine": "machine"}


@dataclass(frozen=True)
class TrialCount:
    """What the ledger holds of one symbol, strategy, run or machine, or of all.

    Attributes
    ----------
    name : str
    trials : int
        Distinct trials. Of parts they need not add up to the whole: two machines that ran the
        same cells hold them both.
    cells : int
        Cells as recorded, repeats included.
    sets : int
        Rows: one for each parameter set.
    first_session, last_session : int or None
        yyyymmdd; None where there is no row.
    first_ns, last_ns : int or None
        When the earliest and the latest row were recorded, UTC.
    """

    name: str
    trials: int
    cells: int
    sets: int
    first_session: int | None
    last_session: int | None
    first_ns: int | None
    last_ns: int | None


def asked(
    symbol: str | None, strategy: str | None, first: int | None, last: int | None
) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions for rows of one symbol or strategy that overlap a span of sessions."""
    limits = (
        None if symbol is None else TRIALS.c.symbol == symbol,
        None if strategy is None else TRIALS.c.strategy == strategy,
        None if first is None else TRIALS.c.last_session >= first,
        None if last is None else TRIALS.c.first_session <= last,
    )
    return tuple(limit for limit in limits if limit is not None)


def counted(where: Iterable[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """Return the query for the rows that `n_trials` takes."""
    return sa.select(*(TRIALS.c[name] for name in (*_CELL, *_SPANS))).where(*where)


def n_trials(rows: Iterable[Sequence[Any]]) -> int:
    """Return how many distinct trials there are among rows of `counted`."""
    runs: defaultdict[tuple[Any, ...], set[tuple[str, int, int]]] = defaultdict(set)
    for row in _sharing_texts(rows):
        symbol, timeframe, strategy, params, sides, code, stacks, first, last = row
        runs[symbol, timeframe, strategy, params, sides, code].add((stacks, first, last))
    texts = {stacks for spans in runs.values() for stacks, _, _ in spans}
    parsed = {text: [canonical_json(stack) for stack in json.loads(text)] for text in texts}
    return sum(_distinct_cells(spans, parsed) for spans in runs.values())


def listed(by: str | None, where: Iterable[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """Return the query for the rows that `counts` takes.

    Raises
    ------
    SettingsError
        For a ``by`` that trials cannot be listed by.
    """
    if by is not None and by not in COUNTED_BY:
        raise SettingsError(f"trials are listed by {', '.join(COUNTED_BY)}; received {by!r}.")
    name = sa.literal("all") if by is None else TRIALS.c[COUNTED_BY[by]]
    noted = (TRIALS.c[column] for column in _NOTED)
    return counted(where).add_columns(*noted, name)


def counts(rows: Iterable[Sequence[Any]]) -> tuple[TrialCount, ...]:
    """Return what rows of `listed` hold, by name."""
    groups: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
    for row in _sharing_texts(rows):
        groups[row[-1]].append(row)
    return tuple(_count(name, groups[name]) for name in sorted(groups))


def nothing(name: str) -> TrialCount:
    """Return the count where no row was asked for."""
    return TrialCount(name, 0, 0, 0, None, None, None, None)


def _count(name: str, rows: Sequence[Sequence[Any]]) -> TrialCount:
    firsts, lasts, cells, stamps = zip(*(row[7:11] for row in rows), strict=True)
    return TrialCount(
        name,
        n_trials(row[:_N_COUNTED] for row in rows),
        sum(cells),
        len(rows),
        min(firsts),
        max(lasts),
        min(stamps),
        max(stamps),
    )


def _sharing_texts(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows; equal texts of stacks are one object, for thousands of rows hold each."""
    texts: dict[str, str] = {}
    at = len(_CELL)
    for row in rows:
        text = texts.setdefault(row[at], row[at])
        yield (*row[:at], text, *row[at + 1 :])


def _distinct_cells(
    runs: Iterable[tuple[str, int, int]], parsed: Mapping[str, Sequence[str]]
) -> int:
    """Return the trials among runs of one parameter set, given as (stacks, first, last)."""
    spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    by_text: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for stacks, first, last in runs:
        by_text[stacks].append((first, last))
    if len(by_text) == 1:
        ((stacks, every),) = by_text.items()
        return len(parsed[stacks]) * _n_apart(every)
    for stacks, some in by_text.items():
        for stack in parsed[stacks]:
            spans[stack] += some
    return sum(map(_n_apart, spans.values()))


def _n_apart(spans: list[tuple[int, int]]) -> int:
    """Return how many of ``spans`` can be chosen so that no two share a session.

    Earliest end first finds the most. A count of groups that overlap in a row would fall when a
    later run joins two of them; what was tried stays tried.
    """
    n_apart, reach = 0, 0
    for first, last in sorted(spans, key=lambda span: span[1]):
        if first > reach:
            n_apart, reach = n_apart + 1, last
    return n_apart
