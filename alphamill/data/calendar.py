"""Sessions come from the exchange calendar, never from the clock of the data file.

Names are those of exchange_calendars ("XNYS", "CMES", "24/5", "24/7", ...), plus a few of ours in
``HOURS`` and ``WEEKS``. The library keeps CMES open from 17:00 to 17:00 Chicago; each product's
daily pause is ours, for the last bar of a session must be one that exists. Holidays and early
closes are the library's.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Adjusted, Bars, Flags, Instrument, Ints, bar_columns
from alphamill.data.raw import RawSeries

MINUTES: Final = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "1d": 1440}
MINUTE_NS: Final = 60_000_000_000
DAY_NS: Final = 1440 * MINUTE_NS


@dataclass(frozen=True)
class Hours:
    """Regular hours in minutes of the exchange's local trade date; negative is the day before.

    ``closes`` lists (first trade date, minute); a holiday's earlier close still counts.
    """

    base: str
    opens: int
    closes: tuple[tuple[int, int], ...]


# Globex hours, Chicago time, since 2010. The pause of index, energy and metal futures began at
# 16:15 until the exchange moved it to 16:00 on 2015-09-21; index futures closed at 16:30 until
# 2012-11-18. Currencies and Treasuries closed at 16:00 throughout. Grains have today's hours
# only (19:00 to 13:20), without the pause from 07:45 to 08:30, in which nothing trades anyway.
HOURS: Final = {
    "CMES": Hours("CMES", -420, ((0, 990), (20121119, 975), (20150921, 960))),
    "CMES_ENERGY_METALS": Hours("CMES", -420, ((0, 975), (20150921, 960))),
    "CMES_FX_RATES": Hours("CMES", -420, ((0, 960),)),
    "CMES_GRAINS": Hours("CMES", -300, ((0, 800),)),
    "CMES_RTH": Hours("CMES", 510, ((0, 900),)),
}
# Weeks without holidays, in UTC days. Some spot FX feeds date the hours of Sunday apart.
WEEKS: Final = {"24/6": "Sun Mon Tue Wed Thu Fri"}


@dataclass(frozen=True)
class Schedule:
    """Sessions of one calendar, oldest first; columns of shape (n_sessions,).

    ``session`` is the trade date (yyyymmdd), ``open_ns`` and ``close_ns`` are UTC nanoseconds,
    ``left_in_month`` counts the later sessions of the same month. ``timezone`` is the exchange's.
    """

    name: str
    timezone: str
    session: Ints
    open_ns: Ints
    close_ns: Ints
    left_in_month: Ints

    def __len__(self) -> int:
        return int(self.session.size)


def minutes_of(timeframe: str) -> int:
    """Return the length of a bar in minutes; a daily bar counts as 1440.

    Examples
    --------
    >>> minutes_of("15m")
    15
    """
    if timeframe not in MINUTES:
        raise SettingsError(f"timeframe must be one of {list(MINUTES)}, received {timeframe!r}.")
    return MINUTES[timeframe]


def schedule(name: str, first: int, last: int) -> Schedule:
    """Return the sessions whose trade dates lie in [first, last], both yyyymmdd.

    Raises
    ------
    SettingsError
        For a calendar that does not exist or does not reach that far.

    Examples
    --------
    >>> schedule("XNYS", 20250108, 20250110).session.tolist()  # the 9th was a day of mourning
    [20250108, 20250110]
    """
    if first > last:
        raise SettingsError(
            f"schedule of {name}: first must not lie after last, received {first!r} and {last!r}."
        )
    # Whole decades are built once and kept: a build costs 0.1 to 0.3 s, a slice nothing.
    first_year, last_year = first // 10_000, last // 10_000
    try:
        whole = _built(name, first_year // 10 * 10, last_year // 10 * 10 + 9)
    except SettingsError:
        # Some calendars end where their holidays are announced: ask for no year too many.
        whole = _built(name, first_year, last_year)
    rows = slice(
        int(np.searchsorted(whole.session, first)),
        int(np.searchsorted(whole.session, last, side="right")),
    )
    return Schedule(
        whole.name,
        whole.timezone,
        whole.session[rows],
        whole.open_ns[rows],
        whole.close_ns[rows],
        whole.left_in_month[rows],
    )


def outside(raw: RawSeries, instrument: Instrument) -> Flags:
    """Return True for rows that lie in no session of the instrument's calendar.

    A bar that straddles an open or a close lies inside; what lies between sessions or on a
    holiday does not. Shape (n_rows,).
    """
    return ~_place(raw, instrument).inside


def to_bars(raw: RawSeries, instrument: Instrument, *, drop_outside: bool = False) -> Bars:
    """Return a source's series as bars with every session field filled from the calendar.

    Daily bars close with their session and begin at its open. An intraday bar is stamped by its
    close, cut at the session's open and close where it straddles them (an hour that began before
    an early close). ``drop_outside`` leaves out the rows that ``outside`` names.

    Raises
    ------
    DataError
        When rows lie in no session, naming the first ones, or no row is left.
    """
    place = _place(raw, instrument)
    if not place.inside.all() and not drop_outside:
        raise DataError(_outside_message(raw, instrument, ~place.inside))
    if not place.inside.any():
        raise DataError(
            f"{raw.symbol} ({raw.where}): no row lies in a session of calendar "
            f"{instrument.calendar!r}, received {len(raw.frame)} rows. Correct the stamps' zone "
            f"or instruments.{raw.symbol}.calendar."
        )
    rows, plan = place.inside, place.plan
    at, open_ns, close_ns = place.at[rows], place.open_ns[rows], place.close_ns[rows]
    table = raw.frame[rows]
    close = table["close"].to_numpy(dtype=np.float64)
    price = {
        name: close if raw.closes_only else table[name].to_numpy(dtype=np.float64)
        for name in ("open", "high", "low")
    }
    return Bars(
        symbol=raw.symbol,
        timeframe=raw.timeframe,
        close_ns=close_ns,
        open=price["open"],
        high=price["high"],
        low=price["low"],
        close=close,
        volume=table["volume"].to_numpy(dtype=np.float64),
        raw_close=table["raw_close"].to_numpy(dtype=np.float64) if "raw_close" in table else close,
        adjusted=raw.adjusted,
        closes_only=raw.closes_only,
        **session_columns(plan, at, open_ns, close_ns, instrument),
    )


def session_columns(
    plan: Schedule, at: Ints, open_ns: Ints, close_ns: Ints, instrument: Instrument
) -> dict[str, Any]:
    """Return the session columns of ``Bars`` for bars with these moments.

    ``at`` is each bar's row in ``plan``; all columns have shape (n_bars,).
    """
    cash_minute = _minute_of_day(instrument.cash_open)
    cash_open_ns = _local_ns(plan.session, cash_minute, instrument.timezone)
    return {
        "session": plan.session[at],
        "session_end": close_ns >= plan.close_ns[at],
        "minute": local_minutes(open_ns, plan.timezone),
        "cash_minute": (open_ns - cash_open_ns[at]) // MINUTE_NS,
        "sessions_left_in_month": plan.left_in_month[at],
    }


def frame(bars: Bars) -> pd.DataFrame:
    """Return the bars as a table on a UTC index of closes; ``bars_of`` is the way back."""
    columns = {name: getattr(bars, name) for name in bar_columns() if name != "close_ns"}
    index = pd.DatetimeIndex(bars.close_ns.view("M8[ns]"), tz="UTC", name="close")
    return pd.DataFrame(columns, index=index)


def bars_of(
    table: pd.DataFrame,
    symbol: str,
    timeframe: str,
    adjusted: Adjusted = "none",
    closes_only: bool = False,
) -> Bars:
    """Return the bars of a table that ``frame`` made."""
    columns = {name: table[name].to_numpy() for name in bar_columns() if name != "close_ns"}
    close_ns = moments_ns(pd.DatetimeIndex(table.index))
    return Bars(
        symbol, timeframe, close_ns=close_ns, adjusted=adjusted, closes_only=closes_only, **columns
    )


def moments_ns(index: pd.DatetimeIndex) -> Ints:
    """Return UTC nanoseconds of an index, whatever its unit or zone."""
    naive = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    return np.asarray(naive.as_unit("ns").to_numpy()).view(np.int64)


def local_minutes(moment_ns: Ints, timezone: str) -> Ints:
    """Return the local minute of the day of UTC moments, shape (n,); daylight saving respected."""
    local = pd.DatetimeIndex(moment_ns.view("M8[ns]"), tz="UTC").tz_convert(timezone)
    return np.asarray(local.hour * 60 + local.minute, dtype=np.int64)


@dataclass(frozen=True)
class _Place:
    """Where each row of a series lies: its session's row in ``plan``, and its two moments."""

    plan: Schedule
    at: Ints
    inside: Flags
    open_ns: Ints
    close_ns: Ints


