"""Delimited text as columns: every cell is a number that was meant, or an error with its row."""

import csv
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from typing import Any

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints

DELIMITERS = (",", ";", "\t", "|")
CHUNK_ROWS = 65_536  # bounds the text held at once
UNKNOWN = ("", "nan", "NaN", "NAN")  # how a cell may say "volume not known"

_ODD = re.compile(r"[^0-9.+\-eE]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)


@dataclass(frozen=True)
class Header:
    """The line of names: as written, what separates them, and where it stands (1-based)."""

    names: tuple[str, ...]
    delimiter: str
    line: int


@dataclass(frozen=True)
class TextColumn:
    """Cells of one column with the lines they stand in."""

    file: str
    name: str
    lines: Sequence[int]
    texts: Sequence[str]

    def error(self, at: int, must: str, remedy: str) -> DataError:
        """Return the error for cell ``at``: file, row, column, what must hold, value, remedy."""
        return DataError(
            f"{self.file}: row {self.lines[at]}, column {self.name!r}: {must}, received "
            f"{_short(self.texts[at])!r}. {remedy}"
        )


@dataclass
class Commas:
    """Evidence for a decimal comma, gathered over the whole file before it is believed."""

    delimiter: str
    declared: str | None = None
    n_commas: int = 0
    n_dots: int = 0
    n_doubtful: int = 0
    first: tuple[TextColumn, int] | None = None

    def value(self, column: TextColumn, at: int, text: str) -> float | None:
        """Return the number in ``text`` under a decimal comma, or None."""
        possible = self.declared != "." and (self.delimiter != "," or self.declared == ",")
        if not possible or not _COMMA_NUMBER.fullmatch(text):
            return None
        self.n_commas += 1
        self.n_doubtful += bool(_THOUSANDS.fullmatch(text))
        self.first = self.first or (column, at)
        return float(text.replace(",", "."))

    def settle(self) -> int:
        """Return how many cells were read with a decimal comma; refuse where that was a guess."""
        if self.first is None:
            return 0
        column, at = self.first
        if self.n_dots:
            raise column.error(
                at,
                "a file must use one decimal mark, and other cells have a point",
                "Write every number with a point.",
            )
        if self.n_doubtful == self.n_commas and self.declared != ",":
            raise column.error(
                at,
                "a comma with three digits after it could be a decimal or a thousands mark",
                "Write numbers with a point, or declare `--decimal ,`.",
            )
        return self.n_commas


@dataclass
class Columns:
    """What was read: text and number columns by position, the line of each row, blank lines."""

    texts: dict[int, list[str]] = field(default_factory=dict)
    numbers: dict[int, Floats] = field(default_factory=dict)
    lines: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    n_blank: int = 0


def decode(file: str, data: bytes) -> tuple[str, list[str]]:
    """Return the text and the list of what was repaired on the way (D03)."""
    repairs = []
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            text = data.decode("utf-16")
            repairs.append("UTF-16 text")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        row = data.count(b"\n", 0, e.start) + 1
        raise DataError(
            f"{file}: row {row}: text must be UTF-8 throughout, received the bytes "
            f"{data[e.start : e.start + 4]!r}. Save the file as UTF-8."
        ) from e
    if data.startswith(b"\xef\xbb\xbf"):
        repairs.append("byte-order mark")
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(
            f"{file}: row {row}: text must not hold NUL, received '\\x00'. Fetch the file again."
        )
    if "\r" in text:
        repairs.append("carriage returns")
    return text, repairs


def read_header(file: str, text: str, known: Callable[[str], bool]) -> Header:
    """Return the first line that is not blank, split by the delimiter that makes sense of it.

    ``known`` says whether a name means something; a header with no such name is refused.
    """
    lines = enumerate(StringIO(text, newline=None), start=1)
    line, content = next(((n, c) for n, c in lines if c.strip()), (0, ""))
    if not line:
        raise DataError(f"{file}: must hold a header and rows, received nothing. Fetch it again.")
    best: tuple[str, ...] = ()
    delimiter = ","
    for candidate in DELIMITERS:
        try:
            names = tuple(n.strip() for n in next(_reader([content], candidate)))
        except (csv.Error, StopIteration):
            continue
        if sum(map(known, names)) > sum(map(known, best)):
            best, delimiter = names, candidate
    if not best:
        raise DataError(
            f"{file}: row {line}: the header must name its columns, such as "
            f"'Date,Open,High,Low,Close,Volume', received {_short(content.strip())!r}. "
            "Add a header line, separated by comma, semicolon, tab or |."
        )
    return Header(best, delimiter, line)


def read_columns(
    file: str,
    text: str,
    header: Header,
    texts: Collection[int],
    numbers: Collection[int],
    blank_is_nan: Collection[int],
    commas: Commas,
) -> Columns:
    """Return the wanted columns of every row below the header.

    Parameters
    ----------
    texts, numbers : collections of int
        Positions in the header to keep as text and to convert.
    blank_is_nan : collection of int
        Those of ``numbers`` in which an empty cell or "nan" means "not known".
    commas : Commas
        Collects the evidence for a decimal comma; the caller settles it.

    Raises
    ------
    DataError
        For rows with too few or too many cells, broken quotes and cells that are not numbers.
    """
    found = Columns(texts={i: [] for i in texts})
    parts: dict[int, list[Floats]] = {i: [] for i in numbers}
    all_lines: list[int] = []
    for lines, rows in _chunks(file, text, header, found):
        all_lines += lines
        cells = list(zip(*rows, strict=True))
        for i in texts:
            found.texts[i] += cells[i]
        for i in numbers:
            column = TextColumn(file, header.names[i], lines, cells[i])
            parts[i].append(_numbers(column, commas, blank_is_nan=i in blank_is_nan))
    if not all_lines:
        raise DataError(
            f"{file}: row {header.line + 1}: must hold at least one row below its header, "
            "received 0 rows. Fetch it again."
        )
    found.lines = np.array(all_lines, dtype=np.int64)
    found.numbers = {i: np.concatenate(p) for i, p in parts.items()}
    return found


def _reader(lines: Any, delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)


def _chunks(
    file: str, text: str, header: Header, found: Columns
) -> Iterator[tuple[list[int], list[list[str]]]]:
    stream = StringIO(text, newline=None)
    reader = _reader(islice(stream, header.line, None), header.delimiter)
    lines: list[int] = []
    rows: list[list[str]] = []
    n_cells, n_blank = len(header.names), 0
    try:
        for row in reader:
            if len(row) != n_cells:
                if len(row) <= 1 and not any(cell.strip() for cell in row):
                    n_blank += 1  # blank lines at the end mean nothing and are not counted
                    continue
                _refuse_ragged(file, header, header.line + reader.line_num, row)
            found.n_blank += n_blank
            n_blank = 0
            rows.append(row)
            lines.append(header.line + reader.line_num)
            if len(rows) == CHUNK_ROWS:
                yield lines, rows
                lines, rows = [], []
    except csv.Error as e:
        raise DataError(
            f"{file}: row {header.line + reader.line_num}: quotes and cells must be sound, "
            f"received {str(e)!r}. Correct this row, or fetch the file again."
        ) from e
    if rows:
        yield lines, rows


def _refuse_ragged(file: str, header: Header, line: int, row: list[str]) -> None:
    name = header.names[min(len(row), len(header.names)) - 1]
    raise DataError(
        f"{file}: row {line}, column {name!r}: must be a row of {len(header.names)} cells like "
        f"the header, received {len(row)}: {_short(header.delimiter.join(row))!r}. The file may "
        "be cut or a cell may hold the delimiter: correct this row, or fetch the file again."
    )


def _numbers(column: TextColumn, commas: Commas, *, blank_is_nan: bool) -> Floats:
    joined = "".join(column.texts)
    commas.n_dots += "." in joined
    if not _ODD.search(joined):
        try:
            fast = np.array(list(map(float, column.texts)))
        except ValueError:
            pass  # some cell is empty or malformed: the loop below says which
        else:
            if np.isfinite(fast).all():
                return fast
    out = np.empty(len(column.texts))
    for at, text in enumerate(column.texts):
        cell = text.strip()
        if blank_is_nan and cell in UNKNOWN:
            out[at] = np.nan
        else:
            out[at] = _number(column, at, cell, commas)
    return out


def _number(column: TextColumn, at: int, cell: str, commas: Commas) -> float:
    plain = _NUMBER.fullmatch(cell)
    value = float(cell) if plain else commas.value(column, at, cell)
    if value is None:
        if _THOUSANDS.fullmatch(cell):
            raise column.error(
                at,
                "must be a plain number without thousands separators",
                "Write it like 1234.5.",
            )
        must = "must not be empty" if not cell else "must be a finite number"
        raise column.error(at, must, "Correct or delete this row, then ingest again.")
    if not np.isfinite(value):
        raise column.error(
            at, "must fit a 64-bit float", "Correct or delete this row, then ingest again."
        )
    return value


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[:limit] + "..."
