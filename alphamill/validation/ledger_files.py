"""Rows of a ledger in a file: written whole to .csv or .jsonl, read back from those or a .db."""

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.ledger_chain import Row
from alphamill.validation.ledger_tables import TRIALS
from alphamill.workshop.files import write_atomic

_COLUMNS = tuple(c.name for c in TRIALS.columns)
_NEEDED = tuple(name for name in _COLUMNS if name != "seq")
_NUMBERS = {c.name for c in TRIALS.columns if isinstance(c.type, sa.Integer)}
_WIDTHS = {c.name: getattr(c.type, "length", None) for c in TRIALS.columns}
_SQLITE = b"SQLite format 3\0"
# A row holds all its exit stacks in one field; the csv module's own limit is 128 KiB.
_WIDEST_FIELD = 1 << 30


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write ``rows`` with all columns and return their number.

    Raises
    ------
    SettingsError
        When ``path`` is neither ``.csv`` nor ``.jsonl``, or cannot be written.
    """
    out = io.StringIO()
    n_rows = 0
    put = _writer(path, out)
    for row in rows:
        put(row)
        n_rows += 1
    write_atomic(path, out.getvalue())
    return n_rows


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of an export, or of another ledger's SQLite file, in their order.

    The other ledger is opened for reading only and may be in use, or lie where nothing can be
    written. Values are of the columns' types and fit them; whether the chains are whole is not
    asked here.

    Raises
    ------
    DataError
        For a file that is no ledger; with the line.
    SettingsError
        For another kind of file.
    """
    with path.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    readers = {".jsonl": _jsonl, ".csv": _csv}
    if is_database:
        numbered = _database(path)
    elif path.suffix in readers:
        numbered = _text(path, readers[path.suffix])
    else:
        raise SettingsError(
            f"{path}: a ledger is merged from a .csv or .jsonl export or another ledger.db, and "
            "this is none of them. Write one with `alphamill ledger export`."
        )
    for at, row in numbered:
        fault = _fault(row)
        if fault:
            raise DataError(f"{path} {at}: {fault} Ask for a new export; nothing was merged.")
        yield row


def _writer(path: Path, out: TextIO) -> Callable[[Row], object]:
    if path.suffix == ".jsonl":
        return lambda row: out.write(json.dumps(dict(row)) + "\n")
    if path.suffix == ".csv":
        table = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
        table.writeheader()
        return table.writerow
    raise SettingsError(f"the ledger is exported to a .csv or .jsonl file, received {path.name!r}.")


def _text(
    path: Path, parse: Callable[[TextIO], Iterator[tuple[str, Row]]]
) -> Iterator[tuple[str, Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        numbered = parse(file)
        while True:
            try:
                at, row = next(numbered)
            except StopIteration:
                return
            except (ValueError, RecursionError, csv.Error) as e:
                raise DataError(
                    f"{path}: must be an export of a ledger and cannot be read: {e}. Ask for a "
                    "new export; nothing was merged."
                ) from e
            yield at, row


def _jsonl(file: TextIO) -> Iterator[tuple[str, Row]]:
    for n, line in enumerate(file, 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as e:
            raise ValueError(f"line {n} is not JSON ({e})") from e
        if not isinstance(row, dict):
            raise ValueError(f"line {n} must hold an object, received {line[:40]!r}")  # noqa: TRY004
        yield f"line {n}", row


def _csv(file: TextIO) -> Iterator[tuple[str, Row]]:
    usual = csv.field_size_limit(_WIDEST_FIELD)
    try:
        table = csv.DictReader(file, strict=True)
        for row in table:
            yield f"line {table.line_num}", {name: _number(name, row[name]) for name in row}
    finally:
        csv.field_size_limit(usual)


def _number(name: str, text: Any) -> Any:
    is_whole = name in _NUMBERS and isinstance(text, str) and text.isascii() and text.isdigit()
    return int(text) if is_whole else text


def _database(path: Path) -> Iterator[tuple[str, Row]]:
    query = f"SELECT {', '.join(_COLUMNS)} FROM trials ORDER BY machine, position"
    try:
        with closing(_opened(path)) as database:
            for values in database.execute(query):
                row = dict(zip(_COLUMNS, values, strict=True))
                yield f"row {row['seq']}", row
    except sqlite3.Error as e:
        raise DataError(
            f"{path}: must be a ledger of trials and cannot be read as one: {e}. Check that it is "
            "a ledger.db, or ask for an export; nothing was merged."
        ) from e


def _opened(path: Path) -> sqlite3.Connection:
    where = path.resolve().as_uri()
    database = sqlite3.connect(f"{where}?mode=ro", uri=True)
    try:
        database.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # In WAL mode even a reader writes beside the file; where it cannot, nobody else does.
        database.close()
        database = sqlite3.connect(f"{where}?immutable=1", uri=True)
    return database


def _fault(row: Mapping[Any, Any]) -> str:
    """Return what keeps ``row`` from being a row of the table, or nothing."""
    missing = [name for name in _NEEDED if name not in row]
    strange = [str(name) for name in row if name not in _COLUMNS]
    if missing or strange:
        return f"a row has the columns {', '.join(_NEEDED)}; missing {missing}, strange {strange}."
    wrong = [name for name in _NEEDED if not _fits(name, row[name])]
    if wrong:
        return f"{wrong[0]} cannot be {row[wrong[0]]!r}."
    return ""


def _fits(name: str, value: Any) -> bool:
    if name in _NUMBERS:
        return type(value) is int and 0 <= value < 1 << 63
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    width = _WIDTHS[name]
    return width is None or len(value) <= width