def _place(raw: RawSeries, instrument: Instrument) -> _Place:
    index = pd.DatetimeIndex(raw.frame.index)
    _require_stamps(raw, index)
    stamps_ns = moments_ns(index)
    # Ten days on both sides: the session of a bar may be the next one, beyond a long holiday.
    margin = 10 * DAY_NS
    plan = schedule(
        instrument.calendar,
        _date_of(int(stamps_ns.min()) - margin),
        _date_of(int(stamps_ns.max()) + margin),
    )
    last = len(plan) - 1
    length_ns = minutes_of(raw.timeframe) * MINUTE_NS
    if raw.stamps == "session":
        date = _dates(index)
        at = np.minimum(np.searchsorted(plan.session, date), last)
        inside = plan.session[at] == date
    elif raw.stamps == "open":
        at = np.minimum(np.searchsorted(plan.close_ns, stamps_ns, side="right"), last)
        inside = (plan.close_ns[at] > stamps_ns) & (plan.open_ns[at] < stamps_ns + length_ns)
    else:
        at = np.maximum(np.searchsorted(plan.open_ns, stamps_ns, side="left") - 1, 0)
        inside = (plan.open_ns[at] < stamps_ns) & (plan.close_ns[at] > stamps_ns - length_ns)
    opens, closes = plan.open_ns[at], plan.close_ns[at]
    if raw.timeframe != "1d":
        begin = stamps_ns if raw.stamps == "open" else _begins(stamps_ns, length_ns)
        end = stamps_ns if raw.stamps == "close" else stamps_ns + length_ns
        opens, closes = np.maximum(begin, opens), np.minimum(end, closes)
    return _Place(plan, at, inside, opens, closes)


