"""One CSV or TXT file, or a folder of them: any reasonable names and stamps, no guesses.

A file is called ``ES.csv``, ``ES_15min.csv``, ``ES_daily.csv.gz`` and so on: its name gives the
symbol and, where it has one, the timeframe. What a file leaves open and a guess could get wrong
(its time zone, whether stamps are opens or closes, the order of day and month) must be declared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Adjusted, Ints
from alphamill.data.calendar import minutes_of
from alphamill.data.container import read_bytes
from alphamill.data.delimited import (
    Columns,
    Commas,
    Header,
    TextColumn,
    decode,
    read_columns,
    read_header,
)
from alphamill.data.raw import RawSeries
from alphamill.data.roles import NAMES, STAMPS, Roles, assign, fold, require_known
from alphamill.data.stamps import DAY_NS, Stamps, parse_stamps, to_moments, to_sessions, zone_of

Moment = Literal["open", "close", "session"]

_ENDINGS = (".csv", ".txt", ".tsv", ".gz", ".zip")
_WORDS = {"minute": "1m", "hour": "1h", "hourly": "1h", "day": "1d", "daily": "1d"}
_STEM = re.compile(
    rf"(?P<symbol>.+?)[_-](?:(?P<word>{'|'.join(_WORDS)})|(?P<n>\d+)(?P<unit>m|h|d)(?:in)?)",
    re.IGNORECASE,
)
_KNOWN_NAMES = frozenset(name for names in NAMES.values() for name in names)


class _Table(NamedTuple):
    """One opened file: its name in messages, its text, its columns' meaning, what was noted."""

    file: str
    text: str
    header: Header
    roles: Roles
    repaired: list[str]


