"""A table of faults that makes some 380 bad files from two good ones.

Each row says what is wrong, by rule of specs reliability B1, and what must be said about it. Cell
faults are crossed with both good files, three positions and five formats.
"""

import gzip
import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from itertools import count, cycle
from pathlib import Path
from typing import Any

from tests.data.bad_series import doubtful, mendable, unfit_series
from tests.data.file_cases import (
    DAILY,
    FORMATS,
    HEADER,
    INTRADAY,
    BadFile,
    Rows,
    as_text,
    commas,
    good_daily,
    good_intraday,
    positions,
    refused,
    written,
    zipped,
)

FREE = {"symbol": "X"}

# column, cell, rule, what must hold: every cell here must be named by row, column and value.
CELLS: tuple[tuple[str, str, str, str], ...] = (
    *((c, "N/A", "D05", "finite number") for c in ("Open", "Close", "Volume")),
    ("High", "abc", "D05", "finite number"),
    ("Low", "null", "D05", "finite number"),
    ("Close", "1.2.3", "D05", "finite number"),
    ("Open", "1_00", "D05", "finite number"),
    ("High", "0x64", "D05", "finite number"),
    ("Close", "\N{FULLWIDTH DIGIT ONE}00", "D05", "finite number"),
    ("Close", "$101.50", "D05", "finite number"),
    ("Close", "1,234.5", "D05", "thousands"),
    ("Volume", "12,345,678", "D05", "thousands"),
    ("Volume", "1.2M", "D05", "finite number"),
    ("Close", "1e400", "D05", "64-bit"),
    ("Volume", "-1e999", "D05", "64-bit"),
    ("Open", "", "D06", "empty"),
    ("Close", "nan", "D06", "finite number"),
    ("High", "inf", "D06", "finite number"),
    ("Low", "-Infinity", "D06", "finite number"),
    ("Close", "TRUE", "D05", "finite number"),
    ("Low", "0", "D09", "above 0"),
    ("Open", "-5", "D09", "above 0"),
    ("Close", "-0.01", "D09", "above 0"),
    ("Volume", "-100", "D10", "not be negative"),
    ("High", "50", "D08", "below low"),
    ("Open", "130.5", "D08", "above high"),
    ("Close", "131", "D08", "above high"),
    ("Open", "70.25", "D08", "below low"),
    ("Close", "70", "D08", "below low"),
)
STAMPS: tuple[tuple[str, str, str, str], ...] = (
    ("1d", "not a date", "D04", "must be a date or a time"),
    ("1d", "", "D04", "must be a date or a time"),
    ("1d", "2024-02-30", "D04", "date of the calendar"),
    ("1d", "2023-02-29", "D04", "date of the calendar"),
    ("1d", "2024-13-01", "D04", "date of the calendar"),
    ("1d", "2024-00-10", "D04", "date of the calendar"),
    ("1d", "9999-01-01", "D04", "date of the calendar"),
    ("1d", "24-01-02", "D04", "must be a date or a time"),
    ("15m", "2024-01-09 24:00:00", "D04", "time of the day"),
    ("15m", "2024-01-09 10:61:00", "D04", "time of the day"),
    ("15m", "2024-01-09 10:30:60", "D04", "time of the day"),
    ("15m", "2024-01-09 13:30 PM", "D04", "time of the day"),
    ("15m", "2024-03-10 02:30:00", "D13", "does not exist"),
    ("15m", "2024-11-03 01:30:00", "D13", "happens twice"),
    ("15m", "NaT", "D04", "must be a date or a time"),
    ("15m", "10:30:00", "D04", "must be a date or a time"),
)
# Stamps that are sound alone and contradict the others.
ODD_STAMPS: tuple[tuple[str, str, str, str], ...] = (
    ("1d", "01/31/2024", "D13", "one layout"),
    ("1d", "1706659200", "D14", "one layout"),
    ("1d", "2024-01-31T00:00:00Z", "D13", "one layout"),
    ("15m", "2024-01-09T10:30:00-05:00", "D13", "one layout"),
    ("15m", "2024-01-09 10:30:00Z", "D13", "one layout"),
    ("15m", "1704796200000", "D14", "one layout"),
    ("15m", "2024-01-09", "D13", "midnight"),
)


def bad_files() -> Iterator[BadFile]:
    """Yield the whole corpus, each with a name of its own."""
    yield from _cells()
    yield from _stamps()
    yield from _tables()
    yield from _bytes()
    yield from unfit_series()
    yield from mendable()
    yield from doubtful()


