"""The union of ledgers: other machines' chains are taken over whole, extended, never forked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.ledger_chain import START, Row, row_hash, walked
from alphamill.validation.ledger_files import read_rows
from alphamill.validation.ledger_tables import TRIALS

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Merged:
    """What a merge did: rows added, rows that were here already, machines the source holds."""

    n_added: int
    n_known: int
    machines: tuple[str, ...]


def merge(connection: Connection, source: Path, names: Mapping[str, str]) -> Merged:
    """Add the rows of ``source`` that the open transaction's ledger lacks.

    Each row is checked before it is added; whoever holds the transaction rolls all back when this
    raises. ``names`` is as for `Ledger.merge`.
    """
    here: dict[str, dict[int, str]] = {}
    fresh: list[dict[str, Any]] = []
    n_added = n_known = 0
    for row in _renamed(_whole(read_rows(source), source), names):
        machine, position = row["machine"], row["position"]
        if machine not in here:
            here[machine] = _chain(connection, machine)
        known = here[machine].get(position)
        if known is None:
            fresh.append({name: row[name] for name in row if name != "seq"})
        elif known == row["hash"]:
            n_known += 1
        else:
            raise DataError(_fork(source, row, known))
        if len(fresh) == _ROWS_AT_ONCE:
            n_added += _insert(connection, fresh)
    n_added += _insert(connection, fresh)
    return Merged(n_added, n_known, tuple(sorted(here)))


def _whole(rows: Iterable[Row], source: Path) -> Iterator[Row]:
    """Yield the rows while their chains are whole; raise at the first that breaks one."""
    ids: set[tuple[str, str]] = set()
    for row, faults in walked(rows):
        one = (row["machine"], row["trial_set_id"])
        if one in ids and not faults:
            faults = [f"machine {row['machine']}, position {row['position']}: was here before."]
        if faults:
            raise DataError(
                f"{source}: its chains must be whole. {faults[0]} Nothing was merged; ask for a "
                "new export, or restore that ledger from a copy."
            )
        ids.add(one)
        yield row


def _renamed(rows: Iterable[Row], names: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows; those of a machine in ``names`` are chained anew under the other name."""
    heads = dict.fromkeys(names.values(), START)
    seen: set[str] = set()
    if len(heads) < len(names):
        raise SettingsError(f"two machines cannot be given one name, received {dict(names)}.")
    for row in rows:
        machine = row["machine"]
        seen.add(machine)
        if machine in names:
            name = names[machine]
            again = {**row, "machine": name, "previous_hash": heads[name]}
            again["hash"] = heads[name] = row_hash(again)
            yield again
        else:
            yield row
    taken = sorted(seen & set(heads))
    unknown = sorted(set(names) - seen)
    if taken or unknown:
        raise SettingsError(
            f"a machine of the file is given a name that none of them has; they are "
            f"{sorted(seen)}, received {dict(names)}. Nothing was merged."
        )


def _chain(connection: Connection, machine: str) -> dict[int, str]:
    query = sa.select(TRIALS.c.position, TRIALS.c.hash).where(TRIALS.c.machine == machine)
    return {position: known for position, known in connection.execute(query)}


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> int:
    n_rows = len(rows)
    if rows:
        connection.execute(sa.insert(TRIALS), rows)
        rows.clear()
    return n_rows


def _fork(source: Path, row: Row, known: str) -> str:
    machine = row["machine"]
    return (
        f"{source}: machine {machine}, position {row['position']}: the file's row has hash "
        f"{row['hash'][:12]}, the one here {known[:12]}. A chain may be extended, never forked, "
        "so nothing was merged. Either two hosts have one name, or a copy of a ledger went on by "
        f"itself: keep both histories with --name {machine}=OTHER, and give the machines different "
        "names (run.machine in the project file) before they go on."
    )
