"""Rows out of LEAN's files: zips of headerless text, and small tables of corporate actions."""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.data.container import FREE_BYTES, MAX_BYTES, MAX_RATIO
from alphamill.data.transform.adjust import Factors

TRADE: Final = ("open", "high", "low", "close", "volume")
QUOTE: Final = tuple(
    f"{side} {name}" for side in ("bid", "ask") for name in ("open", "high", "low", "close", "size")
)
_DAY_NS, _MS_NS = 86_400_000_000_000, 1_000_000
_REFETCH = "Download this file again."
_BROKEN = (  # all that the standard reader lets through on a damaged archive
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
)


class Rows(NamedTuple):
    """Rows of one or more files; columns of shape (n_rows,), ``values`` (n_rows, 5).

    ``local_ns`` is the bar's open on the data's wall clock, nanoseconds since 1970; ``values``
    are open to volume as stored; ``contract`` is a delivery month (yyyymm), 0 for no future;
    ``line`` is 1-based.
    """

    local_ns: Ints
    values: Floats
    contract: Ints
    line: Ints

    @property
    def dates(self) -> Ints:
        """Return the wall-clock date of each row as yyyymmdd."""
        index = pd.DatetimeIndex(self.local_ns.view("M8[ns]"))
        return np.asarray(index.year * 10_000 + index.month * 100 + index.day, dtype=np.int64)

    def take(self, rows: Flags) -> "Rows":
        """Return the flagged rows."""
        return Rows(self.local_ns[rows], self.values[rows], self.contract[rows], self.line[rows])


_EMPTY: Final[tuple[tuple[Any, Any], ...]] = (
    (0, np.int64),
    ((0, 5), np.float64),
    (0, np.int64),
    (0, np.int64),
)


def read_zip(path: Path, *, is_minute: bool) -> Rows:
    """Return all rows of a zip, the members of a future in order of their contracts.

    Raises
    ------
    DataError
        For a broken or unsafe archive, and for a cell that cannot be read, naming file, row,
        column, value and remedy.
    """
    midnight = _date_ns(path.name[:8]) if is_minute else None
    if is_minute and midnight is None:
        raise DataError(
            f"{path}: a minute file's name must begin with its date, such as 20131007_trade.zip. "
            "Rename it."
        )
    parts = [_parsed(f"{path}/{name}", text, midnight) for name, text in sorted(_members(path))]
    return joined(parts)


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts in their order."""
    none = Rows(*(np.zeros(shape, dtype=dtype) for shape, dtype in _EMPTY))
    return Rows(*(np.concatenate(columns) for columns in zip(none, *parts, strict=True)))


def contracts_in(path: Path) -> set[int]:
    """Return the delivery months (yyyymm) in a future's zip."""
    return {_contract(name) for name, _ in _members(path)} - {0}


def read_factors(path: Path) -> Factors:
    """Return a factor file."""
    columns = ("date", "price factor", "split factor")
    lines = _table(path, columns)
    where = [_Cells(str(path), n, cells, columns) for n, cells in lines]
    return Factors(
        np.array([c.date(0) for c in where]),
        np.array([c.number(1) for c in where]),
        np.array([c.number(2) for c in where]),
    )


def read_map(path: Path) -> list[tuple[int, str]]:
    """Return (last date, ticker in lower case) of each row of a map file; none without a file."""
    if not path.exists():
        return []
    columns = ("date", "ticker")
    return [
        (_Cells(str(path), n, cells, columns).date(0), cells[1].strip().lower())
        for n, cells in _table(path, columns)
    ]


class _Cells(NamedTuple):
    """One line of a file, with the words that name its cells."""

    file: str
    line: int
    cells: Sequence[str]
    columns: Sequence[str]

    def date(self, at: int) -> int:
        text = self.cells[at].strip()
        if _date_ns(text) is None:
            self.refuse(at, "must be a date as yyyyMMdd")
        return int(text)

    def number(self, at: int) -> float:
        try:
            if "_" not in self.cells[at]:
                return float(self.cells[at])
        except ValueError:
            pass
        return self.refuse(at, "must be a number")

    def refuse(self, at: int, must: str) -> NoReturn:
        raise DataError(
            f"{self.file}: row {self.line}, column {self.columns[at]!r}: {must}, received "
            f"{self.cells[at][:60]!r}. {_REFETCH}"
        )


