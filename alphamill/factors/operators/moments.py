"""Deviations and joint moments over windows: blocks as in `sums`, merged about their own means.

Two parts of a window are merged by the formula of Chan, Golub and LeVeque (1983), "Algorithms for
computing the sample variance", equations 2.1: no square of a whole price is ever summed, and a flat
window has a deviation of exactly 0. Shapes, ``min_obs`` and ``first_row`` as in `sums`; of pairs
only the rows count in which both are known.
"""

import numpy as np

from alphamill.core.market import Floats
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

COVARIANCE, CORRELATION, SLOPE = 0, 1, 2


@jit
def window_variance(x: Floats, n: int, min_obs: int, first_row: int, out: Floats) -> None:
    n_rows, n_columns = x.shape
    count, mean, square = (
        np.zeros((n + 1, n_columns)),
        np.zeros((n + 1, n_columns)),
        np.zeros((n + 1, n_columns)),
    )
    start = -(first_row % n)
    while start < n_rows:
        c, m, s = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns)
        for t in range(max(start, 0), min(start + n, n_rows)):
            at = t - start + 1
            for i in range(n_columns):
                known = not np.isnan(x[t, i])
                c[i] += 1.0 if known else 0.0
                off = x[t, i] - m[i] if known else 0.0
                step = off / max(c[i], 1.0)
                m[i] += step
                s[i] += off * (off - step)
                both = c[i] + count[at, i]
                apart = m[i] - mean[at, i]
                between = apart * apart * (c[i] * count[at, i] / max(both, 1.0))
                enough = both >= min_obs
                out[t, i] = (s[i] + square[at, i] + between) / (both - 1.0) if enough else np.nan
        for at in range(min(n, n_rows - start) - 1, -1, -1):
            for i in range(n_columns):
                known = start + at >= 0 and not np.isnan(x[start + at, i])
                c_now = count[at + 1, i] + (1.0 if known else 0.0)
                off = x[start + at, i] - mean[at + 1, i] if known else 0.0
                step = off / max(c_now, 1.0)
                count[at, i] = c_now
                mean[at, i] = mean[at + 1, i] + step
                square[at, i] = square[at + 1, i] + off * (off - step)
        start += n


@jit
def window_pairs(
    x: Floats, y: Floats, n: int, min_obs: int, first_row: int, kind: int, out: Floats
) -> None:
    # Moments of a part: 0 count, 1 mean of x, 2 mean of y, 3 xx, 4 yy, 5 xy about the means.
    n_rows, n_columns = x.shape
    back = np.zeros((n + 1, 6, n_columns))
    start = -(first_row % n)
    while start < n_rows:
        front = np.zeros((6, n_columns))
        for t in range(max(start, 0), min(start + n, n_rows)):
            _add_row(front, x[t], y[t])
            _tell(front, back[t - start + 1], min_obs, kind, out[t])
        for at in range(min(n, n_rows - start) - 1, -1, -1):
            back[at] = back[at + 1]
            if start + at >= 0:
                _add_row(back[at], x[start + at], y[start + at])
        start += n


@jit
def _add_row(part: Floats, x: Floats, y: Floats) -> None:
    for i in range(x.size):
        known = not (np.isnan(x[i]) or np.isnan(y[i]))
        part[0, i] += 1.0 if known else 0.0
        share = 1.0 / max(part[0, i], 1.0)
        off_x = x[i] - part[1, i] if known else 0.0
        off_y = y[i] - part[2, i] if known else 0.0
        part[1, i] += off_x * share
        part[2, i] += off_y * share
        part[3, i] += off_x * (off_x - off_x * share)
        part[4, i] += off_y * (off_y - off_y * share)
        part[5, i] += off_x * (off_y - off_y * share)


@jit
def _tell(a: Floats, b: Floats, min_obs: int, kind: int, out: Floats) -> None:
    for i in range(out.size):
        n = a[0, i] + b[0, i]
        weight = a[0, i] * b[0, i] / max(n, 1.0)
        apart_x, apart_y = a[1, i] - b[1, i], a[2, i] - b[2, i]
        xx = a[3, i] + b[3, i] + apart_x * apart_x * weight
        yy = a[4, i] + b[4, i] + apart_y * apart_y * weight
        xy = a[5, i] + b[5, i] + apart_x * apart_y * weight
        value = np.nan
        if n >= min_obs:
            if kind == COVARIANCE:
                value = xy / (n - 1.0)
            elif kind == SLOPE and yy > 0.0:
                value = xy / yy
            elif kind == CORRELATION and xx > 0.0 and yy > 0.0:
                value = min(max(xy / np.sqrt(xx * yy), -1.0), 1.0)
        out[i] = value
