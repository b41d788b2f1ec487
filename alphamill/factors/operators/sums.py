"""Sums over windows of sessions, for all symbols at once, at a cost that no window makes longer.

The rows are cut into blocks as long as the window. A window then is the end of one block and the
beginning of the next: a sum from the back of the one, a sum from the front of the other (van Herk
1992, for maxima). Nothing is ever taken away again, as a running total does, so a price of long ago
leaves no trace in the last digits, a NaN leaves with its row, and a flat window is exactly flat.

Every function takes ``x`` of shape (n_dates, n_symbols) and fills ``out`` of that shape: NaN where
fewer than ``min_obs`` of the window's last ``n`` rows are known. ``first_row`` is the place of the
first row in the whole history; with it a part of the history gives the whole's own digits.
"""

import numpy as np

from alphamill.core.market import Floats
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@jit
def window_sum(x: Floats, n: int, min_obs: int, first_row: int, out: Floats) -> None:
    n_rows, n_columns = x.shape
    back, n_back = np.zeros((n + 1, n_columns)), np.zeros((n + 1, n_columns))
    start = -(first_row % n)
    while start < n_rows:
        front, n_front = np.zeros(n_columns), np.zeros(n_columns)
        for t in range(max(start, 0), min(start + n, n_rows)):
            at = t - start + 1
            for i in range(n_columns):
                known = not np.isnan(x[t, i])
                front[i] += x[t, i] if known else 0.0
                n_front[i] += 1.0 if known else 0.0
                enough = n_front[i] + n_back[at, i] >= min_obs
                out[t, i] = front[i] + back[at, i] if enough else np.nan
        for at in range(min(n, n_rows - start) - 1, -1, -1):
            for i in range(n_columns):
                known = start + at >= 0 and not np.isnan(x[start + at, i])
                back[at, i] = back[at + 1, i] + (x[start + at, i] if known else 0.0)
                n_back[at, i] = n_back[at + 1, i] + (1.0 if known else 0.0)
        start += n


@jit
def window_mean(x: Floats, n: int, min_obs: int, first_row: int, out: Floats) -> None:
    # Distances from each block's first known value are summed: small, and 0 where prices rest.
    n_rows, n_columns = x.shape
    back, n_back = np.zeros((n + 1, n_columns)), np.zeros((n + 1, n_columns))
    level, level_back = np.zeros(n_columns), np.zeros(n_columns)
    start = -(first_row % n)
    while start < n_rows:
        level_back[:] = level
        front, n_front = np.zeros(n_columns), np.zeros(n_columns)
        for t in range(max(start, 0), min(start + n, n_rows)):
            at = t - start + 1
            for i in range(n_columns):
                known = not np.isnan(x[t, i])
                level[i] = x[t, i] if known and n_front[i] == 0.0 else level[i]
                front[i] += x[t, i] - level[i] if known else 0.0
                n_front[i] += 1.0 if known else 0.0
                count = n_front[i] + n_back[at, i]
                moved = n_back[at, i] * (level_back[i] - level[i])
                total = front[i] + (back[at, i] + moved)
                out[t, i] = level[i] + total / max(count, 1.0) if count >= min_obs else np.nan
        for at in range(min(n, n_rows - start) - 1, -1, -1):
            for i in range(n_columns):
                known = start + at >= 0 and not np.isnan(x[start + at, i])
                off = x[start + at, i] - level[i] if known else 0.0
                back[at, i] = back[at + 1, i] + off
                n_back[at, i] = n_back[at + 1, i] + (1.0 if known else 0.0)
        start += n


@jit
def window_count(x: Floats, n: int, out: Floats) -> None:
    n_rows, n_columns = x.shape
    known = np.zeros(n_columns)
    for t in range(n_rows):
        for i in range(n_columns):
            known[i] += 0.0 if np.isnan(x[t, i]) else 1.0
            if t >= n:
                known[i] -= 0.0 if np.isnan(x[t - n, i]) else 1.0
            out[t, i] = known[i]


@jit
def window_product(x: Floats, n: int, first_row: int, out: Floats) -> None:
    n_rows, n_columns = x.shape
    back = np.ones((n + 1, n_columns))
    # Rows before the first one are not known.
    back[:n] = np.nan
    start = -(first_row % n)
    while start < n_rows:
        front = np.ones(n_columns)
        if start < 0:
            front[:] = np.nan
        for t in range(max(start, 0), min(start + n, n_rows)):
            for i in range(n_columns):
                front[i] *= x[t, i]
                out[t, i] = front[i] * back[t - start + 1, i]
        for at in range(min(n, n_rows - start) - 1, -1, -1):
            for i in range(n_columns):
                value = x[start + at, i] if start + at >= 0 else np.nan
                back[at, i] = back[at + 1, i] * value
        start += n


@jit
def window_decay(x: Floats, n: int, first_row: int, out: Floats) -> None:
    # Weights 1 .. n, the newest row n. Of the back part (m rows) the weights are 1 .. m, of the
    # front m + 1 .. n: its own 1, 2, .. and m times its plain sum.
    n_rows, n_columns = x.shape
    plain, weighed = np.full((n + 1, n_columns), np.nan), np.full((n + 1, n_columns), np.nan)
    plain[n] = 0.0
    weighed[n] = 0.0
    whole = n * (n + 1) / 2
    start = -(first_row % n)
    while start < n_rows:
        front, front_weighed = np.zeros(n_columns), np.zeros(n_columns)
        if start < 0:
            front[:] = np.nan
        for t in range(max(start, 0), min(start + n, n_rows)):
            at = t - start + 1
            m = n - at
            for i in range(n_columns):
                front[i] += x[t, i]
                front_weighed[i] += at * x[t, i]
                total = weighed[at, i] + (front_weighed[i] + m * front[i])
                out[t, i] = total / whole
        for at in range(min(n, n_rows - start) - 1, -1, -1):
            for i in range(n_columns):
                value = x[start + at, i] if start + at >= 0 else np.nan
                # One more row at the old end: the weight of each later one rises by 1.
                weighed[at, i] = (weighed[at + 1, i] + plain[at + 1, i]) + value
                plain[at, i] = plain[at + 1, i] + value
        start += n