def _base(timeframe: str) -> tuple[Rows, Mapping[str, Any]]:
    return (good_daily(), DAILY) if timeframe == "1d" else (good_intraday(), INTRADAY)


def _cells() -> Iterator[BadFile]:
    formats, number = cycle(FORMATS.items()), count()
    for column, cell, rule, must in CELLS:
        for timeframe in ("1d", "15m"):
            rows, options = _base(timeframe)
            for at in positions(rows):
                name, render = next(formats)
                changed = [row.copy() for row in rows]
                changed[at][HEADER.index(column)] = cell
                value = repr(cell) if rule in ("D05", "D06") else repr(float(cell))
                yield BadFile(
                    f"{next(number):03d}-{rule}-{column}={cell or 'empty'}-row{at + 1}-{name}",
                    rule,
                    written(name, render(changed)),
                    "refuse",
                    (name, f"row {at + 1}", column.lower(), must, value),
                    timeframe=timeframe,
                    options={**options, **FREE},
                )


def _stamps() -> Iterator[BadFile]:
    formats = cycle(FORMATS.items())
    for table in (STAMPS, ODD_STAMPS):
        for timeframe, cell, rule, must in table:
            rows, options = _base(timeframe)
            for at in positions(rows)[table is ODD_STAMPS :]:
                name, render = next(formats)
                changed = [row.copy() for row in rows]
                changed[at][0] = cell
                yield BadFile(
                    f"stamp-{rule}-{timeframe}-{cell or 'empty'}-row{at + 1}-{name}",
                    rule,
                    written(name, render(changed)),
                    "refuse",
                    (name, f"row {at + 1}", "'Date'", must, repr(cell)),
                    timeframe=timeframe,
                    options={**options, **FREE},
                )


def _renamed(old: str, new: str) -> str:
    rows = good_daily()
    rows[0][HEADER.index(old)] = new
    return as_text(rows)


def _tables() -> Iterator[BadFile]:
    """Faults of header, rows and columns."""
    rows = good_daily()
    text = as_text(rows)
    for column, typo in (("Open", "Opne"), ("High", "Hgih"), ("Close", "Clsoe"), ("Low", "Lwo")):
        yield refused(
            f"misspelt-{typo}", "D04", _renamed(column, typo), f"'{column.lower()}'", typo
        )
    three = as_text(rows).replace("Open,High,Low", "Opne,Hihg,Lwo", 1)
    yield refused("misspelt-all-three", "D04", three, "misspelling", "'open'")
    yield refused("no-date", "D04", _renamed("Date", "Index"), "'date'", "--columns")
    for column, twin in (("Open", "CLOSE"), ("Volume", "close "), ("Volume", "<Date>")):
        yield refused(f"twin-{twin}", "D04", _renamed(column, twin), "differ in more than case")
    yield refused("no-header", "D04", as_text(rows[1:]), "row 1", "header", "2024-01-02")
    yield refused("header-only", "D04", as_text(rows[:1]), "row 2", "at least one row")
    yield refused("spaces", "D03", text.replace(",", " "), "header must name", "Add a header")
    yield refused("tilde", "D03", text.replace(",", "~"), "header must name", "Add a header")
    for at in positions(rows):
        lines = text.splitlines(keepends=True)
        cells = lines[at].rstrip("\n").split(",")
        for label, row, n_cells in (
            ("short", cells[:-1], 5),
            ("long", [*cells, "9"], 7),
            ("semicolons", [";".join(cells)], 1),
        ):
            lines[at] = ",".join(row) + "\n"
            words = (f"row {at + 1}", "6 cells", f"received {n_cells}")
            yield refused(f"{label}-row{at + 1}", "D04", "".join(lines), *words)
    again = as_text([*rows[:40], rows[0], *rows[40:]])
    yield refused("header-again", "D05", again, "row 41", "'Open'", "'Open'")
    yield refused("open-quote", "D04", text.replace("100.", '"100.', 1), "quotes")
    yield refused("decimal-comma", "D05", commas(rows, ","), "row 2", "'Open'", "finite number")
    mixed = as_text(rows, ";").replace(rows[9][4], rows[9][4].replace(".", ","), 1)
    yield refused("mixed-decimals", "D03", mixed, "one decimal mark", "row 10")
    thousands = [row.copy() for row in rows]
    for row in thousands[1:]:
        row[1:5] = [cell.replace(".", ",") + "0" for cell in row[1:5]]
    yield refused(
        "three-after-comma", "D03", as_text(thousands, ";"), "thousands mark", "--decimal"
    )


