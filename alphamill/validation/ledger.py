"""The trial ledger: every cell ever run, append-only, so that luck can be charged for.

A trial is a distinct cell on data of its own. A cell is strategy x symbol x timeframe x parameters
x exit stack x sides x code of the rule; of its runs, the most that share no session with each other
are its trials. Running a cell again, on another machine, or on a longer stretch of the same history
adds none; running it on years that none of its earlier runs touched does, and no run ever takes one
away. (The code counts because a rule that was edited and run again is another try.)

Rows are chained per machine: each hash covers the row and the hash before it, so a row that was
altered, removed or slipped in shows. Rows cut off at the end do not break the chain, and whoever
makes the whole chain anew makes a sound one; a run therefore stores `Ledger.head` beside its
results. Ledgers of several machines are merged by union, each chain as it is. The database itself
refuses to change or remove a row. Who owns the table can drop that guard: on PostgreSQL let one
role own it and give the writers SELECT and INSERT on ``trials`` and USAGE on ``trials_seq_seq``;
more is not needed.
"""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from alphamill.core.clock import Clock
from alphamill.core.errors import DataError
from alphamill.core.identity import canonical_json, digest
from alphamill.validation.ledger_chain import (
    START,
    are_sessions,
    content_id,
    distinct_stacks,
    row_hash,
    stacks_text,
    walked,
)
from alphamill.validation.ledger_count import (
    TrialCount,
    asked,
    counted,
    counts,
    listed,
    n_trials,
    nothing,
)
from alphamill.validation.ledger_files import write_rows
from alphamill.validation.ledger_merge import Merged, merge
from alphamill.validation.ledger_tables import CHAINED, SQLITE_GUARDS, TABLES, TRIALS
from alphamill.workshop.database import engine, writing

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Stacks:
    """The exit stacks of a run, plain JSON values; many sets share one and its text."""

    each: Sequence[Any]

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        return distinct_stacks(self.each)

    @cached_property
    def text(self) -> str:
        """Return the distinct stacks in one order, so that the plan's order adds no trial."""
        return stacks_text(self.distinct)


@dataclass(frozen=True)
class TrialSet:
    """One parameter set on one instrument, with all exit stacks it was run with.

    ``params`` holds plain JSON values; sessions are yyyymmdd, both ends included;
    ``code_version`` is the identity of the rule's code.
    """

    symbol: str
    timeframe: str
    first_session: int
    last_session: int
    strategy: str
    params: Mapping[str, Any]
    stacks: Stacks
    sides: str
    code_version: str
    run_id: str

    def __post_init__(self) -> None:
        if not are_sessions(self.first_session, self.last_session):
            raise DataError(
                f"trial of {self.strategy} on {self.symbol}: sessions must be yyyymmdd, first not "
                f"after last, received {self.first_session!r} to {self.last_session!r}."
            )

    @cached_property
    def params_json(self) -> str:
        return canonical_json(dict(self.params))

    @property
    def stacks_json(self) -> str:
        return self.stacks.text

    @property
    def n_cells(self) -> int:
        return len(self.stacks.distinct)

    @cached_property
    def trial_set_id(self) -> str:
        """Return the identity of the content; the run that it came from is left out."""
        return content_id(self)


