"""Tables of events: what happened, and from which moment it may be used.

Each record has the moment it became public; a record without one is refused (rule D26 of
specs/reliability), for what happened in March may have been filed in May. A date without a time of
day became public at some time of that day: it counts from the end of that day in New York, which is
the next session.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import digest
from alphamill.core.market import Flags, Floats, Ints
from alphamill.data.calendar import DAY_NS, moments_ns

MARKET: Final = "__MARKET__"
ZONE: Final = "America/New_York"


@dataclass(frozen=True)
class Kind:
    """What a table of events must hold.

    ``public`` names the columns that say when a record was public, the first one present counts; a
    column ``effective_date`` may say that it was of use later still. ``assumed_days`` is the
    customary delay where a feed does not say, taken on request only. ``numbers`` and ``text`` are
    the columns that are read, beside stamps and symbols. Of what ``is_counted`` each id must be
    there once.
    """

    name: str
    file: str
    required: tuple[str, ...]
    public: tuple[str, ...]
    assumed_days: int
    numbers: tuple[str, ...]
    text: tuple[str, ...] = ()
    is_counted: bool = False


_PUBLIC: Final = ("disclosure_date",)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                name="earnings",
                file="events_earnings.parquet",
                required=("timestamp", "symbol", "event_type", "event_id"),
                public=_PUBLIC,
                assumed_days=0,
                numbers=("eps_actual", "eps_estimate", "revenue_actual", "revenue_estimate"),
            ),
            Kind(
                name="insider",
                file="events_insider.parquet",
                required=("timestamp", "symbol", "event_type", "event_id", "direction"),
                public=_PUBLIC,
                assumed_days=2,
                numbers=("shares", "price", "usd_notional"),
                text=("direction",),
                is_counted=True,
            ),
            Kind(
                name="sentiment",
                file="news_sentiment_daily.parquet",
                required=("timestamp", "symbol", "sentiment_score", "sentiment_volume"),
                # A day's score is public when the day is over: its own date is its publication.
                public=(*_PUBLIC, "timestamp"),
                assumed_days=0,
                numbers=("sentiment_score", "sentiment_volume"),
            ),
            Kind(
                name="macro",
                file="macro_series.parquet",
                required=("timestamp", "macro_code", "value", "country"),
                public=("release_time", *_PUBLIC),
                assumed_days=0,
                numbers=("value",),
                text=("macro_code", "country"),
            ),
        )
    }
)


@dataclass(frozen=True, eq=False)
class Events:
    """Records of one kind in order of their publication; columns of shape (n,).

    Attributes
    ----------
    kind : str
    symbol : tuple of str
        Upper case, `MARKET` for all.
    event_ns, known_ns : ndarray
        When it happened, and from when it may be used, UTC nanoseconds.
    numbers, text : mapping
        Column -> float64 (NaN where not told), or column -> tuple of str.
    covers_from_ns : int
        From when on the feed has everything; no count is known before.
    publication : str
        "stated", or which delay was assumed.
    """

    kind: str
    symbol: tuple[str, ...]
    event_ns: Ints
    known_ns: Ints
    numbers: Mapping[str, Floats]
    text: Mapping[str, tuple[str, ...]]
    covers_from_ns: int
    publication: str = "stated"

    def __len__(self) -> int:
        return len(self.symbol)

    @property
    def identity(self) -> str:
        """Return the identity of all records."""
        return digest(
            self.kind,
            "\n".join(self.symbol),
            self.event_ns,
            self.known_ns,
            dict(self.numbers),
            {name: "\n".join(values) for name, values in self.text.items()},
            self.covers_from_ns,
            self.publication,
        )


def read_events(
    path: Path, kind: str, *, covers_from: str | None = None, assume_delay: bool = False
) -> Events:
    """Return the events of a Parquet or CSV file; arguments as in `events_of`."""
    if path.suffix not in (".parquet", ".csv"):
        raise SettingsError(
            f"{path.name}: a table of events must be .parquet or .csv, received {path.suffix!r}."
        )
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as e:
        raise DataError(
            f"{path.name}: must be a table of {kind} events, received {e!r}. Write it again."
        ) from e
    return events_of(
        frame, kind, where=path.name, covers_from=covers_from, assume_delay=assume_delay
    )


def events_of(
    frame: pd.DataFrame,
    kind: str,
    *,
    where: str = "",
    covers_from: str | None = None,
    assume_delay: bool = False,
) -> Events:
    """Return the events of a table, in order of publication whatever the order of its rows.

    Parameters
    ----------
    frame : DataFrame
        Columns as `KINDS` says; stamps without a zone count as UTC.
    kind : str
        A name of `KINDS`.
    where : str
        File name, for messages.
    covers_from : str, optional
        Date from which the feed has everything; otherwise its first publication.
    assume_delay : bool
        Take the customary delay of the kind where no publication date is told. It is stated in
        ``publication``.

    Raises
    ------
    DataError
        Naming file, row, column, value and remedy: a column or a publication date is missing, a
        record is public before it happened, is told not to be public, or a number is infinite.
    """
    what = _kind(kind)
    where = where or what.file
    _require_columns(frame, what, where)
    table = frame.reset_index(drop=True)
    event_ns, _ = _moments(table, "timestamp", where)
    known_ns, publication = _publication(table, what, event_ns, where, assume_delay)
    if "non_public" in table and bool(table["non_public"].fillna(False).any()):
        at = int(np.flatnonzero(table["non_public"].fillna(False))[0])
        raise DataError(
            f"{where}: row {at}, column non_public: only public records may be used, received "
            "True. Take the record out."
        )
    symbols = _symbols(table, what)
    numbers = {name: _numbers(table, name, where) for name in what.numbers}
    text = {name: tuple(table[name].astype(str).str.strip()) for name in what.text}
    keys = {"known": known_ns, "event": event_ns, "symbol": symbols, **text}
    order = _order(table, keys, numbers, where, what.is_counted)
    if covers_from is not None:
        begins = int(pd.Timestamp(covers_from, tz="UTC").value)
    else:
        begins = int(known_ns.min()) if len(table) else np.iinfo(np.int64).max
    return Events(
        kind=kind,
        symbol=tuple(symbols[i] for i in order),
        event_ns=event_ns[order],
        known_ns=known_ns[order],
        numbers={name: values[order] for name, values in numbers.items()},
        text={name: tuple(values[i] for i in order) for name, values in text.items()},
        covers_from_ns=begins,
        publication=publication,
    )


def _order(
    table: pd.DataFrame,
    keys: Mapping[str, object],
    numbers: Mapping[str, Floats],
    where: str,
    is_counted: bool,
) -> Ints:
    """Return the rows in order of publication, one of those that tell of the same."""
    named = pd.DataFrame(dict(keys))
    if "event_id" in table:
        named["id"] = table["event_id"].astype(str)
    # All columns decide the order: the rows' order in the file decides nothing.
    ranked = named.assign(**numbers).sort_values([*named.columns, *numbers], kind="stable")
    kept = ranked.drop_duplicates(list(named.columns))
    if is_counted and kept["id"].duplicated().any():
        at = int(kept.index[np.flatnonzero(kept["id"].duplicated())[0]])
        raise DataError(
            f"{where}: row {at}, column event_id: {table['event_id'].iloc[at]!r} is there with "
            "other moments, and would be counted twice. Keep its first filing, or give what an "
            "amendment adds an id of its own."
        )
    return np.asarray(kept.index, dtype=np.int64)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise SettingsError(f"a table of events is one of {list(KINDS)}, received {name!r}.")
    return KINDS[name]


def _require_columns(frame: pd.DataFrame, what: Kind, where: str) -> None:
    absent = [name for name in what.required if name not in frame.columns]
    if absent:
        raise DataError(
            f"{where}: a table of {what.name} events must have the columns {list(what.required)}; "
            f"{absent} are missing, received {list(frame.columns)}. Add them."
        )


def _publication(
    table: pd.DataFrame, what: Kind, event_ns: Ints, where: str, assume_delay: bool
) -> tuple[Ints, str]:
    column = next((name for name in what.public if name in table.columns), None)
    if column is None:
        if not assume_delay:
            raise DataError(
                f"{where}: each {what.name} record must say when it was public, in one of "
                f"{list(what.public)}; received {list(table.columns)}. Add the date, or ask for "
                f"the customary delay of {what.assumed_days} days, which every result then states."
            )
        # From the end of the day it is assumed to be public on.
        days = what.assumed_days
        return _day_end(event_ns + days * DAY_NS), f"assumed {days} days after the event"
    known_ns, is_date = _moments(table, column, where)
    known_ns = np.where(is_date, _day_end(known_ns), known_ns)
    early = np.flatnonzero(known_ns < event_ns)
    if early.size:
        at = int(early[0])
        raise DataError(
            f"{where}: row {at}, column {column}: a record cannot be public before it happened "
            f"({table['timestamp'].iloc[at]}), received {table[column].iloc[at]}. Correct it."
        )
    return _effective(table, known_ns, where), "stated"


def _effective(table: pd.DataFrame, known_ns: Ints, where: str) -> Ints:
    if "effective_date" not in table:
        return known_ns
    told = table["effective_date"].fillna(table["timestamp"]).to_frame("effective_date")
    effective_ns, is_date = _moments(told, "effective_date", where)
    effective_ns = np.where(is_date, _day_end(effective_ns), effective_ns)
    early = np.flatnonzero((effective_ns < known_ns) & table["effective_date"].notna().to_numpy())
    if early.size:
        at = int(early[0])
        raise DataError(
            f"{where}: row {at}, column effective_date: a record cannot be of use before it was "
            f"public, received {table['effective_date'].iloc[at]}. Correct it."
        )
    return np.maximum(effective_ns, known_ns)


def _moments(table: pd.DataFrame, column: str, where: str) -> tuple[Ints, Flags]:
    """Return UTC nanoseconds, and where only a date was told."""
    parsed = pd.to_datetime(table[column], utc=True, errors="coerce", format="mixed")
    if parsed.isna().any():
        at = int(np.flatnonzero(parsed.isna())[0])
        raise DataError(
            f"{where}: row {at}, column {column}: must be a moment such as "
            f"2020-01-31T21:30:00Z, received {table[column].iloc[at]!r}. Correct it."
        )
    at_ns = moments_ns(pd.DatetimeIndex(parsed))
    return at_ns, at_ns % DAY_NS == 0


def _day_end(moment_ns: Ints) -> Ints:
    """Return the end of the day, in New York, that UTC midnights name."""
    named = pd.DatetimeIndex(moment_ns.view("M8[ns]")).normalize() + pd.Timedelta(days=1)
    local = named.tz_localize(ZONE, nonexistent="shift_forward", ambiguous="NaT")
    return moments_ns(local)


def _symbols(table: pd.DataFrame, what: Kind) -> list[str]:
    if "symbol" not in what.required:
        return [MARKET] * len(table)
    told = table["symbol"].fillna("").astype(str).str.strip().str.upper()
    return [symbol or MARKET for symbol in told]


def _numbers(table: pd.DataFrame, name: str, where: str) -> Floats:
    if name not in table:
        return np.full(len(table), np.nan)
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
    told = table[name].notna().to_numpy()
    bad = np.flatnonzero((np.isnan(values) & told) | np.isinf(values))
    if bad.size:
        at = int(bad[0])
        raise DataError(
            f"{where}: row {at}, column {name}: must be a finite number or empty, received "
            f"{_shown(table[name].iloc[at])}. Correct it."
        )
    return values


def _shown(cell: object) -> str:
    return repr(cell.item() if isinstance(cell, np.generic) else cell)
