"""A raw series as arrays, with the words that name one of its rows."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Instrument, Ints
from alphamill.data.calendar import minutes_of
from alphamill.data.quality.limits import LIMITS, Limits
from alphamill.data.raw import Finding, RawSeries

PRICES = ("open", "high", "low", "close")
DAY_NS = 86_400_000_000_000
Severity = Literal["refuse", "repair", "warn"]


@dataclass(frozen=True)
class Known:
    """What the caller knows beyond the series itself.

    ``expected_sessions`` are trade dates of the exchange calendar (yyyymmdd) covering at least
    the series; ``now_ns`` is the present; ``reference_median`` a close of the right size;
    ``accepted`` rules whose refusal the operator overrules.
    """

    expected_sessions: NDArray[np.int64] | None = None
    now_ns: int | None = None
    reference_median: float | None = None
    accepted: Collection[str] = ()
    limits: Limits = LIMITS


@dataclass(frozen=True)
class Table:
    """Columns of a raw series; ``ns`` counts its stamps (sessions: midnight as if UTC)."""

    raw: RawSeries
    instrument: Instrument
    ns: Ints
    columns: dict[str, Floats]
    lines: Ints | None
    dropped: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, raw: RawSeries, instrument: Instrument) -> Self:
        """Return the arrays of ``raw``; refuse a frame that is not what a source must deliver."""
        frame, index = raw.frame, raw.frame.index
        missing = [name for name in (*PRICES, "volume") if name not in frame.columns]
        zone = getattr(index, "tz", None)
        sound = isinstance(index, pd.DatetimeIndex) and (zone is None) == (raw.stamps == "session")
        if missing or not sound:
            what = f"columns {list(frame.columns)!r} on {type(index).__name__} with zone {zone}"
            raise DataError(
                f"{raw.symbol} ({file_of(raw)}): a source must deliver open, high, low, close, "
                f"volume on zone-less sessions or UTC moments (stamps={raw.stamps!r}), received "
                f"{what}. Mend the source."
            )
        names = [*PRICES, "volume", *(n for n in ("raw_close",) if n in frame.columns)]
        stamps = pd.DatetimeIndex(index)
        if stamps.tz is not None:
            stamps = stamps.tz_convert("UTC").tz_localize(None)
        if stamps.hasnans:
            raise DataError(
                f"{raw.symbol} ({file_of(raw)}): every bar must have a stamp, received NaT at bar "
                f"{int(np.flatnonzero(stamps.isna())[0])}. Fetch it again."
            )
        columns = {n: frame[n].to_numpy(dtype=np.float64, na_value=np.nan) for n in names}
        lines = frame["line"].to_numpy(dtype=np.int64) if "line" in frame.columns else None
        ns = np.asarray(stamps.as_unit("ns").to_numpy()).view(np.int64)
        return cls(raw, instrument, ns, columns, lines)

    def __len__(self) -> int:
        return int(self.ns.size)

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def take(self, rows: NDArray[np.int64] | Flags) -> Self:
        """Return the given rows."""
        return replace(
            self,
            ns=self.ns[rows],
            columns={name: column[rows] for name, column in self.columns.items()},
            lines=None if self.lines is None else self.lines[rows],
        )

    def put(self, **columns: Floats) -> Self:
        """Return a table with some columns replaced."""
        return replace(self, columns=self.columns | columns)

    def to_raw(self, repairs: dict[str, int]) -> RawSeries:
        """Return the series in its new state, without the line numbers of the file."""
        index = pd.DatetimeIndex(self.ns.view("M8[ns]"), name=self.raw.stamps)
        if self.raw.stamps != "session":
            index = index.tz_localize("UTC")
        return replace(self.raw, frame=pd.DataFrame(self.columns, index=index), repairs=repairs)

    @property
    def is_daily(self) -> bool:
        return self.raw.timeframe.endswith("d")

    @property
    def bar_ns(self) -> int:
        """The timeframe, nanoseconds."""
        return DAY_NS if self.is_daily else int(minutes_of(self.raw.timeframe)) * 60_000_000_000

    def local_ns(self) -> Ints:
        """Return the exchange's wall clock (sessions: their date)."""
        if self.raw.stamps == "session":
            return self.ns
        utc = pd.DatetimeIndex(self.ns.view("M8[ns]"), tz="UTC")
        local = utc.tz_convert(self.instrument.timezone).tz_localize(None)
        return np.asarray(local.as_unit("ns").to_numpy()).view(np.int64)

    def dates(self) -> Ints:
        """Return the exchange-local date of each bar as yyyymmdd."""
        return yyyymmdd(self.local_ns())

    def name_of(self, at: int) -> str:
        """Return the words for one row: "row 7 (2024-01-31 09:30)" or "bar 6 (...)"."""
        stamp = str(pd.Timestamp(int(self.ns[at])))
        stamp = stamp.removesuffix(" 00:00:00") if self.raw.stamps == "session" else stamp + "Z"
        return f"{self._row_word(at)} ({stamp})"

    def finding(
        self, rule: str, severity: Severity, bad: Flags, must: str, remedy: str, column: str = ""
    ) -> list[Finding]:
        """Return one finding about the flagged rows, named by the first; none without rows."""
        rows = np.flatnonzero(bad)
        if rows.size == 0:
            return []
        at = int(rows[0])
        more = f" (and {rows.size - 1} more rows)" if rows.size > 1 else ""
        said = f": {must}"
        if column:
            said = f", column {column!r}: {must}, received {float(self[column][at])!r}"
        said = f"{self.name_of(at)}{said}{more}. {remedy}"
        row = at if self.lines is None else int(self.lines[at])
        return [self.note(rule, severity, said, row=row, count=int(rows.size))]

    def note(
        self, rule: str, severity: Severity, said: str, *, row: int | None = None, count: int = 1
    ) -> Finding:
        """Return one finding about the series."""
        message = f"{self.raw.symbol} ({file_of(self.raw)}): {said}"
        return Finding(rule, severity, self.raw.symbol, message, row, count)

    def _row_word(self, at: int) -> str:
        return f"bar {at}" if self.lines is None else f"row {int(self.lines[at])}"


def file_of(raw: RawSeries) -> str:
    """Return the file of a series without the notes that follow it in ``where``."""
    return raw.where.split(" [")[0]


def yyyymmdd(ns: Ints) -> Ints:
    """Return dates of nanoseconds since 1970 as integers.

    Examples
    --------
    >>> yyyymmdd(np.array([0, 86_400_000_000_000])).tolist()
    [19700101, 19700102]
    """
    days = (ns // DAY_NS).astype("M8[D]")
    months = days.astype("M8[M]")
    day = (days - months).astype(np.int64) + 1
    month = months.astype(np.int64) % 12 + 1
    year = months.astype(np.int64) // 12 + 1970
    return np.asarray(year * 10_000 + month * 100 + day, dtype=np.int64)