@dataclass
class CsvSource:
    """Bars in delimited text: one file, or a folder of one file a symbol.

    Attributes
    ----------
    path : Path
        A .csv, .txt or .tsv file (plain, gzip or zip), or a folder of them.
    timezone : str or None
        IANA zone of stamps that carry no offset; needed for intraday stamps without one.
    stamps : "open", "close", "session" or None
        What a stamp says: the bar's open, its close, or (daily) its trade date. Needed for
        intraday bars unless the column is called open time or close time.
    symbol : str or None
        Symbol of a single file whose name does not tell it.
    columns : mapping or None
        Role to column name where ``roles.NAMES`` does not know it, e.g. ``{"close": "Px"}``.
    adjusted : "none", "add", "ratio" or None
        How prices were adjusted; None means "none", or "ratio" for a lone adjusted close.
    closes_only : bool
        Read stamp, close and volume only, whatever else is there.
    decimal : "." or "," or None
        Decimal mark; None finds a comma where the delimiter leaves no doubt.
    """

    path: Path
    timezone: str | None = None
    stamps: Moment | None = None
    symbol: str | None = None
    columns: Mapping[str, str] | None = None
    adjusted: Adjusted | None = None
    closes_only: bool = False
    decimal: Literal[".", ","] | None = None
    name: str = field(default="csv", init=False)

    def __post_init__(self) -> None:
        self.path = Path(self.path)
        if self.timezone is not None:
            zone_of(self.timezone)
        _require_choice("--stamps", self.stamps, ("open", "close", "session"))
        _require_choice("--adjusted", self.adjusted, ("none", "add", "ratio"))
        _require_choice("--decimal", self.decimal, (".", ","))
        require_known(self.columns or {})

    def symbols(self) -> list[str]:
        """Return the symbols of the folder's files, or of the single file."""
        if self.path.is_dir():
            found = sorted({symbol for _, symbol, _ in _files(self.path)})
            if not found:
                raise DataError(
                    f"{self.path}: a folder must hold files such as ES.csv or ES_15min.csv, "
                    f"received none that end in {', '.join(_ENDINGS)}. Name another folder."
                )
            return found
        table = self._open(self.path)
        if "symbol" not in table.roles.at:
            return [self.symbol or _named(self.path)[0]]
        at = table.roles.at["symbol"]
        cells = read_columns(table.file, table.text, table.header, [at], [], [], Commas(","))
        return sorted({cell.strip() for cell in cells.texts[at]})

    def fetch(self, symbol: str, timeframe: str) -> RawSeries:
        """Return one series; its frame also has ``line``, the 1-based line of each row.

        Raises
        ------
        DataError
            For content that cannot be trusted, naming file, row, column, value and remedy.
        SettingsError
            For what the operator must declare, and for symbols that are not there.
        """
        minutes_of(timeframe)
        path = self._file_of(symbol, timeframe)
        table = self._open(path)
        roles = table.roles.at
        commas = Commas(table.header.delimiter, self.decimal)
        texts = [i for role, i in roles.items() if role in (*STAMPS, "symbol")]
        numbers = [i for i in roles.values() if i not in texts]
        unknown_ok = [i for role, i in roles.items() if role == "volume"]
        cells = read_columns(
            table.file, table.text, table.header, texts, numbers, unknown_ok, commas
        )
        n_commas = commas.settle()
        keep = self._rows_of(path, table, cells, symbol)
        column = _stamp_column(table, cells, keep)
        parsed = parse_stamps(column)
        kind = self._kind(column, parsed, table.roles, timeframe)
        index = (
            to_sessions(parsed.local_ns(self.timezone))
            if kind == "session"
            else to_moments(column, parsed, self.timezone)
        )
        words, repairs = _provenance(table, cells, parsed, n_commas)
        lone: Adjusted = "ratio" if table.roles.close_is_adjusted else "none"
        return RawSeries(
            symbol=symbol,
            timeframe=timeframe,
            frame=_frame(roles, cells, keep, index.rename(kind)),
            stamps=kind,
            where=f"{path.name} [{words}]" if words else path.name,
            closes_only="open" not in roles,
            adjusted=self.adjusted or lone,
            repairs=repairs,
        )

    def _file_of(self, symbol: str, timeframe: str) -> Path:
        if not symbol or ".." in symbol or set(symbol) & set("/\\\0"):
            raise SettingsError(f"a symbol must be a plain name, received {symbol!r}.")
        if not self.path.is_dir():
            stated = _named(self.path)[1]
            if stated not in (None, timeframe):
                raise SettingsError(
                    f"{self.path}: the name says {stated} bars, received a request for "
                    f"{timeframe}. Ask for {stated}, and resample in the catalog."
                )
            return self.path
        mine = [(f, tf) for f, s, tf in _files(self.path) if s == symbol.upper()]
        for wanted in (timeframe, None):
            fit = [f for f, tf in mine if tf == wanted]
            if len(fit) > 1:
                raise DataError(
                    f"{self.path}: {symbol} {timeframe} must be one file, received "
                    f"{[f.name for f in fit]!r}. Move the wrong one away."
                )
            if fit:
                return fit[0]
        if mine:
            has = sorted({str(tf) for _, tf in mine})
            raise SettingsError(
                f"{self.path}: has {symbol} at {', '.join(has)}, received a request for "
                f"{timeframe}. Ask for one of these, and resample in the catalog."
            )
        near = get_close_matches(symbol.upper(), self.symbols(), n=3) or self.symbols()[:5]
        raise SettingsError(
            f"{self.path}: must hold a file for {symbol!r}, such as {symbol}.csv; it has "
            f"{', '.join(near)}."
        )

    def _open(self, path: Path) -> _Table:
        file = str(path)
        text, repaired = decode(file, read_bytes(path))
        declared = self.columns or {}
        known = _KNOWN_NAMES | {fold(name) for name in declared.values()}
        header = read_header(file, text, lambda name: fold(name) in known)
        roles = assign(
            f"{file}: row {header.line}",
            header.names,
            declared,
            closes_only=self.closes_only,
            prefer_close_time=self.stamps == "close",
        )
        return _Table(file, text, header, roles, repaired)

    def _rows_of(self, path: Path, table: _Table, cells: Columns, symbol: str) -> Ints:
        """Return the positions of the rows that belong to ``symbol``."""
        declared = self.symbol or _named(path)[0]
        everything = np.arange(cells.lines.size)
        if "symbol" in table.roles.at:
            names = [cell.strip() for cell in cells.texts[table.roles.at["symbol"]]]
            mine = np.flatnonzero([name.upper() == symbol.upper() for name in names])
            if mine.size:
                return mine
            held = sorted(set(names))
            if len(held) > 1 or symbol.upper() != declared.upper():
                raise SettingsError(
                    f"{table.file}: must hold rows of {symbol!r}, received {held[:8]!r}. "
                    "Ask for one of these."
                )
        elif symbol.upper() != declared.upper():
            raise SettingsError(
                f"{table.file}: its name says {declared!r}, received a request for {symbol!r}. "
                f"If it does hold {symbol}, declare `--symbol {symbol}` or rename the file."
            )
        return everything

    def _kind(self, column: TextColumn, parsed: Stamps, roles: Roles, timeframe: str) -> Moment:
        if timeframe.endswith("d"):
            return self._daily_kind(column, parsed, roles)
        if not parsed.has_time:
            raise column.error(
                0,
                f"{timeframe} bars need a time of day",
                "This looks like a daily file: ask for 1d, or fetch intraday data.",
            )
        if self.stamps and roles.moment and self.stamps != roles.moment:
            raise SettingsError(
                f"{column.file}: column {column.name!r} holds each bar's {roles.moment}, received "
                f"--stamps {self.stamps}. Leave --stamps away, or choose another column."
            )
        kind = self.stamps or roles.moment
        if kind in (None, "session"):
            zone = "" if parsed.offset_ns is not None or self.timezone else " and --timezone"
            raise SettingsError(
                f"{column.file}: row {column.lines[0]}, column {column.name!r}: whether "
                f"{timeframe} stamps such as {column.texts[0]!r} are opens or closes must be "
                f"declared, received --stamps {self.stamps}. Say `--stamps open` or "
                f"`--stamps close`{zone}: a wrong guess looks into the future."
            )
        return kind

    def _daily_kind(self, column: TextColumn, parsed: Stamps, roles: Roles) -> Moment:
        if not parsed.has_time or self.stamps == "session":
            return "session"
        if self.stamps is not None:
            return self.stamps
        timed = np.flatnonzero(parsed.local_ns(self.timezone) % DAY_NS)
        if timed.size == 0 and roles.moment != "close":
            return "session"
        raise column.error(
            int(timed[0]) if timed.size else 0,
            "a daily stamp with a time of day must have a declared meaning",
            "Say `--stamps session`, `--stamps open` or `--stamps close`; a stamp of midnight in "
            "another zone also needs --timezone.",
        )