class Ledger:
    """The append-only table of trials in a SQLite file or a PostgreSQL database.

    Parameters
    ----------
    path : str or Path
        File or URL.
    clock : Clock
        Stamps the rows.
    machine : str, optional
        Whose chain the rows belong to; by default a hash of the host's name.
    """

    def __init__(self, path: str | Path, clock: Clock, machine: str | None = None) -> None:
        self._engine = engine(path)
        self._clock = clock
        self.machine = machine or digest(platform.node())[:12]
        with writing(self._engine) as connection:
            TABLES.create_all(connection)
            for guard in SQLITE_GUARDS if connection.dialect.name == "sqlite" else ():
                connection.exec_driver_sql(guard)

    def append(self, records: Sequence[TrialSet]) -> int:
        """Add the sets that this machine has not recorded yet, in order, and return their number.

        All or none are added; when the call returns they are on the disk.
        """
        distinct = {record.trial_set_id: record for record in records}
        if not distinct:
            return 0
        with writing(self._engine) as connection:
            for known in self._known(connection, list(distinct)):
                del distinct[known]
            rows = self._chained(connection, distinct.values())
            if rows:
                connection.execute(sa.insert(TRIALS), rows)
        return len(rows)

    def count(
        self,
        symbol: str | None = None,
        strategy: str | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> int:
        """Return the number of distinct trials whose sessions overlap ``first`` to ``last``."""
        with self._engine.connect() as connection:
            return n_trials(connection.execute(counted(asked(symbol, strategy, first, last))))

    def total(
        self,
        symbol: str | None = None,
        strategy: str | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> TrialCount:
        """Return trials, cells, rows and dates of what `count` counts."""
        found = self._counts(None, asked(symbol, strategy, first, last))
        return found[0] if found else nothing("all")

    def totals(
        self,
        by: str,
        symbol: str | None = None,
        strategy: str | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> tuple[TrialCount, ...]:
        """Return the same for each symbol, strategy, run or machine, in the order of names.

        A run is listed with the sets that it was the first on its machine to record.
        """
        return self._counts(by, asked(symbol, strategy, first, last))

    def head(self) -> str:
        """Return the last hash of this machine's chain, to be kept beside a run's results."""
        with self._engine.connect() as connection:
            return self._last(connection)[1]

    def heads(self) -> dict[str, tuple[int, str]]:
        """Return the number of rows and the last hash of each machine's chain."""
        ends = (
            sa.select(TRIALS.c.machine, sa.func.max(TRIALS.c.position).label("position"))
            .group_by(TRIALS.c.machine)
            .subquery()
        )
        query = (
            sa.select(TRIALS.c.machine, TRIALS.c.position, TRIALS.c.hash)
            .join_from(
                TRIALS,
                ends,
                (TRIALS.c.machine == ends.c.machine) & (TRIALS.c.position == ends.c.position),
            )
            .order_by(TRIALS.c.machine)
        )
        with self._engine.connect() as connection:
            return {row.machine: (row.position, row.hash) for row in connection.execute(query)}

    def verify(self) -> list[str]:
        """Return one sentence for each broken link of any machine's chain; empty if whole."""
        return [fault for _, faults in walked(self._rows()) for fault in faults]

    def export(self, path: Path) -> int:
        """Write all rows to ``path`` and return their number.

        ``.csv``, or ``.jsonl`` with one object a line; `merge` takes either.
        """
        return write_rows(path, self._rows())

    def merge(self, source: Path, names: Mapping[str, str] | None = None) -> Merged:
        """Add the rows of an export or of another ledger's file that this one lacks.

        All or none are added. Each machine's chain is checked from its start as it is read. Rows
        that are here already are left; a chain may go on after the last row that is here.

        Parameters
        ----------
        source : Path
            ``.jsonl``, ``.csv``, or the SQLite file of a ledger, which is not written to.
        names : mapping, optional
            Other names for machines of the source, by their present ones; their rows are chained
            anew. For two hosts of one name. The same source under the same name gives the same
            rows, so it can be merged again later.

        Raises
        ------
        DataError
            When a chain of the source is broken, or goes another way than the one here: with the
            row. When the source cannot be read.
        SettingsError
            For another kind of file, or a name that fits no machine of the source.
        """
        with writing(self._engine) as connection:
            return merge(connection, source, names or {})

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()

    def _known(self, connection: Connection, ids: list[str]) -> list[str]:
        known: list[str] = []
        for at in range(0, len(ids), 500):
            query = sa.select(TRIALS.c.trial_set_id).where(
                TRIALS.c.machine == self.machine,
                TRIALS.c.trial_set_id.in_(ids[at : at + 500]),
            )
            known += connection.scalars(query)
        return known

    def _chained(self, connection: Connection, records: Iterable[TrialSet]) -> list[dict[str, Any]]:
        position, previous = self._last(connection)
        at_ns = self._clock.now_ns()
        rows = []
        for record in records:
            position += 1
            row: dict[str, Any] = {name: getattr(record, name, None) for name in CHAINED}
            row |= {"machine": self.machine, "position": position}
            row |= {"at_ns": at_ns, "previous_hash": previous}
            row["hash"] = previous = row_hash(row)
            rows.append(row)
        return rows

    def _last(self, connection: Connection) -> tuple[int, str]:
        query = (
            sa.select(TRIALS.c.position, TRIALS.c.hash)
            .where(TRIALS.c.machine == self.machine)
            .order_by(TRIALS.c.position.desc())
            .limit(1)
        )
        row = connection.execute(query).first()
        return (0, START) if row is None else (row.position, row.hash)

    def _counts(
        self, by: str | None, where: tuple[sa.ColumnElement[bool], ...]
    ) -> tuple[TrialCount, ...]:
        with self._engine.connect() as connection:
            return counts(connection.execute(listed(by, where)))

    def _rows(self) -> Iterator[dict[str, Any]]:
        query = sa.select(TRIALS).order_by(TRIALS.c.machine, TRIALS.c.position)
        # Whole chains need not fit in memory.
        with self._engine.connect().execution_options(yield_per=_ROWS_AT_ONCE) as connection:
            for row in connection.execute(query).mappings():
                yield dict(row)
