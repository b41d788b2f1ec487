"""What the calendar says of a bar: trade date, hour of the exchange, place in the month.

The trade date is the session's, so that a Sunday evening on Globex is Monday's; the hour is the
exchange's and respects daylight saving.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from alphamill.core.market import Bars, Floats, Ints
from alphamill.features.feature import LEGACY, Feature
from alphamill.features.measures import flagged
from alphamill.indicators.memo import memoised
from alphamill.indicators.session import session_starts, weekday_of_month

EARLY_IN_WEEK = 1
LATE_IN_WEEK = 3
HALF_MONTH = 15


class Dates(NamedTuple):
    """Parts of trade dates, columns of shape (n_bars,); Monday is 0, weeks are ISO's."""

    weekday: Ints
    day: Ints
    month: Ints
    week: Ints


@memoised
def dates(session: Ints) -> Dates:
    """Return the parts of trade dates (yyyymmdd).

    Examples
    --------
    >>> [part.tolist() for part in dates(np.array([20241231]))]
    [[1], [31], [12], [1]]
    """
    year, month, day = session // 10_000, session // 100 % 100, session % 100
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]").astype("datetime64[D]")
    date = first.astype(np.int64) + day - 1
    # 1 January 1970 was a Thursday, and an ISO week belongs to the year of its Thursday.
    weekday = (date + 3) % 7
    thursday = date - weekday + 3
    new_year = thursday.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]")
    week = (thursday - new_year.astype(np.int64)) // 7 + 1
    return Dates(weekday, day, month, week)


def _day_of_week(bars: Bars) -> Floats:
    return dates(bars.session).weekday.astype(np.float64)


def _hour(bars: Bars) -> Floats:
    return (bars.minute // 60).astype(np.float64)


def _cash_minute(bars: Bars) -> Floats:
    return bars.cash_minute.astype(np.float64)


def _day_of_month(bars: Bars) -> Floats:
    return dates(bars.session).day.astype(np.float64)


def _month(bars: Bars) -> Floats:
    return dates(bars.session).month.astype(np.float64)


def _week_of_year(bars: Bars) -> Floats:
    return dates(bars.session).week.astype(np.float64)


def _sessions_left(bars: Bars) -> Floats:
    return bars.sessions_left_in_month.astype(np.float64)


def _weekday_of_month(bars: Bars) -> Floats:
    return weekday_of_month(bars.session)


def _is_month_end(bars: Bars) -> Floats:
    return flagged(bars.sessions_left_in_month == 0)


def _is_quarter_end(bars: Bars) -> Floats:
    return flagged((bars.sessions_left_in_month == 0) & (dates(bars.session).month % 3 == 0))


def _is_month_start(bars: Bars) -> Floats:
    starts = session_starts(bars.session)
    month = bars.session // 100
    last = np.maximum.accumulate(np.where(starts, np.arange(starts.size), -1))
    known = last >= 0
    return flagged(known & (month != month[np.maximum(last - 1, 0)]), known)


def _is_early_in_week(bars: Bars) -> Floats:
    return flagged(dates(bars.session).weekday <= EARLY_IN_WEEK)


def _is_late_in_week(bars: Bars) -> Floats:
    return flagged(dates(bars.session).weekday >= LATE_IN_WEEK)


def _is_even_day(bars: Bars) -> Floats:
    return flagged(dates(bars.session).day % 2 == 0)


def _is_first_half(bars: Bars) -> Floats:
    return flagged(dates(bars.session).day <= HALF_MONTH)


row = partial(Feature, family="calendar")
CALENDAR = (
    row(name="day_of_week", meaning="of the trade date, Monday 0", function=_day_of_week),
    row(name="hour", meaning="exchange-local hour of the bar's open", function=_hour),
    row(
        name="cash_minute",
        meaning="minutes from the cash open to the bar's open",
        function=_cash_minute,
        source=LEGACY,
    ),
    row(name="day_of_month", meaning="of the trade date", function=_day_of_month),
    row(name="month", meaning="of the trade date", function=_month),
    row(name="week_of_year", meaning="ISO week of the trade date", function=_week_of_year),
    row(
        name="sessions_left_in_month",
        meaning="later sessions of the month, by the calendar",
        function=_sessions_left,
        source=LEGACY,
    ),
    row(
        name="weekday_of_month",
        meaning="place among the month's weekdays, from 1",
        function=_weekday_of_month,
        source=LEGACY,
    ),
    row(name="is_month_end", meaning="1 in the month's last session", function=_is_month_end),
    row(
        name="is_month_start",
        meaning="1 in the month's first session",
        function=_is_month_start,
        n_sessions=1,
    ),
    row(name="is_quarter_end", meaning="1 in the quarter's last session", function=_is_quarter_end),
    row(name="is_beginning_of_week", meaning="1 on Monday, Tuesday", function=_is_early_in_week),
    row(name="is_end_of_week", meaning="1 from Thursday on", function=_is_late_in_week),
    row(name="is_even_day", meaning="1 on even days of the month", function=_is_even_day),
    row(name="dom_first_half", meaning="1 up to the 15th", function=_is_first_half),
)
