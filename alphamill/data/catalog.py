"""Bars on disk: Parquet chunks of each series, named by their content, under one manifest.

    catalog/<symbol>/<timeframe>/manifest.json
    catalog/<symbol>/<timeframe>/2013-10.<content>.parquet   (daily bars: one chunk a year)

A manifest is replaced in one step and names its chunks with their hashes, so a kill at any moment
leaves the old series or the new one. Chunks that a manifest no longer names are removed by the next
write. The identity of a range is made of the identities of its chunks, cut at its ends: bars that
come later change no older range's.

The seal is a date in the manifest. Reading stops before it; who goes on has a line in
``looks.jsonl`` first.
"""

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from alphamill.core.clock import Clock
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Ints, bar_columns
from alphamill.data.calendar import minutes_of
from alphamill.data.history import merged
from alphamill.data.looks import Look, SealToken, append_look, read_looks
from alphamill.data.manifest import MANIFEST, Chunk, Entry, read_manifest, write_manifest
from alphamill.data.raw import Finding
from alphamill.workshop.files import locked, parquet_bytes, sweep_parts, write_all_atomic

Day = int | str | date
Columns = Mapping[str, NDArray[Any]]
_EVER = 99_991_231


class Catalog:
    """The series of one workspace, below ``root / "catalog"``."""

    def __init__(self, root: Path) -> None:
        self.folder = Path(root) / "catalog"

    def write(
        self,
        bars: Bars,
        *,
        source: str = "",
        provenance: str = "",
        calendar: str = "",
        findings: Sequence[Finding] = (),
        replace: bool = False,
    ) -> Entry:
        """Store a series, or add to a stored one the bars before and after it.

        The same bars again change nothing. ``replace`` forgets the stored bars (the seal
        stays); results that were made from them can then not be made again.

        Raises
        ------
        DataError
            When a bar inside the stored history is not as stored.
        """
        if not len(bars):
            raise DataError(
                f"{bars.symbol}: a series must have bars, received none. Fetch it again."
            )
        folder = self._folder(bars.symbol, bars.timeframe)
        with self._alone():
            known = self._replaced if replace else self.find
            old = known(bars.symbol, bars.timeframe)
            if old is not None and not replace:
                stored = self._load(old, old.chunks)
                bars = merged(stored, bars)
                if len(bars) == len(stored):
                    return old
            _sweep(folder, old)
            chunks = self._write_chunks(folder, bars, old)
            return write_manifest(
                folder / MANIFEST,
                Entry(
                    symbol=bars.symbol,
                    timeframe=bars.timeframe,
                    adjusted=bars.adjusted,
                    closes_only=bars.closes_only,
                    source=source,
                    provenance=provenance,
                    calendar=calendar,
                    findings=tuple(findings),
                    chunks=chunks,
                    first_sealed_session=old.first_sealed_session if old else None,
                ),
            )

    def read(
        self,
        symbol: str,
        timeframe: str,
        start: Day | None = None,
        end: Day | None = None,
        *,
        token: SealToken | None = None,
    ) -> Bars:
        """Return the bars whose trade dates lie in [start, end], up to the seal.

        Parameters
        ----------
        symbol, timeframe : str
            As stored.
        start, end : int (yyyymmdd), str (ISO) or date, optional
            Trade dates; the whole last day counts.
        token : SealToken, optional
            From ``open_seal``: read on past the seal.

        Raises
        ------
        SettingsError
            When the series is not there or has no bar in the range.
        DataError
            When a stored file is damaged.
        """
        entry = self.entry(symbol, timeframe)
        first, last = _range(start, end)
        sealed = entry.first_sealed_session
        if token is not None:
            self._require_logged(entry, token)
        elif sealed is not None:
            last = min(last, sealed - 1)
        chunks = _between(entry, first, last)
        bars = self._load(entry, chunks) if chunks else None
        if bars is not None:
            bars = bars.slice(*_rows(bars.session, first, last))
        if bars is None or not len(bars):
            limit = f", sealed from {sealed}" if sealed and token is None else ""
            raise SettingsError(
                f"{symbol} {timeframe}: has bars from {entry.first_session} to "
                f"{entry.last_session}{limit}, received a request for {start} to {end}. Choose "
                "other dates, or ingest more."
            )
        return bars

    def entry(self, symbol: str, timeframe: str) -> Entry:
        """Return what is known about one series."""
        found = self.find(symbol, timeframe)
        if found is None:
            held = [f"{e.symbol} {e.timeframe}" for e in self.entries()]
            raise SettingsError(
                f"the catalog {self.folder} has no {symbol!r} at {timeframe}; it has {held[:20]}. "
                "Bring it in with `alphamill ingest`."
            )
        return found

    def find(self, symbol: str, timeframe: str) -> Entry | None:
        """Return what is known about one series, None where it is not stored."""
        path = self._folder(symbol, timeframe) / MANIFEST
        found = read_manifest(path) if path.exists() else None
        # Some file systems do not tell "es" from "ES".
        return found if found is None or found.symbol == symbol else None

    def entries(self) -> list[Entry]:
        """Return what is known about all series, by symbol and timeframe."""
        manifests = sorted(self.folder.glob(f"*/*/{MANIFEST}"))
        return sorted(
            (read_manifest(path) for path in manifests), key=lambda e: (e.symbol, e.timeframe)
        )

    def content_hash(
        self, symbol: str, timeframe: str, start: Day | None = None, end: Day | None = None
    ) -> str:
        """Return the identity of the bars in [start, end], sealed ones included.

        Later bars do not change it. It tells nothing about sealed bars but whether they changed.
        """
        entry = self.entry(symbol, timeframe)
        first, last = _range(start, end)
        parts = []
        for chunk in _between(entry, first, last):
            content = chunk.content
            if chunk.first_session < first or chunk.last_session > last:
                columns = self._columns(entry, chunk)
                rows = slice(*_rows(columns["session"], first, last))
                content = _content({name: column[rows] for name, column in columns.items()})
            parts.append([chunk.key, content])
        return digest(symbol, timeframe, entry.adjusted, entry.closes_only, parts)

    def seal(
        self,
        symbol: str,
        timeframe: str,
        first_sealed_session: Day,
        *,
        token: SealToken | None = None,
    ) -> int:
        """Seal a series from a trade date on and return the date in force.

        A seal moves to an earlier date, never to a later one, unless a logged look is shown.
        """
        asked = session_of(first_sealed_session)
        with self._alone():
            entry = self.entry(symbol, timeframe)
            sealed = entry.first_sealed_session
            if token is not None:
                self._require_logged(entry, token)
            elif sealed is not None:
                asked = min(asked, sealed)
            if asked != sealed:
                path = self._folder(symbol, timeframe) / MANIFEST
                write_manifest(path, dataclasses.replace(entry, first_sealed_session=asked))
        return asked

    def open_seal(self, symbol: str, timeframe: str, who: str, why: str, clock: Clock) -> SealToken:
        """Log a look at the sealed bars of a series and return the token that shows them.

        The token is good for the bars that are there now; those that come later need another look.
        """
        with self._alone():
            entry = self.entry(symbol, timeframe)
            if entry.first_sealed_session is None:
                raise SettingsError(
                    f"{symbol} {timeframe}: only a sealed series can be opened, received one "
                    "without a seal. Read it as it is."
                )
            look = append_look(
                self._log,
                at_ns=clock.now_ns(),
                symbol=symbol,
                timeframe=timeframe,
                first_session=entry.first_sealed_session,
                last_session=entry.last_session,
                content_hash=self.content_hash(symbol, timeframe),
                who=who,
                why=why,
            )
        return SealToken(look)

    def looks(self) -> list[Look]:
        """Return every look at sealed bars, oldest first."""
        return read_looks(self._log)

    @property
    def _log(self) -> Path:
        return self.folder / "looks.jsonl"

    def _require_logged(self, entry: Entry, token: SealToken) -> None:
        look = token.look
        if look not in self.looks() or (look.symbol, look.timeframe, look.content_hash) != (
            entry.symbol,
            entry.timeframe,
            self.content_hash(entry.symbol, entry.timeframe),
        ):
            raise SettingsError(
                f"{entry.symbol} {entry.timeframe}: sealed bars need a logged look at the series "
                f"as it is now, received look {look.number} at {look.symbol} {look.timeframe}. "
                "Open the seal again."
            )

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        return locked(self.folder / ".lock")

    def _folder(self, symbol: str, timeframe: str) -> Path:
        minutes_of(timeframe)
        name = quote(symbol, safe="")
        # Quoting leaves "", ".", "..", hidden names, and names that are too long.
        if not name or len(name) > 150:
            raise SettingsError(
                f"a symbol must have 1 to 150 characters, received {symbol!r}. Rename it."
            )
        return self.folder / (f"%2E{name[1:]}" if name[0] == "." else name) / timeframe

    def _replaced(self, symbol: str, timeframe: str) -> Entry | None:
        try:
            return self.find(symbol, timeframe)
        except DataError:  # what is damaged can only be replaced
            return None

    def _write_chunks(self, folder: Path, bars: Bars, old: Entry | None) -> tuple[Chunk, ...]:
        known = {chunk.name: chunk for chunk in old.chunks} if old else {}
        chunks, files = [], {}
        for key, rows in _split(bars):
            columns = {name: getattr(bars, name)[rows] for name in bar_columns()}
            content = _content(columns)
            name = f"{key}.{content[:16]}.parquet"
            if name in known and _is_sound(folder / name, known[name].sha256):
                chunks.append(known[name])
                continue
            data = parquet_bytes(pa.table({n: pa.array(c) for n, c in columns.items()}))
            session = columns["session"]
            files[name] = data
            chunks.append(
                Chunk(
                    key=key,
                    name=name,
                    sha256=hashlib.sha256(data).hexdigest(),
                    content=content,
                    n_bars=int(session.size),
                    n_sessions=int(np.unique(session).size),
                    first_session=int(session[0]),
                    last_session=int(session[-1]),
                )
            )
        write_all_atomic(folder, files)
        return tuple(chunks)

    def _load(self, entry: Entry, chunks: Sequence[Chunk]) -> Bars:
        parts = [self._columns(entry, chunk) for chunk in chunks]
        return Bars(
            symbol=entry.symbol,
            timeframe=entry.timeframe,
            adjusted=entry.adjusted,
            closes_only=entry.closes_only,
            **{name: np.concatenate([part[name] for part in parts]) for name in bar_columns()},
        )

    def _columns(self, entry: Entry, chunk: Chunk) -> Columns:
        path = self._folder(entry.symbol, entry.timeframe) / chunk.name
        try:
            data = path.read_bytes()
        except OSError as e:
            raise _damaged(entry, chunk, f"it cannot be read ({e.strerror})") from e
        received = hashlib.sha256(data).hexdigest()
        if received != chunk.sha256:
            raise _damaged(entry, chunk, f"its hash is {received[:16]}, not {chunk.sha256[:16]}")
        table = pq.ParquetFile(BytesIO(data)).read(use_threads=False)
        return {name: table[name].to_numpy() for name in bar_columns()}


