"""Who belonged to a universe on which date.

A list of tickers without dates is today's list: who failed is not on it. It is taken, and whatever
is made of it says so (``is_survivorship_biased``). A table of ``symbol, start_date, end_date``
tells the members of each date; the end date is the first on which a symbol is no member any more.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Flags, Ints

ALWAYS: Final = 0
NEVER: Final = 99_991_231


@dataclass(frozen=True)
class Stay:
    """A symbol's stay: from ``start`` to the day before ``end``, both yyyymmdd."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True)
class Universe:
    """Stays in order of symbol and start.

    ``name`` is the file's, as it stands in the names of what is made of it;
    ``is_survivorship_biased`` is True where the members are today's.
    """

    name: str
    stays: tuple[Stay, ...]
    is_survivorship_biased: bool

    def __post_init__(self) -> None:
        order = tuple(sorted(self.stays, key=lambda s: (s.symbol, s.start)))
        object.__setattr__(self, "stays", order)
        for before, after in zip(order, order[1:], strict=False):
            if before.symbol == after.symbol and after.start < before.end:
                raise DataError(
                    f"universe {self.name}: stays of one symbol must not overlap; {after.symbol} "
                    f"from {after.start} lies within the stay up to {before.end}. Correct it."
                )

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return every symbol that was ever a member, sorted."""
        return tuple(dict.fromkeys(stay.symbol for stay in self.stays))

    def members(self, session: int) -> tuple[str, ...]:
        """Return the members of a trade date (yyyymmdd), sorted."""
        return tuple(s.symbol for s in self.stays if s.start <= session < s.end)

    def mask(self, session: Ints, symbols: tuple[str, ...]) -> Flags:
        """Return who is a member when, shape (n_dates, n_symbols)."""
        out = np.zeros((session.size, len(symbols)), dtype=np.bool_)
        column = {symbol: i for i, symbol in enumerate(symbols)}
        for stay in self.stays:
            if stay.symbol in column:
                out[:, column[stay.symbol]] |= (session >= stay.start) & (session < stay.end)
        return out


def universe_of(name: str, symbols: tuple[str, ...] | list[str]) -> Universe:
    """Return a universe of symbols without dates, biased as every such list is."""
    plain = [symbol.strip().upper() for symbol in symbols]
    twice = sorted({symbol for symbol in plain if plain.count(symbol) > 1})
    if twice or not all(plain):
        raise DataError(
            f"universe {name}: each symbol must be named once, received {twice or plain}. Correct "
            "the list."
        )
    return Universe(name, tuple(Stay(symbol, ALWAYS, NEVER) for symbol in plain), True)


def read_universe(path: Path) -> Universe:
    """Return the universe of a file.

    ``.txt`` has one ticker a line, ``#`` begins a comment; ``.csv``, ``.parquet`` and ``.json``
    (a list of objects) have the columns ``symbol, start_date, end_date``, the last one empty for
    a stay that goes on.

    Raises
    ------
    SettingsError
        When there is no such file or its kind is not known.
    DataError
        Naming file, row, column, value and remedy.
    """
    if path.suffix == ".txt":
        return _of_list(path)
    readers: dict[str, Any] = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".json": _json}
    if path.suffix not in readers:
        raise SettingsError(
            f"a universe must be a file of {['.txt', *readers]}, received {path.name!r}."
        )
    try:
        return _of_table(readers[path.suffix](path), path)
    except FileNotFoundError as e:
        raise _absent(path) from e
    except ValueError as e:
        raise DataError(f"{path.name}: must be a table of stays, received {e}. Repair it.") from e


def universe_tag(name: str) -> str:
    """Return a universe's name as files carry it: the file's without its last ``_tickers``.

    Examples
    --------
    >>> universe_tag("config/universe_ai_tech_tickers.txt")
    'universe_ai_tech'
    """
    return Path(name).stem.removesuffix("_tickers").removesuffix("_history")


def custom_tag(symbols: tuple[str, ...] | list[str]) -> str:
    """Return the name of a list of symbols that has no file.

    Examples
    --------
    >>> custom_tag(["MSFT", "AAPL"]), custom_tag(["A", "B", "C", "D"])
    ('custom_MSFT_AAPL', 'custom_4_symbols')
    """
    few = len(symbols) <= 3
    return f"custom_{'_'.join(symbols)}" if few else f"custom_{len(symbols)}_symbols"


def _of_list(path: Path) -> Universe:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as e:
        raise _absent(path) from e
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        symbol = line.partition("#")[0].strip().upper()
        if not symbol:
            continue
        if len(symbol.split()) > 1 or symbol in seen:
            what = f"is on line {seen[symbol]} already" if symbol in seen else "is not one ticker"
            raise DataError(
                f"{path.name}: line {number}: {symbol!r} {what}; each line must have one ticker, "
                "once. Correct it."
            )
        seen[symbol] = number
    if not seen:
        raise DataError(f"{path.name}: must have at least one ticker, received none. Add them.")
    return universe_of(universe_tag(path.name), list(seen))


def _of_table(table: pd.DataFrame, path: Path) -> Universe:
    absent = [c for c in ("symbol", "start_date", "end_date") if c not in table.columns]
    if absent:
        raise DataError(
            f"{path.name}: must have the columns symbol, start_date and end_date; {absent} are "
            f"missing, received {list(table.columns)}. Add them."
        )
    stays = []
    for row in range(len(table)):
        symbol = str(table["symbol"].iloc[row]).strip().upper()
        start = _day(path, table, row, "start_date")
        end = _day(path, table, row, "end_date")
        if start is None or (end is not None and end <= start):
            raise DataError(
                f"{path.name}: row {row + 1}: a stay must end after it starts, {symbol} starts at "
                f"{start} and ends at {end}. Correct it."
            )
        stays.append(Stay(symbol, start, NEVER if end is None else end))
    return Universe(universe_tag(path.name), tuple(stays), False)


def _day(path: Path, table: pd.DataFrame, row: int, column: str) -> int | None:
    told: Any = table[column].iloc[row]
    if pd.isna(told) or told == "":
        return None
    try:
        day = pd.Timestamp(str(told))
    except ValueError as e:
        raise DataError(
            f"{path.name}: row {row + 1}, column {column}: must be a day such as 2024-01-31, "
            f"received {told!r}. Correct it."
        ) from e
    return day.year * 10_000 + day.month * 100 + day.day


def _json(path: Path) -> pd.DataFrame:
    return pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))


def _absent(path: Path) -> SettingsError:
    return SettingsError(f"there is no universe file {path}. Correct the path, or write the file.")
