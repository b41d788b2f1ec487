"""What each symbol is among the members of its date; rows are dates.

``x`` has shape (n_dates, n_symbols) and is NaN for who is not a member or not known: such a symbol
has neither a rank nor any weight in the others' values.
"""

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@jit
def average_ranks(x: Floats, order: Ints, out: Floats) -> None:
    """Fill average ranks over their number: above 0 up to 1; equal values have equal ranks."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        known = 0
        while known < n_columns and not np.isnan(x[t, order[t, known]]):
            known += 1
        for place in range(known, n_columns):
            out[t, order[t, place]] = np.nan
        first = 0
        while first < known:
            value = x[t, order[t, first]]
            last = first
            while last + 1 < known and x[t, order[t, last + 1]] == value:
                last += 1
            share = (first + last + 2) / (2.0 * known)
            for place in range(first, last + 1):
                out[t, order[t, place]] = share
            first = last + 1


@jit
def centred(x: Floats, unit: bool, out: Floats) -> None:
    """Fill distances from the date's mean, with ``unit`` in population deviations of the date."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        n, mean, square = 0, 0.0, 0.0
        for i in range(n_columns):
            if not np.isnan(x[t, i]):
                n += 1
                off = x[t, i] - mean
                mean += off / n
                square += off * (x[t, i] - mean)
        size = np.sqrt(square / n) if n else np.nan
        for i in range(n_columns):
            off = x[t, i] - mean
            if unit:
                off = off / size if size > 0.0 else np.nan
            out[t, i] = off


@jit
def spread_out(x: Floats, to_total: float, out: Floats) -> None:
    """Fill ``x`` scaled so that the sizes of a date add up to ``to_total``."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        total = 0.0
        for i in range(n_columns):
            total += 0.0 if np.isnan(x[t, i]) else abs(x[t, i])
        for i in range(n_columns):
            out[t, i] = x[t, i] * (to_total / total) if total > 0.0 else np.nan


@jit
def date_mean(x: Floats, out: Floats) -> None:
    """Fill the date's mean for every symbol that has a value."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        n, total = 0, 0.0
        for i in range(n_columns):
            if not np.isnan(x[t, i]):
                n += 1
                total += x[t, i]
        for i in range(n_columns):
            out[t, i] = np.nan if np.isnan(x[t, i]) else total / n


@jit
def clipped(x: Floats, ascending: Floats, low: float, high: float, out: Floats) -> None:
    """Fill ``x`` cut at the date's own quantiles (linear between order statistics)."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        known = n_columns
        while known and np.isnan(ascending[t, known - 1]):
            known -= 1
        if not known:
            out[t] = np.nan
            continue
        least = _quantile(ascending[t, :known], low)
        most = _quantile(ascending[t, :known], high)
        for i in range(n_columns):
            out[t, i] = min(max(x[t, i], least), most) if not np.isnan(x[t, i]) else np.nan


@jit
def _quantile(ascending: Floats, q: float) -> float:
    place = q * (ascending.size - 1)
    below = int(place)
    above = min(below + 1, ascending.size - 1)
    value: float = ascending[below] + (place - below) * (ascending[above] - ascending[below])
    return value


@jit
def group_centred(x: Floats, group: Floats, n_groups: int, out: Floats) -> None:
    """Fill distances from the mean of the symbol's group (whole numbers from 0) at its date."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        n, total = np.zeros(n_groups), np.zeros(n_groups)
        for i in range(n_columns):
            if not (np.isnan(x[t, i]) or np.isnan(group[t, i])):
                n[int(group[t, i])] += 1
                total[int(group[t, i])] += x[t, i]
        for i in range(n_columns):
            out[t, i] = np.nan
            if not (np.isnan(x[t, i]) or np.isnan(group[t, i])):
                which = int(group[t, i])
                out[t, i] = x[t, i] - total[which] / n[which]


@jit
def residuals(x: Floats, y: Floats, out: Floats) -> None:
    """Fill what a date's line through (y, x) leaves of x; alone the mean goes where y is flat."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        n, mean_x, mean_y, yy, xy = 0, 0.0, 0.0, 0.0, 0.0
        for i in range(n_columns):
            if not (np.isnan(x[t, i]) or np.isnan(y[t, i])):
                n += 1
                off_x, off_y = x[t, i] - mean_x, y[t, i] - mean_y
                mean_x += off_x / n
                mean_y += off_y / n
                yy += off_y * (y[t, i] - mean_y)
                xy += off_y * (x[t, i] - mean_x)
        slope = xy / yy if yy > 0.0 else 0.0
        for i in range(n_columns):
            out[t, i] = (x[t, i] - mean_x) - slope * (y[t, i] - mean_y)
