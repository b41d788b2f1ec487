"""The trial ledger: every cell ever run, append-only, so that luck can be charged for.

A trial is a distinct cell on a data family. A cell is strategy x symbol x timeframe x parameters x
exit stack x sides x code of the rule; the data family is the symbol and overlapping ranges of
sessions. Running a cell again, or on a longer stretch of the same history, adds no trial; running
it on years that none of its earlier runs touched does. (The code counts because a rule that was
edited and run again is another try.)

Rows are chained per machine: each hash covers the row and the hash before it, so a row that was
altered, removed or slipped in shows. Rows cut off at the end do not break the chain; a run
therefore stores `Ledger.head` beside its results. The database itself refuses to change or remove
a row. Who owns the table can drop that guard: on PostgreSQL let one role own it and give the
writers SELECT and INSERT on ``trials`` and USAGE on ``trials_seq_seq``; more is not needed.
"""

import csv
import hashlib
import io
import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from alphamill.core.clock import Clock
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json, digest
from alphamill.workshop.database import engine, writing
from alphamill.workshop.files import write_atomic

_START = "0" * 64
_TABLES = sa.MetaData()
_TRIALS = sa.Table(
    "trials",
    _TABLES,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("machine", sa.String(64), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("trial_set_id", sa.String(64), nullable=False),
    sa.Column("symbol", sa.String(64), nullable=False),
    sa.Column("timeframe", sa.String(16), nullable=False),
    sa.Column("first_session", sa.Integer, nullable=False),
    sa.Column("last_session", sa.Integer, nullable=False),
    sa.Column("strategy", sa.String(128), nullable=False),
    sa.Column("params_json", sa.Text, nullable=False),
    sa.Column("stacks_json", sa.Text, nullable=False),
    sa.Column("n_cells", sa.Integer, nullable=False),
    sa.Column("sides", sa.String(16), nullable=False),
    sa.Column("code_version", sa.String(128), nullable=False),
    sa.Column("run_id", sa.String(128), nullable=False),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    # Per machine and not over all: a union of two ledgers must keep both chains whole.
    sa.UniqueConstraint("machine", "position"),
    sa.UniqueConstraint("machine", "trial_set_id"),
    sa.Index("trials_by_symbol", "symbol", "strategy"),
)
_CHAINED = tuple(c.name for c in _TRIALS.columns if c.name not in ("seq", "hash"))

_REFUSAL = "BEGIN SELECT RAISE(ABORT, 'the trial ledger is append-only'); END"
_SQLITE_GUARDS = (
    f"CREATE TRIGGER IF NOT EXISTS trials_refuse_update BEFORE UPDATE ON trials {_REFUSAL}",
    f"CREATE TRIGGER IF NOT EXISTS trials_refuse_delete BEFORE DELETE ON trials {_REFUSAL}",
    # INSERT OR REPLACE from another program deletes a row without asking the trigger above.
    "CREATE TRIGGER IF NOT EXISTS trials_refuse_replace BEFORE INSERT ON trials WHEN EXISTS ("
    "SELECT 1 FROM trials WHERE seq = NEW.seq OR machine = NEW.machine "
    f"AND (position = NEW.position OR trial_set_id = NEW.trial_set_id)) {_REFUSAL}",
)
_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION trials_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the trial ledger is append-only'; END $$",
    # An upsert asks the UPDATE trigger; TRUNCATE asks only one of its own.
    "CREATE TRIGGER trials_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON trials "
    "FOR EACH STATEMENT EXECUTE FUNCTION trials_refuse()",
    # Also for a replica session, in which plain triggers are silent.
    "ALTER TABLE trials ENABLE ALWAYS TRIGGER trials_refuse_change",
)


@sa.event.listens_for(_TRIALS, "after_create")
def _guard_postgresql(target: sa.Table, connection: Connection, **_: Any) -> None:
    # Once, with the table: a role that may only append can neither make nor mend triggers.
    for guard in _POSTGRESQL_GUARDS if connection.dialect.name == "postgresql" else ():
        connection.exec_driver_sql(guard)


