"""Cut a span of days into the four windows, as the default fractions would."""

from datetime import date, timedelta

from alphamill.core.errors import SettingsError
from alphamill.validation.splits import DEFAULT_WINDOWS, WINDOWS


def windows_between(first: date, last: date) -> dict[str, tuple[int, int]]:
    """Return the windows, in whole calendar quarters, that fill ``first`` to ``last``.

    Raises
    ------
    SettingsError
        When fewer quarters than windows lie whole between the two days.

    Examples
    --------
    >>> windows_between(date(2010, 1, 1), date(2019, 12, 31))["discovery"]
    (20100101, 20151231)
    """
    starts = [day for day in _quarter_starts(first, last) if _end_of_quarter(day) <= last]
    if len(starts) < len(WINDOWS):
        raise SettingsError(
            f"{first} to {last} must hold at least {len(WINDOWS)} whole calendar quarters, one for "
            f"each window, received {len(starts)}. Choose a longer span."
        )
    cuts = [0]
    share = 0.0
    for place, name in enumerate(WINDOWS[:-1], start=1):
        share += DEFAULT_WINDOWS[name]
        latest = len(starts) - len(WINDOWS) + place
        cuts.append(min(max(round(share * len(starts)), cuts[-1] + 1), latest))
    cuts.append(len(starts))
    return {
        name: (_trade_date(starts[cuts[k]]), _trade_date(_end_of_quarter(starts[cuts[k + 1] - 1])))
        for k, name in enumerate(WINDOWS)
    }


def _quarter_starts(first: date, last: date) -> list[date]:
    years = range(first.year, last.year + 1)
    days = [date(year, month, 1) for year in years for month in (1, 4, 7, 10)]
    return [day for day in days if first <= day <= last]


def _end_of_quarter(start: date) -> date:
    year, month = (start.year + 1, 1) if start.month == 10 else (start.year, start.month + 3)
    return date(year, month, 1) - timedelta(days=1)


def _trade_date(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