def _begins(close_ns: Ints, length_ns: int) -> Ints:
    """Return opens from closes: a full length back, but not before the last bar's close."""
    previous = np.append(close_ns[:1] - length_ns, close_ns[:-1])
    return np.maximum(close_ns - length_ns, previous)


def _require_stamps(raw: RawSeries, index: pd.DatetimeIndex) -> None:
    where = f"{raw.symbol} ({raw.where})"
    if not len(index):
        raise DataError(f"{where}: a series must have rows, received none. Fetch it again.")
    if raw.stamps == "session" and (raw.timeframe != "1d" or index.tz is not None):
        raise DataError(
            f"{where}: stamps that are trade dates must be daily and without a zone, received "
            f"timeframe {raw.timeframe!r} and zone {index.tz!r}. Correct the source."
        )
    if raw.stamps != "session" and index.tz is None:
        raise DataError(
            f"{where}: stamps of moments must be in UTC, received {index[0]!r}. "
            "Declare the zone of the file."
        )


def _outside_message(raw: RawSeries, instrument: Instrument, lost: Flags) -> str:
    first = [str(stamp) for stamp in raw.frame.index[lost][:3]]
    return (
        f"{raw.symbol} ({raw.where}): every row must lie in a session of calendar "
        f"{instrument.calendar!r}; {int(lost.sum())} of {lost.size} do not, first {first}. Drop "
        f"them, correct the stamps' zone, or set instruments.{raw.symbol}.calendar "
        "('24/5' has every weekday)."
    )


