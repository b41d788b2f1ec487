"""What is known about a stored series, and the file that says so."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alphamill.core.errors import DataError
from alphamill.core.identity import digest
from alphamill.core.market import Adjusted
from alphamill.data.raw import Finding
from alphamill.workshop.files import write_atomic

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Chunk:
    """One Parquet file of a series.

    ``sha256`` is of the file's bytes, ``content`` of its columns, whatever wrote them; ``key`` is
    its month (daily bars: year); sessions are trade dates as yyyymmdd.
    """

    key: str
    name: str
    sha256: str
    content: str
    n_bars: int
    n_sessions: int
    first_session: int
    last_session: int


@dataclass(frozen=True)
class Entry:
    """A series of the catalog; counts and dates include sealed bars.

    ``provenance`` says which file or package the bars came from, ``calendar`` which calendar gave
    them their sessions, ``findings`` what the quality rules noticed when they came in.
    """

    symbol: str
    timeframe: str
    adjusted: Adjusted
    closes_only: bool
    source: str
    provenance: str
    calendar: str
    findings: tuple[Finding, ...]
    chunks: tuple[Chunk, ...]
    first_sealed_session: int | None = None

    @property
    def first_session(self) -> int:
        return self.chunks[0].first_session

    @property
    def last_session(self) -> int:
        return self.chunks[-1].last_session

    @property
    def n_bars(self) -> int:
        return sum(chunk.n_bars for chunk in self.chunks)

    @property
    def n_sessions(self) -> int:
        return sum(chunk.n_sessions for chunk in self.chunks)


def write_manifest(path: Path, entry: Entry) -> Entry:
    """Write a manifest in one step and return its entry; equal entries are equal bytes."""
    series = asdict(entry)
    text = json.dumps({"series": series, "sha256": _hash(series)}, indent=1, sort_keys=True)
    write_atomic(path, text + "\n")
    return entry


def read_manifest(path: Path) -> Entry:
    """Return the entry of a manifest.

    Raises
    ------
    DataError
        When the file is damaged or was changed by hand.
    """
    where = "/".join(path.parts[-3:])
    try:
        content = json.loads(path.read_bytes())
        series: dict[str, Any] = content["series"]
        # Hashed as read, before anything in it is believed.
        if content["sha256"] != _hash(series):
            raise _damaged(where, "its content does not match its hash")
        return Entry(
            **series
            | {
                "findings": tuple(Finding(**f) for f in series["findings"]),
                "chunks": tuple(Chunk(**c) for c in series["chunks"]),
            }
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as e:
        raise _damaged(where, repr(e)) from e


def _hash(series: dict[str, Any]) -> str:
    return digest(json.dumps(series, sort_keys=True))


def _damaged(where: str, what: str) -> DataError:
    return DataError(
        f"{where}: the manifest of a series must be as it was written; {what}. Ingest this symbol "
        "again with --replace, and seal it again."
    )
