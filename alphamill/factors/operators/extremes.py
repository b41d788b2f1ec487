"""Highest and lowest of windows, where they lie, and the rank of the newest; shapes as in `sums`.

A window with an unknown row is unknown. Of equal extremes the oldest is the one that counts.
"""

import numpy as np

from alphamill.core.market import Floats
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@jit
def window_max(x: Floats, n: int, first_row: int, place: bool, out: Floats) -> None:
    """Fill the maxima, or with ``place`` where they lie: 1 for the oldest row .. n, the newest."""
    n_rows, n_columns = x.shape
    best, row = np.full((n + 1, n_columns), np.nan), np.full((n + 1, n_columns), -1)
    best[n] = -np.inf
    start = -(first_row % n)
    while start < n_rows:
        top, top_row = np.full(n_columns, -np.inf), np.full(n_columns, -1)
        if start < 0:
            top[:] = np.nan
        for t in range(max(start, 0), min(start + n, n_rows)):
            at = t - start + 1
            for i in range(n_columns):
                value = x[t, i]
                # NaN once known stays: no comparison with it is true.
                if value > top[i] or np.isnan(value):
                    top[i], top_row[i] = value, t
                older = best[at, i] >= top[i] or np.isnan(best[at, i])
                highest = best[at, i] if older else top[i]
                found = row[at, i] if older else top_row[i]
                out[t, i] = found - t + n if place and not np.isnan(highest) else highest
        for at in range(min(n, n_rows - start) - 1, -1, -1):
            for i in range(n_columns):
                value = x[start + at, i] if start + at >= 0 else np.nan
                newer = best[at + 1, i] > value or np.isnan(best[at + 1, i])
                best[at, i] = best[at + 1, i] if newer else value
                row[at, i] = row[at + 1, i] if newer else start + at
        start += n


@jit
def window_rank(x: Floats, n: int, out: Floats) -> None:
    """Fill the average rank of the newest row in its window over n: above 0 up to 1."""
    n_rows, n_columns = x.shape
    for t in range(n_rows):
        if t < n - 1:
            out[t] = np.nan
            continue
        for i in range(n_columns):
            out[t, i] = 0.0
        for lag in range(1, n):
            for i in range(n_columns):
                then, now = x[t - lag, i], x[t, i]
                half = 0.5 if then == now else np.nan
                out[t, i] += 1.0 if then < now else (0.0 if then > now else half)
        for i in range(n_columns):
            unknown = np.isnan(x[t, i])
            out[t, i] = np.nan if unknown else (out[t, i] + 1.0) / n


@jit
def last_known(x: Floats, n: int, out: Floats) -> None:
    """Fill the newest known value among the last n rows."""
    n_rows, n_columns = x.shape
    age = np.full(n_columns, n)
    for t in range(n_rows):
        for i in range(n_columns):
            age[i] = age[i] + 1 if np.isnan(x[t, i]) else 0
            out[t, i] = np.nan if age[i] >= n else x[t - age[i], i]