def _parsed(file: str, text: str, midnight: int | None) -> Rows:
    lines = [(n, line.split(",")) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    n_cells = len(lines[0][1]) if lines else 0
    layouts = {1 + len(names): ("time", *names) for names in (TRADE, QUOTE)}
    if lines and n_cells not in layouts:
        raise DataError(
            f"{file}: row {lines[0][0]} must have 6 cells (a trade bar) or 11 (a quote bar), "
            f"received {n_cells}: {','.join(lines[0][1])[:60]!r}. {_REFETCH}"
        )
    for n, cells in lines:
        if len(cells) != n_cells:
            raise DataError(
                f"{file}: row {n} must have {n_cells} cells as the first row has, received "
                f"{len(cells)}: {','.join(cells)[:60]!r}. {_REFETCH}"
            )
    columns = layouts.get(n_cells, ("time", *TRADE))
    rows = [_Cells(file, n, cells, columns) for n, cells in lines]
    values = _values(rows, [cells[1:] for _, cells in lines])
    return Rows(
        _opens(rows, midnight),
        values if n_cells != 1 + len(QUOTE) else _middle(values),
        np.full(len(rows), _contract(file), dtype=np.int64),
        np.array([n for n, _ in lines], dtype=np.int64),
    )


def _values(rows: Sequence[_Cells], texts: list[list[str]]) -> Floats:
    # One side of a quote may be absent: LEAN then leaves its cells empty.
    has_sides = bool(texts) and len(texts[0]) == len(QUOTE)
    texts = [[t or "nan" for t in row] for row in texts] if has_sides else texts
    try:
        values = np.array(texts, dtype=np.float64).reshape(len(texts), -1 if texts else 5)
    except ValueError:
        values = None
    # Python reads 1_000 as a number; no price file means it.
    if values is None or "_" in "".join(map("".join, texts)):
        for row, cells in zip(rows, texts, strict=True):
            for at in range(1, len(row.cells)):
                row._replace(cells=[row.cells[0], *cells]).number(at)
        raise AssertionError("one of the cells above is no number")
    return values


def _middle(quotes: Floats) -> Floats:
    bid, ask = quotes[:, :4], quotes[:, 5:9]
    middle = np.where(np.isnan(bid), ask, np.where(np.isnan(ask), bid, (bid + ask) / 2))
    # A quote's size is what was offered, not what was traded.
    return np.column_stack([middle, np.full(len(quotes), np.nan)])


def _opens(rows: Sequence[_Cells], midnight: int | None) -> Ints:
    parse: Callable[[_Cells], int] = _stamp if midnight is None else _milliseconds
    return np.array([parse(row) for row in rows], dtype=np.int64) + (midnight or 0)


def _stamp(row: _Cells) -> int:
    match = re.fullmatch(r"(\d{8}) ([01]\d|2[0-3]):([0-5]\d)", row.cells[0])
    day = _date_ns(match[1]) if match else None
    if match is None or day is None:
        row.refuse(0, "must be a stamp as yyyyMMdd HH:mm")
    return day + (int(match[2]) * 60 + int(match[3])) * 60_000 * _MS_NS


def _milliseconds(row: _Cells) -> int:
    text = row.cells[0]
    if not re.fullmatch(r"\d{1,8}", text) or int(text) * _MS_NS >= _DAY_NS:
        row.refuse(0, "must be milliseconds since midnight, below 86400000")
    return int(text) * _MS_NS


def _date_ns(text: str) -> int | None:
    if not re.fullmatch(r"\d{8}", text):
        return None
    try:
        day = np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:]}", "D")
    except ValueError:
        return None
    return int(day.astype(np.int64)) * _DAY_NS


def _contract(name: str) -> int:
    match = re.search(r"_(\d{6})(?:_\d{8})?\.csv$", name)
    return int(match[1]) if match else 0


def _members(path: Path) -> list[tuple[str, str]]:
    """Return names and texts of a zip's members, trusting neither their names nor their sizes."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                _require_safe(path, member)
            return [(m.filename, archive.read(m).decode("ascii")) for m in members]
    except _BROKEN as e:
        raise DataError(
            f"{path}: must be a sound zip of plain text, received {str(e)!r}. {_REFETCH}"
        ) from e


def _require_safe(path: Path, member: zipfile.ZipInfo) -> None:
    if not re.fullmatch(r"[\w\-]+\.csv", member.filename):
        raise DataError(
            f"{path}: members must be plain .csv files, received {member.filename!r}. "
            "Do not trust this archive; download it from its owner."
        )
    # The standard reader stops at the size that a member claims, so the claim bounds the memory.
    packed = path.stat().st_size
    if member.file_size > min(MAX_BYTES, max(FREE_BYTES, packed * MAX_RATIO)):
        raise DataError(
            f"{path}: must not unpack to more than {MAX_RATIO} times its size; {packed} bytes "
            f"claim {member.file_size}. It looks like a decompression bomb: do not trust it."
        )


def _table(path: Path, columns: Sequence[str]) -> Iterable[tuple[int, list[str]]]:
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, ValueError) as e:
        raise DataError(f"{path}: must be readable text, received {str(e)!r}. {_REFETCH}") from e
    rows = [(n, line.split(",")) for n, line in enumerate(lines, 1) if line.strip()]
    for n, cells in rows:
        if len(cells) < len(columns):
            raise DataError(
                f"{path}: row {n} must begin with {', '.join(columns)}, received "
                f"{','.join(cells)[:60]!r}. {_REFETCH}"
            )
    return rows
