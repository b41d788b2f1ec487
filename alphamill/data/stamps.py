"""Stamps as text become wall-clock times, trade dates and UTC moments; doubt is refused.

A stamp's layout is its text with every digit written as 0. A file has one layout, or a few of one
kind, so the layout is understood once and all its rows are read together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alphamill.core.errors import SettingsError
from alphamill.core.market import Flags, Ints
from alphamill.data.delimited import TextColumn

ACCEPTED = (
    "Write stamps like 2024-01-31, 2024-01-31 09:30:00, 2024-01-31T09:30:00-05:00, 20240131 0930 "
    "or epoch seconds."
)
FIRST_YEAR, LAST_YEAR = 1800, 2200
DAY_NS = 86_400_000_000_000

# An epoch's unit is told by its size: these ranges are 1973 to 2103 in each unit and do not meet.
EPOCH_UNITS = (
    ("seconds", 1_000_000_000, 10**8, 42 * 10**8),
    ("milliseconds", 1_000_000, 10**11, 42 * 10**11),
    ("microseconds", 1_000, 10**14, 42 * 10**14),
    ("nanoseconds", 1, 10**17, 42 * 10**17),
)

_DIGITS = str.maketrans("123456789", "000000000")
_SECOND = r"(?::(?P<second>00)(?:[.,](?P<frac>0{1,9}))?)?"
_HALF = r"(?: *(?P<half>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"(?: *(?P<zone>[Zz]|UTC|GMT|[+-]00(?::?00)?))?"
_DATES = (
    r"(?P<year>0000)(?P<sep>[-/.])(?P<month>00?)(?P=sep)(?P<day>00?)",
    r"(?P<year>0000)(?P<month>00)(?P<day>00)",
    r"(?P<a>00?)(?P<sep>[-/.])(?P<b>00?)(?P=sep)(?P<year>0000)",
)
_TIMES = (
    "",
    rf"(?:[Tt]|,? +)(?P<hour>00?):(?P<minute>00){_SECOND}{_HALF}{_ZONE}",
    r"(?:[Tt]|,? +)(?P<hour>00?)(?P<minute>00)(?P<second>00)?",
)
_RUN_TOGETHER = re.compile(
    r"(?P<year>0000)(?P<month>00)(?P<day>00)(?P<hour>00)(?P<minute>00)(?P<second>00)?"
)
_LAYOUTS = (
    re.compile(r"(?P<epoch>0{9,13}|0{15,19})(?:\.(?P<frac>0{1,9})0*)?"),
    _RUN_TOGETHER,
    *(re.compile(date + time) for date, time in product(_DATES, _TIMES)),
)


@dataclass(frozen=True)
class Stamps:
    """Parsed stamps: the clock as written, and what is known about its zone.

    Attributes
    ----------
    wall_ns : int64 of shape (n_rows,)
        The clock as written, counted as if it were UTC.
    offset_ns : int64 of shape (n_rows,) or None
        Local minus UTC where stamps carry an offset (0 for an epoch); None where they do not.
    has_time : bool
        False when stamps are bare dates.
    note : str
        How they were read, for the provenance; empty for plain ISO.
    is_epoch : bool
        True for counts since 1970.
    """

    wall_ns: Ints
    offset_ns: Ints | None
    has_time: bool
    note: str = ""
    is_epoch: bool = False

    def local_ns(self, timezone: str | None) -> Ints:
        """Return the wall clock of ``timezone``, or the one that was written."""
        if self.offset_ns is None or timezone is None:
            return self.wall_ns
        moments = pd.DatetimeIndex((self.wall_ns - self.offset_ns).view("M8[ns]"), tz="UTC")
        return _index_ns(moments.tz_convert(zone_of(timezone)).tz_localize(None))


def zone_of(name: str) -> ZoneInfo:
    """Return the zone called ``name``.

    Raises
    ------
    SettingsError
        For an unknown name, with the nearest known one.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        near = get_close_matches(name, sorted(available_timezones()), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "such as 'America/New_York' or 'UTC'."
        raise SettingsError(f"--timezone must be an IANA zone, received {name!r}; {hint}") from e


def parse_stamps(column: TextColumn) -> Stamps:
    """Return the stamps of a column.

    Raises
    ------
    DataError
        For stamps that are malformed, do not exist, change layout or unit within the file, or
        leave day and month open.
    """
    parts = _fields(column)
    if "epoch" in parts:
        return _epochs(column, parts)
    note = ""
    if "a" in parts:
        day_first = _is_day_first(column, parts)
        parts["day"], parts["month"] = (parts["a"], parts["b"])[:: 1 if day_first else -1]
        note = "dates read as day/month/year" if day_first else "dates read as month/day/year"
    wall_ns = _wall_ns(column, parts)
    timed = parts["timed"].astype(np.bool_)
    if timed.any() and not timed.all():
        note = "; ".join(filter(None, (note, _midnights(column, wall_ns, ~timed))))
    return Stamps(wall_ns, parts.get("zone"), bool(timed.any()), note)


def to_moments(column: TextColumn, stamps: Stamps, timezone: str | None) -> pd.DatetimeIndex:
    """Return UTC moments; a naive clock is read in ``timezone``.

    Raises
    ------
    SettingsError
        When neither the stamps nor the operator say the zone.
    DataError
        For local times that a change of the clock skipped or repeated.
    """
    if stamps.offset_ns is not None:
        return pd.DatetimeIndex((stamps.wall_ns - stamps.offset_ns).view("M8[ns]"), tz="UTC")
    if timezone is None:
        raise SettingsError(
            f"{column.file}: row {column.lines[0]}, column {column.name!r}: intraday stamps "
            f"without an offset need their zone, received {column.texts[0]!r}. Declare it with "
            "--timezone, for example `--timezone America/Chicago`."
        )
    zone = zone_of(timezone)
    naive = pd.DatetimeIndex(stamps.wall_ns.view("M8[ns]"))
    local = naive.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    lost = np.flatnonzero(np.asarray(local.isna()))
    if lost.size:
        at = int(lost[0])
        twice = not pd.isna(naive[at].tz_localize(zone, ambiguous=True, nonexistent="NaT"))
        what = "happens twice" if twice else "does not exist"
        raise column.error(
            at,
            f"this local time {what} in {timezone} (the clock changes)",
            "Export the file in UTC or with offsets, or declare the right --timezone.",
        )
    return local.tz_convert("UTC")


def to_sessions(wall_ns: Ints) -> pd.DatetimeIndex:
    """Return the dates of a wall clock as midnights without a zone."""
    return pd.DatetimeIndex((wall_ns - wall_ns % DAY_NS).view("M8[ns]"))


def _index_ns(index: pd.DatetimeIndex) -> Ints:
    return np.asarray(index.as_unit("ns").to_numpy()).view(np.int64)


def _fields(column: TextColumn) -> dict[str, Ints]:
    """Return one integer array a field: year, month, ... or a, b, or epoch; zone in ns."""
    texts = [text.strip() for text in column.texts]
    layouts = [text.translate(_DIGITS) for text in texts]
    first_names: set[str] | None = None
    out: dict[str, Ints] = {}
    for layout, rows in _groups(layouts):
        match = _understand(layout, texts[rows[0]])
        if match is None:
            raise column.error(int(rows[0]), "must be a date or a time", ACCEPTED)
        names = _meaning(match)
        first_names = first_names or names
        if names != first_names:
            raise column.error(
                int(rows[0]),
                f"stamps must keep one layout, and row {column.lines[0]} has {column.texts[0]!r}",
                "Write every stamp in the same way, all with or all without an offset.",
            )
        cells = np.array(texts if rows.size == len(texts) else [texts[i] for i in rows], dtype="S")
        digits = cells.view(np.uint8).reshape(rows.size, -1).astype(np.int64) - ord("0")
        for name, values in _read(match, digits):
            out.setdefault(name, np.zeros(len(texts), dtype=np.int64))[rows] = values
    return out


def _understand(layout: str, example: str) -> "re.Match[str] | None":
    # Twelve digits are YYYYMMDDHHMM or milliseconds of 1973 to 2001; those that begin like a year
    # would be milliseconds of 1976.
    if layout == "0" * 12 and example[:2] in ("19", "20"):
        return _RUN_TOGETHER.fullmatch(layout)
    return next((m for p in _LAYOUTS if (m := p.fullmatch(layout))), None)


def _groups(layouts: list[str]) -> Iterator[tuple[str, Ints]]:
    """Yield each layout with its rows, in order of first appearance."""
    number = {layout: i for i, layout in enumerate(dict.fromkeys(layouts))}
    if len(number) == 1:
        yield layouts[0], np.arange(len(layouts))
        return
    codes = np.array([number[layout] for layout in layouts])
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(number) + 1))
    for layout, i in number.items():
        yield layout, order[edges[i] : edges[i + 1]]


