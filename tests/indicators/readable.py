"""Readable twins: what each indicator says, one bar at a time, with nothing clever in it."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from alphamill.core.market import Floats

NAN = math.nan


def windowed(function: Callable[[list[float]], float], x: Floats, n_bars: int) -> Floats:
    """Apply ``function`` to the last ``n_bars`` values of each row that has as many."""
    values = [float(v) for v in x]
    rows = range(len(values))
    return np.array(
        [NAN if t + 1 < n_bars else function(values[t + 1 - n_bars : t + 1]) for t in rows]
    )


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float], ddof: int) -> float:
    middle = mean(values)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (len(values) - ddof))


def rank(values: Sequence[float]) -> float:
    *others, present = values
    return 100.0 * sum(v < present for v in others) / len(others)


def lag_of_max(values: Sequence[float]) -> float:
    return float(min(lag for lag, v in enumerate(reversed(values)) if v == max(values)))


def recursion(x: Floats, weight: float, n_seed: int, n_silent: int) -> Floats:
    """Average exponentially from the mean of the first ``n_seed`` known values."""
    out = [NAN] * x.size
    known: list[float] = []
    average = NAN
    for t, value in enumerate(float(v) for v in x):
        if math.isnan(value):
            continue
        known.append(value)
        if len(known) == n_seed:
            average = mean(known)
        elif len(known) > n_seed:
            average = weight * value + (1.0 - weight) * average
        if len(known) >= max(n_seed, n_silent):
            out[t] = average
    return np.array(out)


def ema(x: Floats, n_bars: int) -> Floats:
    return recursion(x, 2.0 / (n_bars + 1), n_seed=1, n_silent=n_bars)


def ema_from_mean(x: Floats, n_bars: int) -> Floats:
    return recursion(x, 2.0 / (n_bars + 1), n_seed=n_bars, n_silent=n_bars)


def rma(x: Floats, n_bars: int) -> Floats:
    return recursion(x, 1.0 / n_bars, n_seed=n_bars, n_silent=n_bars)


def rsi(x: Floats, n_bars: int) -> Floats:
    changes = [NAN] + [float(b - a) for a, b in zip(x[:-1], x[1:], strict=True)]
    gains = rma(np.array([c if not c < 0 else 0.0 for c in changes]), n_bars)
    losses = rma(np.array([-c if not c > 0 else 0.0 for c in changes]), n_bars)
    return np.array([strength(up, down) for up, down in zip(gains, losses, strict=True)])


def strength(up: float, down: float) -> float:
    if math.isnan(up):
        return NAN
    if down == 0.0:
        return 100.0 if up > 0.0 else 50.0
    return 100.0 - 100.0 / (1.0 + up / down)


def true_range(high: Floats, low: Floats, close: Floats) -> Floats:
    out = []
    for t in range(close.size):
        reach = [high[t] - low[t]]
        if t:
            reach += [abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1])]
        out.append(float(max(reach)))
    return np.array(out)


def engulfing(open_: Floats, close: Floats) -> list[int]:
    out = [0] * close.size
    for t in range(1, close.size):
        bottom, top = sorted((open_[t], close[t]))
        bottom_before, top_before = sorted((open_[t - 1], close[t - 1]))
        colour = int(np.sign(close[t] - open_[t]))
        opposite = colour == -int(np.sign(close[t - 1] - open_[t - 1])) != 0
        if opposite and bottom <= bottom_before and top >= top_before:
            out[t] = colour
    return out


def streak(flags: Sequence[bool]) -> list[int]:
    out: list[int] = []
    for flag in flags:
        out.append((out[-1] if out else 0) + 1 if flag else 0)
    return out