def _bytes() -> Iterator[BadFile]:
    """Faults of the file itself."""
    text = as_text(good_daily()).encode()
    packed = gzip.compress(text, mtime=0)
    archive = zipped(("X.csv", text))
    middle = len(text) // 2
    bad_text = text[:middle] + b"\xff\xfe\xfa" + text[middle:]
    row = text.count(b"\n", 0, middle) + 1
    yield BadFile("missing", "D01", lambda f: f / "X.csv", "refuse", ("X.csv", "readable"))
    yield BadFile("folder", "D01", _folder, "refuse", ("X.csv", "folder must hold"))
    yield BadFile("link", "D39", _link, "refuse", ("X.csv", "symbolic link"))
    yield refused("zero-bytes", "D01", b"", "must hold data")
    yield refused("only-blanks", "D01", b" \n\n\t\n", "must hold data")
    yield refused("empty-gzip", "D01", gzip.compress(b""), "must hold data", file="X.csv.gz")
    yield refused("lfs", "D02", b"version https://git-lfs.github.com/spec/v1\noid", "LFS pointer")
    for page in (b"<!DOCTYPE html><html>", b"\n<html><body>404", b"<?xml version='1.0'?>"):
        yield refused(f"page-{page[:6]!r}", "D02", page + b"x" * 99, "web page", "fetch it again")
    yield refused("json", "D02", b'{"error": "rate limit"}', "JSON")
    parquet = b"PAR1" + bytes(200)
    yield refused("parquet", "D38", parquet + b"PAR1", "Parquet file", "Export it as CSV")
    yield refused("parquet-cut", "D38", parquet, "Parquet file cut short", file="X.txt")
    for magic, what in ((b"ARROW1", "Arrow"), (b"\x89HDF", "HDF5"), (b"%PDF", "PDF")):
        yield refused(f"is-{what}", "D02", magic + bytes(60), what)
    yield refused("not-gzip", "D02", text, "signature", file="X.csv.gz")
    yield refused("not-zip", "D02", text, "signature", file="X.zip")
    yield refused("latin-1", "D03", bad_text, f"row {row}", "UTF-8")
    yield refused("nul", "D03", text[:middle] + b"\0" + text[middle:], f"row {row}", "NUL")
    for share in (3, 10, 50, 90):
        cut = len(packed) * share // 100
        yield refused(f"gzip-cut-{share}", "D38", packed[:cut], "gzip", file="X.csv.gz")
        cut = len(archive) * share // 100
        yield refused(f"zip-cut-{share}", "D38", archive[:cut], "zip", file="X.zip")
    yield refused("gzip-crc", "D38", packed[:-8] + b"\1\2\3\4" + packed[-4:], file="X.csv.gz")
    yield refused("gzip-tail", "D38", packed + b"tail", "gzip", file="X.csv.gz")
    yield from _archives(text)


def _archives(text: bytes) -> Iterator[BadFile]:
    bomb = b"0" * 6_000_000
    yield refused("bomb-gzip", "D39", gzip.compress(bomb), "bomb", file="X.csv.gz")
    yield refused("bomb-zip", "D39", zipped(("X.csv", bomb)), "bomb", file="X.zip")
    for name in ("../X.csv", "a/../../X.csv", "/etc/X.csv", "..\\X.csv", "C:\\X.csv"):
        data = zipped((name, text))
        yield refused(f"zip-path-{name}", "D39", data, "inside the archive", file="X.zip")
    two = zipped(("A.csv", text), ("B.csv", text))
    yield refused("zip-of-two", "D39", two, "exactly one file", "received 2", file="X.zip")
    yield refused("zip-of-none", "D39", zipped(), "exactly one file", file="X.zip")
    book = zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>"))
    yield refused("excel", "D02", book, "Excel workbook", file="X.zip")
    nested = zipped(("X.zip", zipped(("X.csv", text))))
    yield refused("zip-in-zip", "D39", nested, "inside an archive", file="X.zip")
    yield refused("zip-link", "D39", _zip_link(), "symbolic link", file="X.zip")
    locked = bytearray(zipped(("X.csv", text)))
    locked[6] |= 1  # the flag that says "encrypted", in the member and in the directory
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    yield refused("zip-locked", "D39", bytes(locked), "encrypted", file="X.zip")


def _folder(folder: Path) -> Path:
    (folder / "X.csv").mkdir()
    return folder / "X.csv"


def _link(folder: Path) -> Path:
    (folder / "real.csv").write_text(as_text(good_daily()))
    (folder / "X.csv").symlink_to(folder / "real.csv")
    return folder / "X.csv"


def _zip_link() -> bytes:
    info = zipfile.ZipInfo("X.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()