def _meaning(match: "re.Match[str]") -> set[str]:
    """Return what must agree between layouts: the kind of date, and whether there is a zone."""
    return {n for n in ("epoch", "a", "day", "zone") if match.groupdict().get(n)}


def _read(match: "re.Match[str]", digits: Ints) -> Iterator[tuple[str, Ints]]:
    """Yield the fields of rows that share a layout."""
    for name, text in match.groupdict().items():
        if text is None or name in ("sep", "half", "zone"):
            continue
        values = _decimal(digits[:, slice(*match.span(name))])
        if name == "frac":
            values = values * 10 ** (9 - len(text))
        if name == "hour" and match.groupdict().get("half"):
            # 12 AM is hour 0 and 12 PM hour 12; 0 or 13 with a half is made invalid, not guessed.
            sound = (values >= 1) & (values <= 12)
            late = 12 if match["half"] in "Pp" else 0
            values = np.where(sound, values % 12 + late, 99)
        yield name, values
    yield "timed", np.full(digits.shape[0], "hour" in match.groupdict(), dtype=np.int64)
    zone = match.groupdict().get("zone")
    if zone:
        yield "zone", _offset_ns(zone, digits[:, slice(*match.span("zone"))])


def _offset_ns(zone: str, digits: Ints) -> Ints:
    if zone[0] not in "+-":
        return np.zeros(digits.shape[0], dtype=np.int64)
    hours = _decimal(digits[:, 1:3])
    minutes = _decimal(digits[:, -2:]) if len(zone) > 3 else np.zeros_like(hours)
    sign = -1 if zone[0] == "-" else 1
    return sign * (hours * 60 + minutes) * 60_000_000_000


