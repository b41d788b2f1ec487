"""What a bad file is, and the two good ones from which all are made."""

import gzip
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

Rows = list[list[str]]
HEADER = ["Date", "Open", "High", "Low", "Close", "Volume"]
DAILY: Mapping[str, Any] = {}
INTRADAY: Mapping[str, Any] = {"timezone": "America/New_York", "stamps": "open"}


@dataclass(frozen=True)
class BadFile:
    """One bad file: how to make it, how to ask for it, and what must come of it."""

    name: str
    rule: str
    make: Callable[[Path], Path]
    verdict: Literal["refuse", "repair", "warn"]
    words: tuple[str, ...] = ()
    count: int = 0
    timeframe: str = "1d"
    options: Mapping[str, Any] = field(default_factory=dict)
    admit: Mapping[str, Any] = field(default_factory=dict)


def good_daily(n_rows: int = 90) -> Rows:
    """Return a header and daily bars of a share from 2024-01-02, as text."""
    day, stamps = np.datetime64("2024-01-02"), []
    while len(stamps) < n_rows:
        if np.is_busday(day):
            stamps.append(str(day))
        day += 1
    return bars(stamps)


def good_intraday(n_days: int = 5) -> Rows:
    """Return a header and 15-minute bars of New York cash sessions from 2024-01-08, as text."""
    stamps = []
    for day in range(n_days):
        for bar in range(26):
            minute = 570 + 15 * bar
            stamps.append(f"2024-01-{8 + day:02d} {minute // 60:02d}:{minute % 60:02d}:00")
    return bars(stamps)


def bars(stamps: list[str]) -> Rows:
    rng = np.random.default_rng(7)
    close = 100 + np.cumsum(rng.integers(-80, 81, len(stamps))) / 100
    open_ = np.append(close[0], close[:-1]) + rng.integers(5, 30, len(stamps)) / 100
    high = np.maximum(open_, close) + rng.integers(5, 60, len(stamps)) / 100
    low = np.minimum(open_, close) - rng.integers(5, 60, len(stamps)) / 100
    volume = rng.integers(10_000, 90_000, len(stamps))
    return [
        HEADER.copy(),
        *(
            [stamp, *(f"{p:.2f}" for p in prices), str(v)]
            for stamp, *prices, v in zip(stamps, open_, high, low, close, volume, strict=True)
        ),
    ]


def as_text(rows: Rows, delimiter: str = ",") -> str:
    """Return rows as delimited text, cells that hold the delimiter in quotes."""
    return "".join(
        delimiter.join(f'"{c}"' if delimiter in c else c for c in row) + "\n" for row in rows
    )


def written(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def zipped(*members: tuple[str, bytes]) -> bytes:
    """Return a zip archive of the given members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


FORMATS: Mapping[str, Callable[[Rows], bytes]] = {
    "X.csv": lambda rows: as_text(rows).encode(),
    "X.txt": lambda rows: as_text(rows, "\t").encode(),
    "X_.csv": lambda rows: as_text(rows, ";").encode(),
    "X.csv.gz": lambda rows: gzip.compress(as_text(rows).encode(), mtime=0),
    "X.zip": lambda rows: zipped(("X.csv", as_text(rows).encode())),
}


def positions(rows: Rows) -> tuple[int, int, int]:
    return 1, len(rows) // 2, len(rows) - 1


def commas(rows: Rows, delimiter: str) -> str:
    head, *body = rows
    return as_text(
        [head, *([r[0], *(c.replace(".", ",") for c in r[1:])] for r in body)], delimiter
    )


def refused(
    name: str, rule: str, content: bytes | str, *words: str, file: str = "X.csv", **more: Any
) -> BadFile:
    data = content.encode() if isinstance(content, str) else content
    return BadFile(name, rule, written(file, data), "refuse", (file, *words), **more)


def mended(
    name: str, rule: str, count: int, content: bytes | str, file: str = "X.csv", **more: Any
) -> BadFile:
    data = content.encode() if isinstance(content, str) else content
    return BadFile(name, rule, written(file, data), "repair", (), count, **more)
