"""From values to pixels: linear scales, round ticks, dates, and series thinned to the eye."""

from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

import numpy as np

from alphamill.core.market import Floats, Ints

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Scale:
    """A straight line from [low, high] to pixels [start, stop]; stop may lie before start."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def many(self, values: Floats | Ints) -> Floats:
        """Return the pixels of an array of values."""
        return np.asarray(
            self.start + (values - self.low) / (self.high - self.low) * (self.stop - self.start),
            dtype=np.float64,
        )


def fitted(low: float, high: float, start: float, stop: float, margin: float = 0.05) -> Scale:
    """Return a scale with some air around [low, high], and a width even for a single value."""
    if not (isfinite(low) and isfinite(high)):
        low, high = 0.0, 1.0
    if high <= low:
        air = abs(low) * 0.05 or 1.0
        low, high = low - air, high + air
    air = (high - low) * margin
    return Scale(low - air, high + air, start, stop)


def round_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers within [low, high], steps of 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_ticks(-3.0, 11.0, 4)
    [0.0, 5.0, 10.0]
    >>> round_ticks(0.0, 0.9, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8]
    """
    if not high > low:
        return [low]
    raw = (high - low) / max(about, 1)
    power = 10.0 ** floor(log10(raw))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= raw * 0.999)
    first = ceil(low / step - 1e-9)
    last = floor(high / step + 1e-9)
    # Rounded, because 3 x 0.2 prints as 0.6000000000000001.
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


def days_of(sessions: Ints) -> Ints:
    """Return days since 1970 of trade dates yyyymmdd, shape (n,).

    Examples
    --------
    >>> days_of(np.array([19700102, 19710101])).tolist()
    [1, 365]
    """
    years, months, days = sessions // 10000, sessions // 100 % 100, sessions % 100
    month = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (months - 1)
    return (month.astype("datetime64[D]") + (days - 1)).astype(np.int64)


def date_ticks(first_day: int, last_day: int, at_most: int = 8) -> list[tuple[int, str]]:
    """Return (day since 1970, label) at round dates: days, months or years as the span asks.

    Examples
    --------
    >>> [label for _, label in date_ticks(0, 365 * 4, 5)]
    ['1970', '1971', '1972', '1973']
    """
    span = max(last_day - first_day, 1)
    if span > 60:
        steps = (1, 3, 6, 12, 24, 60, 120, 240, 600)
        fits = (months for months in steps if span / (30.44 * months) <= at_most)
        return _month_ticks(first_day, last_day, next(fits, 1200))
    step = next((days for days in (1, 2, 7, 14) if span / days <= at_most), 28)
    return [(day, _day_label(day)) for day in range(first_day, last_day + 1, step)]


def _month_ticks(first_day: int, last_day: int, step: int) -> list[tuple[int, str]]:
    start = np.array(first_day, dtype="datetime64[D]").astype("datetime64[M]").astype(int)
    stop = np.array(last_day, dtype="datetime64[D]").astype("datetime64[M]").astype(int)
    ticks = []
    for month in range(int(start), int(stop) + 1):
        day = int(np.array(month, dtype="datetime64[M]").astype("datetime64[D]").astype(int))
        if (month + 1970 * 12) % step == 0 and first_day <= day <= last_day:
            year, name = 1970 + month // 12, _MONTHS[month % 12]
            ticks.append((day, str(year) if month % 12 == 0 else name))
    return ticks


def _day_label(day: int) -> str:
    date = np.datetime64(day, "D").item()
    return f"{date.day} {_MONTHS[date.month - 1]}"


def bar_ticks(sessions: Ints, at_most: int = 8) -> list[tuple[int, str]]:
    """Return (bar, label): the first bar on or after each round date."""
    if not sessions.size:
        return []
    days = days_of(sessions)
    ticks = date_ticks(int(days[0]), int(days[-1]), at_most)
    return [(int(np.searchsorted(days, day)), label) for day, label in ticks]


def thin(values: Floats, n_columns: int) -> Ints:
    """Return the indices that draw the same picture: each column's lowest and highest point.

    The first and last points stay, and no extreme is lost; at most ``2 * n_columns + 2`` remain.
    """
    n = values.size
    if n <= 2 * n_columns:
        return np.arange(n)
    edges = np.linspace(0, n, n_columns + 1).astype(np.int64)
    kept = {0, n - 1}
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        part = values[start:stop]
        kept.update((int(start + part.argmin()), int(start + part.argmax())))
    return np.array(sorted(kept))


def drawdown(curve: Floats) -> Floats:
    """Return how far each point lies below the best so far (and below 0), as numbers <= 0."""
    if not curve.size:
        return curve
    return curve - np.maximum(np.maximum.accumulate(curve), 0.0)