@dataclass(frozen=True)
class Stacks:
    """The exit stacks of a run, plain JSON values; many sets share one and its text."""

    each: Sequence[Any]

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        return tuple(sorted({canonical_json(stack) for stack in self.each}))

    @cached_property
    def text(self) -> str:
        """Return the distinct stacks in one order, so that the plan's order adds no trial."""
        return "[" + ",".join(self.distinct) + "]"


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
        if not 10_000_101 <= self.first_session <= self.last_session:
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
        cell = (self.symbol, self.timeframe, self.strategy, self.params_json, self.stacks_json)
        return digest(*cell, self.first_session, self.last_session, self.sides, self.code_version)


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
            _TABLES.create_all(connection)
            for guard in _SQLITE_GUARDS if connection.dialect.name == "sqlite" else ():
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
                connection.execute(sa.insert(_TRIALS), rows)
        return len(rows)

    def count(
        self,
        symbol: str | None = None,
        strategy: str | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> int:
        """Return the number of distinct trials whose sessions overlap ``first`` to ``last``."""
        query = sa.select(
            *(_TRIALS.c[name] for name in _CELL),
            _TRIALS.c.stacks_json,
            _TRIALS.c.first_session,
            _TRIALS.c.last_session,
        ).distinct()
        if symbol is not None:
            query = query.where(_TRIALS.c.symbol == symbol)
        if strategy is not None:
            query = query.where(_TRIALS.c.strategy == strategy)
        if first is not None:
            query = query.where(_TRIALS.c.last_session >= first)
        if last is not None:
            query = query.where(_TRIALS.c.first_session <= last)
        runs: defaultdict[tuple[Any, ...], list[tuple[str, int, int]]] = defaultdict(list)
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                runs[tuple(row[: len(_CELL)])].append(tuple(row[len(_CELL) :]))
        return sum(map(_distinct_cells, runs.values()))

    def head(self) -> str:
        """Return the last hash of this machine's chain, to be kept beside a run's results."""
        with self._engine.connect() as connection:
            return self._last(connection)[1]

    def verify(self) -> list[str]:
        """Return one sentence for each broken link of any machine's chain; empty if whole."""
        broken: list[str] = []
        expected: dict[str, tuple[int, str]] = {}
        for row in self._rows():
            at, previous = expected.get(row["machine"], (1, _START))
            where = f"machine {row['machine']}, position {row['position']} (seq {row['seq']})"
            if row["position"] != at:
                broken.append(f"{where}: position {at} was expected; rows are missing before it.")
            if row["previous_hash"] != previous:
                broken.append(f"{where}: does not continue the row before it.")
            if row["hash"] != _row_hash(row):
                broken.append(f"{where}: the content does not match its hash; it was altered.")
            expected[row["machine"]] = (row["position"] + 1, row["hash"])
        return broken

    def export(self, path: Path) -> None:
        """Write all rows to ``path``: ``.csv``, or ``.jsonl`` with one object a line."""
        rows = self._rows()
        if path.suffix == ".jsonl":
            text = "".join(json.dumps(row) + "\n" for row in rows)
        elif path.suffix == ".csv":
            out = io.StringIO()
            table = csv.DictWriter(out, [c.name for c in _TRIALS.columns], lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
            text = out.getvalue()
        else:
            raise SettingsError(
                f"the ledger is exported to a .csv or .jsonl file, received {path.name!r}."
            )
        write_atomic(path, text)

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()

    def _known(self, connection: Connection, ids: list[str]) -> list[str]:
        known: list[str] = []
        for at in range(0, len(ids), 500):
            query = sa.select(_TRIALS.c.trial_set_id).where(
                _TRIALS.c.machine == self.machine,
                _TRIALS.c.trial_set_id.in_(ids[at : at + 500]),
            )
            known += connection.scalars(query)
        return known

    def _chained(self, connection: Connection, records: Iterable[TrialSet]) -> list[dict[str, Any]]:
        position, previous = self._last(connection)
        at_ns = self._clock.now_ns()
        rows = []
        for record in records:
            position += 1
            row: dict[str, Any] = {name: getattr(record, name, None) for name in _CHAINED}
            row |= {"machine": self.machine, "position": position}
            row |= {"at_ns": at_ns, "previous_hash": previous}
            row["hash"] = previous = _row_hash(row)
            rows.append(row)
        return rows

    def _last(self, connection: Connection) -> tuple[int, str]:
        query = (
            sa.select(_TRIALS.c.position, _TRIALS.c.hash)
            .where(_TRIALS.c.machine == self.machine)
            .order_by(_TRIALS.c.position.desc())
            .limit(1)
        )
        row = connection.execute(query).first()
        return (0, _START) if row is None else (row.position, row.hash)

    def _rows(self) -> list[dict[str, Any]]:
        query = sa.select(_TRIALS).order_by(_TRIALS.c.machine, _TRIALS.c.position)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


_CELL = ("symbol", "timeframe", "strategy", "params_json", "sides", "code_version")


def _distinct_cells(runs: list[tuple[str, int, int]]) -> int:
    """Return the trials among runs of one parameter set, given as (stacks, first, last)."""
    spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    if len({stacks for stacks, _, _ in runs}) == 1:
        n_stacks = len(json.loads(runs[0][0]))
        return n_stacks * _families([(first, last) for _, first, last in runs])
    for stacks, first, last in runs:
        for stack in json.loads(stacks):
            spans[canonical_json(stack)].append((first, last))
    return sum(map(_families, spans.values()))


def _families(spans: list[tuple[int, int]]) -> int:
    """Return how many groups of overlapping spans there are."""
    n_families, reach = 0, 0
    for first, last in sorted(spans):
        n_families += first > reach
        reach = max(reach, last)
    return n_families


def _row_hash(row: Mapping[str, Any]) -> str:
    # Plain JSON of plain values: any other program can check the chain.
    return hashlib.sha256(canonical_json([row[name] for name in _CHAINED]).encode()).hexdigest()