@lru_cache(maxsize=64)
def _built(name: str, first_year: int, last_year: int) -> Schedule:
    hours = HOURS.get(name)
    if name in WEEKS:
        labels = pd.bdate_range(
            f"{first_year}-01-01", f"{last_year}-12-31", freq="C", weekmask=WEEKS[name]
        )
        timezone, open_ns = "UTC", moments_ns(labels)
        close_ns = open_ns + DAY_NS
    else:
        labels, open_ns, close_ns, timezone = _from_library(
            hours.base if hours else name, first_year, last_year
        )
    session = _dates(labels)
    if hours:
        # The base closes when the next session opens; what closes earlier is a holiday's close.
        early = close_ns < _local_ns(session, 17 * 60, timezone)
        regular = _local_ns(session, _in_force(hours.closes, session), timezone)
        open_ns = _local_ns(session, hours.opens, timezone)
        close_ns = np.where(early, np.minimum(close_ns, regular), regular)
    columns = (session, open_ns, close_ns, _left_in_month(session))
    for column in columns:
        column.flags.writeable = False
    return Schedule(name, timezone, *columns)


def _from_library(
    name: str, first_year: int, last_year: int
) -> tuple[pd.DatetimeIndex, Ints, Ints, str]:
    import exchange_calendars as xc

    if name not in xc.get_calendar_names():
        known = [*HOURS, *WEEKS, "XNYS", "24/5", "24/7"]
        raise SettingsError(
            f"calendar must be a name of exchange_calendars or one of {known}, received {name!r}. "
            "Correct the instrument's calendar."
        )
    try:
        with warnings.catch_warnings():
            # The library still uses pandas calls that pandas 3.1 deprecates; not ours to mend.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            calendar = xc.get_calendar(name, start=f"{first_year}-01-01", end=f"{last_year}-12-31")
    except ValueError as e:
        raise SettingsError(
            f"calendar {name!r} does not reach {first_year} to {last_year}: {e} Shorten the dates "
            "or choose another calendar."
        ) from e
    table = calendar.schedule
    opens, closes = (moments_ns(pd.DatetimeIndex(table[c])) for c in ("open", "close"))
    return pd.DatetimeIndex(table.index), opens, closes, str(calendar.tz)


def _in_force(history: tuple[tuple[int, int], ...], session: Ints) -> Ints:
    out = np.full(session.size, history[0][1], dtype=np.int64)
    for first, value in history[1:]:
        out[session >= first] = value
    return out


def _local_ns(session: Ints, minute: Ints | int, timezone: str) -> Ints:
    """Return the UTC moment of a local minute of each trade date."""
    midnight = pd.DatetimeIndex(pd.to_datetime(session.astype(str), format="%Y%m%d"))
    wall_ns = moments_ns(midnight) + minute * MINUTE_NS
    local = pd.DatetimeIndex(wall_ns.view("M8[ns]")).tz_localize(
        timezone, ambiguous=np.ones(session.size, dtype=np.bool_), nonexistent="shift_forward"
    )
    return moments_ns(local)


def _left_in_month(session: Ints) -> Ints:
    month = session // 100
    month_end = np.searchsorted(month, month, side="right")
    return month_end - 1 - np.arange(session.size)


def _dates(index: pd.DatetimeIndex) -> Ints:
    return np.asarray(index.year * 10_000 + index.month * 100 + index.day, dtype=np.int64)


def _date_of(moment_ns: int) -> int:
    return int(pd.Timestamp(moment_ns).strftime("%Y%m%d"))


def _minute_of_day(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)
