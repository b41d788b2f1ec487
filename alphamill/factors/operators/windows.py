"""What a symbol's own last rows say: facades that allocate and call the compiled loops."""

import numpy as np

from alphamill.core.market import Floats
from alphamill.factors.operators import extremes, moments, sums
from alphamill.indicators.rolling import column


def delay(x: Floats, n: int, first_row: int = 0) -> Floats:
    if n == 0:
        return x
    out = np.empty(x.shape)
    out[:n] = np.nan
    out[n:] = x[:-n]
    return out


def delta(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    out[:n] = np.nan
    np.subtract(x[n:], x[:-n], out=out[n:])
    return out


def ts_sum(x: Floats, n: int, min_obs: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    sums.window_sum(column(x), n, min_obs, first_row, out)
    return out


def ts_mean(x: Floats, n: int, min_obs: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    sums.window_mean(column(x), n, min_obs, first_row, out)
    return out


def ts_std(x: Floats, n: int, min_obs: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    moments.window_variance(column(x), n, min_obs, first_row, out)
    return np.sqrt(out, out=out)


def ts_count(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    sums.window_count(column(x), n, out)
    return out


def ts_product(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    sums.window_product(column(x), n, first_row, out)
    return out


def decay_linear(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    sums.window_decay(column(x), n, first_row, out)
    return out


def ts_max(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    extremes.window_max(column(x), n, first_row, False, out)
    return out


def ts_min(x: Floats, n: int, first_row: int = 0) -> Floats:
    return -ts_max(-x, n, first_row)


def ts_argmax(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    extremes.window_max(column(x), n, first_row, True, out)
    return out


def ts_argmin(x: Floats, n: int, first_row: int = 0) -> Floats:
    return ts_argmax(-x, n, first_row)


def ts_rank(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    extremes.window_rank(column(x), n, out)
    return out


def ts_last(x: Floats, n: int, first_row: int = 0) -> Floats:
    out = np.empty(x.shape)
    extremes.last_known(column(x), n, out)
    return out


def covariance(x: Floats, y: Floats, n: int, min_obs: int, first_row: int = 0) -> Floats:
    return _pairs(x, y, n, min_obs, first_row, moments.COVARIANCE)


def correlation(x: Floats, y: Floats, n: int, min_obs: int, first_row: int = 0) -> Floats:
    return _pairs(x, y, n, min_obs, first_row, moments.CORRELATION)


def ts_slope(x: Floats, n: int, min_obs: int, first_row: int = 0) -> Floats:
    rows = np.arange(first_row, first_row + x.shape[0], dtype=np.float64)
    time = np.ascontiguousarray(np.broadcast_to(rows[:, None], x.shape))
    return _pairs(x, time, n, min_obs, first_row, moments.SLOPE)


def _pairs(x: Floats, y: Floats, n: int, min_obs: int, first_row: int, kind: int) -> Floats:
    out = np.empty(x.shape)
    moments.window_pairs(column(x), column(y), n, min_obs, first_row, kind, out)
    return out