def session_of(day: Day) -> int:
    """Return a trade date as yyyymmdd.

    Examples
    --------
    >>> session_of("2024-01-31"), session_of(20240131)
    (20240131, 20240131)
    """
    try:
        parsed = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError as e:
        raise SettingsError(
            f"a trade date must be a day such as 2024-01-31, received {day!r}. Correct it."
        ) from e
    return parsed.year * 10_000 + parsed.month * 100 + parsed.day


def _range(start: Day | None, end: Day | None) -> tuple[int, int]:
    first = 0 if start is None else session_of(start)
    last = _EVER if end is None else session_of(end)
    if first > last:
        raise SettingsError(f"start must not lie after end, received {start!r} and {end!r}.")
    return first, last


def _rows(session: Ints, first: int, last: int) -> tuple[int, int]:
    start = np.searchsorted(session, first, side="left")
    return int(start), int(np.searchsorted(session, last, side="right"))


def _between(entry: Entry, first: int, last: int) -> list[Chunk]:
    return [c for c in entry.chunks if c.last_session >= first and c.first_session <= last]


def _split(bars: Bars) -> Iterator[tuple[str, slice]]:
    """Yield key and rows of each chunk: a year of daily bars, a month of others."""
    is_daily = bars.timeframe == "1d"
    keys = bars.session // (10_000 if is_daily else 100)
    found, starts = np.unique(keys, return_index=True)
    for key, start, stop in zip(found, starts, [*starts[1:], len(bars)], strict=True):
        name = str(key) if is_daily else f"{key // 100}-{key % 100:02d}"
        yield name, slice(int(start), int(stop))


def _content(columns: Columns) -> str:
    return digest(*(part for name in bar_columns() for part in (name, columns[name])))


def _sweep(folder: Path, entry: Entry | None) -> None:
    """Remove what killed or replaced writes left."""
    sweep_parts(folder)
    named = {chunk.name for chunk in entry.chunks} if entry else set()
    for path in folder.glob("*.parquet"):
        if path.name not in named:
            path.unlink()


def _is_sound(path: Path, sha256: str) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _damaged(entry: Entry, chunk: Chunk, what: str) -> DataError:
    return DataError(
        f"{entry.symbol} {entry.timeframe}: the stored chunk {chunk.name} must be as it was "
        f"written; {what}. Ingest this symbol again with --replace."
    )