def _decimal(digits: Ints) -> Ints:
    return np.asarray(digits @ 10 ** np.arange(digits.shape[1] - 1, -1, -1), dtype=np.int64)


def _epochs(column: TextColumn, parts: dict[str, Ints]) -> Stamps:
    value = parts["epoch"]
    unit = np.full(value.size, -1)
    for i, (_, _, low, high) in enumerate(EPOCH_UNITS):
        unit[(value >= low) & (value <= high)] = i
    _refuse(
        column,
        unit < 0,
        "an epoch must lie between 1973 and 2103 in seconds, milli-, micro- or nanoseconds",
    )
    name, scale, _, _ = EPOCH_UNITS[unit[0]]
    _refuse(
        column,
        unit != unit[0],
        f"epochs must keep one unit, and row {column.lines[0]} is in {name}",
    )
    fraction = parts.get("frac", np.zeros_like(value))
    wall_ns = value * scale + fraction * scale // 1_000_000_000
    return Stamps(wall_ns, np.zeros_like(value), True, f"epoch in {name}", is_epoch=True)


def _is_day_first(column: TextColumn, parts: dict[str, Ints]) -> bool:
    day_first, month_first = parts["a"] > 12, parts["b"] > 12
    if day_first.any() and month_first.any():
        first, second = sorted((int(day_first.argmax()), int(month_first.argmax())))
        raise column.error(
            second,
            "dates must keep one order of day and month, and row "
            f"{column.lines[first]} has {column.texts[first]!r}",
            ACCEPTED,
        )
    if not day_first.any() and not month_first.any():
        raise column.error(
            0, "no row tells day from month", "Write dates as YYYY-MM-DD, then ingest again."
        )
    return bool(day_first.any())


def _midnights(column: TextColumn, wall_ns: Ints, bare: Flags) -> str:
    """Accept bare dates among times as midnights, which some programs print so, if in order."""
    before, after = (
        np.append(wall_ns[:1] - 1, wall_ns[:-1]),
        np.append(wall_ns[1:], wall_ns[-1:] + 1),
    )
    lost = bare & ((wall_ns <= before) | (wall_ns >= after))
    _refuse(column, lost, "a date among times must be the midnight between its neighbours")
    return f"{int(bare.sum())} bare dates read as midnight"


def _wall_ns(column: TextColumn, parts: dict[str, Ints]) -> Ints:
    year, month, day = parts["year"], parts["month"], parts["day"]
    zeros = np.zeros_like(year)
    hour, minute, second = (parts.get(n, zeros) for n in ("hour", "minute", "second"))
    off_calendar = (year < FIRST_YEAR) | (year > LAST_YEAR) | (month < 1) | (month > 12) | (day < 1)
    _refuse(column, off_calendar, "must be a date of the calendar")
    months = (year - 1970) * 12 + (month - 1)
    first: NDArray[np.datetime64] = months.view("M8[M]").astype("M8[D]")
    days_in_month = ((months + 1).view("M8[M]").astype("M8[D]") - first).astype(np.int64)
    _refuse(column, day > days_in_month, "must be a date of the calendar")
    _refuse(column, (hour > 23) | (minute > 59) | (second > 59), "must be a time of the day")
    offset = parts.get("zone", zeros)
    _refuse(column, np.abs(offset) > 14 * 3_600_000_000_000, "must have an offset within 14 hours")
    days = first.astype(np.int64) + day - 1
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second
    return seconds * 1_000_000_000 + parts.get("frac", zeros)


def _refuse(column: TextColumn, bad: Flags, must: str) -> None:
    if bad.any():
        raise column.error(int(np.flatnonzero(bad)[0]), must, ACCEPTED)