def _require_choice(flag: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise SettingsError(f"{flag} must be one of {list(choices)}, received {value!r}.")


def _files(folder: Path) -> list[tuple[Path, str, str | None]]:
    """Return the data files of a folder with the symbol and timeframe of their names."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as e:
        raise DataError(
            f"{folder}: must be readable, received {e.strerror!r}. Check its permissions."
        ) from e
    return [
        (f, *_named(f))
        for f in inside
        if f.suffix.lower() in _ENDINGS and not f.name.startswith(".") and not f.is_dir()
    ]


def _named(path: Path) -> tuple[str, str | None]:
    """Return the symbol and the timeframe that a file's name states."""
    stem = path.name
    while Path(stem).suffix.lower() in _ENDINGS:
        stem = stem[: -len(Path(stem).suffix)]
    match = _STEM.fullmatch(stem)
    if match is None:
        return stem.upper(), None
    if match["word"]:
        return match["symbol"].upper(), _WORDS[match["word"].lower()]
    n, unit = int(match["n"]), match["unit"].lower()
    hours = unit == "m" and n % 60 == 0
    return match["symbol"].upper(), f"{n // 60}h" if hours else f"{n}{unit}"


def _provenance(
    table: _Table, cells: Columns, parsed: Stamps, n_commas: int
) -> tuple[str, dict[str, int]]:
    """Return what was understood and mended on the way in, as words and as counts by rule."""
    words = [
        *table.repaired,
        parsed.note,
        f"{n_commas} decimal commas" if n_commas else "",
        f"{cells.n_blank} blank lines skipped" if cells.n_blank else "",
        "" if "open" in table.roles.at else "closes only",
        f"ignored columns {list(table.roles.ignored)!r}" if table.roles.ignored else "",
    ]
    counts = {
        "D03": len(table.repaired) + n_commas + cells.n_blank,
        "D14": cells.lines.size if parsed.is_epoch else 0,
    }
    return "; ".join(filter(None, words)), {rule: n for rule, n in counts.items() if n}


def _stamp_column(table: _Table, cells: Columns, keep: Ints) -> TextColumn:
    positions = table.roles.stamps
    texts = cells.texts[positions[0]]
    if len(positions) > 1:
        texts = [
            f"{d.strip()} {t.strip()}"
            for d, t in zip(texts, cells.texts[positions[1]], strict=True)
        ]
    name = " + ".join(table.header.names[i] for i in positions)
    lines = cells.lines[keep].tolist()
    if keep.size < len(texts):
        texts = [texts[i] for i in keep]
    return TextColumn(table.file, name, lines, texts)


def _frame(
    roles: Mapping[str, int], cells: Columns, keep: Ints, index: pd.DatetimeIndex
) -> pd.DataFrame:
    close = cells.numbers[roles["close"]][keep]
    columns: dict[str, NDArray[Any]] = {}
    for name in ("open", "high", "low"):
        columns[name] = cells.numbers[roles[name]][keep] if name in roles else close
    columns["close"] = close
    known = "volume" in roles
    columns["volume"] = (
        cells.numbers[roles["volume"]][keep] if known else np.full(keep.size, np.nan)
    )
    if "raw_close" in roles:
        columns["raw_close"] = cells.numbers[roles["raw_close"]][keep]
    columns["line"] = cells.lines[keep]
    return pd.DataFrame(columns, index=index)
