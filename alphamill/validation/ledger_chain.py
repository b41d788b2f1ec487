"""The chain of the ledger's rows: how a row is named and hashed, and where a chain is broken."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from alphamill.core.identity import canonical_json, digest
from alphamill.validation.ledger_tables import CHAINED

Row = Mapping[str, Any]

START = "0" * 64
_CONTENT = (
    "symbol",
    "timeframe",
    "strategy",
    "params_json",
    "stacks_json",
    "first_session",
    "last_session",
    "sides",
    "code_version",
)


def row_hash(row: Row) -> str:
    """Return the hash of ``row``, which covers the hash of the row before it."""
    # Plain JSON of plain values: any other program can check the chain.
    return hashlib.sha256(canonical_json([row[name] for name in CHAINED]).encode()).hexdigest()


def content_id(record: object) -> str:
    """Return the identity of a row or a trial set; the run that it came from is left out."""
    if isinstance(record, Mapping):
        return digest(*(record[name] for name in _CONTENT))
    return digest(*(getattr(record, name) for name in _CONTENT))


def distinct_stacks(stacks: Iterable[Any]) -> tuple[str, ...]:
    """Return the JSON of each distinct stack, in one order: the plan's order adds no trial."""
    return tuple(sorted({canonical_json(stack) for stack in stacks}))


def stacks_text(distinct: Sequence[str]) -> str:
    """Return distinct stacks as one JSON list."""
    return "[" + ",".join(distinct) + "]"


def are_sessions(first: int, last: int) -> bool:
    """Say whether both are of the form yyyymmdd and in order."""
    return 10_000_101 <= first <= last <= 99_991_231


def walked(rows: Iterable[Row]) -> Iterator[tuple[Row, list[str]]]:
    """Yield each row with one sentence for each way in which it breaks its machine's chain.

    The rows of one machine come in the order of their positions; machines may alternate.
    """
    expected: dict[str, tuple[int, str]] = {}
    for row in rows:
        at, previous = expected.get(row["machine"], (1, START))
        faults = []
        if row["position"] != at:
            faults.append(f"position {at} was expected; rows are missing before it.")
        if row["previous_hash"] != previous:
            faults.append("does not continue the row before it.")
        if row["hash"] != row_hash(row):
            faults.append("the content does not match its hash; it was altered.")
        elif not _is_sound(row):
            faults.append("is chained, but is no trial set as a ledger writes it.")
        where = f"machine {row['machine']}, position {row['position']} (seq {row.get('seq', '-')})"
        yield row, [f"{where}: {fault}" for fault in faults]
        expected[row["machine"]] = (row["position"] + 1, row["hash"])


def _is_sound(row: Row) -> bool:
    """Say whether a row that a stranger chained can be counted as if we had written it."""
    return (
        are_sessions(row["first_session"], row["last_session"])
        and row["n_cells"] == _n_stacks(row["stacks_json"])
        and _is_canonical(row["params_json"])
        and row["trial_set_id"] == content_id(row)
    )


@lru_cache(maxsize=256)
def _n_stacks(text: str) -> int:
    """Return how many stacks a text of `stacks_text` holds; -1 for any other text."""
    try:
        stacks = json.loads(text)
        distinct = distinct_stacks(stacks) if isinstance(stacks, list) else ()
    except (ValueError, RecursionError):
        return -1
    return len(distinct) if stacks_text(distinct) == text else -1


def _is_canonical(text: str) -> bool:
    try:
        params = json.loads(text)
        return isinstance(params, dict) and canonical_json(params) == text
    except (ValueError, RecursionError):
        return False
