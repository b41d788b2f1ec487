"""Readable twins of averages, one bar at a time, with nothing clever in them."""

import math
from collections.abc import Sequence

import numpy as np

from alphamill.core.market import Floats

from .readable import NAN, ema_from_mean, mean, windowed


def weighted(x: Floats, weights: Sequence[float]) -> Floats:
    """Weigh the oldest value of each window by the first of ``weights``."""

    def average(values: list[float]) -> float:
        products = [w * v for w, v in zip(weights, values, strict=True)]
        return math.fsum(products) / math.fsum(weights)

    return windowed(average, x, len(weights))


def wma(x: Floats, n_bars: int) -> Floats:
    return weighted(x, list(range(1, n_bars + 1)))


def trima(x: Floats, n_bars: int) -> Floats:
    return windowed(mean, windowed(mean, x, n_bars // 2 + 1), (n_bars + 1) // 2)


def alma(x: Floats, n_bars: int, offset: float, sharpness: float) -> Floats:
    middle, spread = int(offset * (n_bars - 1)), n_bars / sharpness
    bell = [math.exp(-((i - middle) ** 2) / (2.0 * spread**2)) for i in range(n_bars)]
    return weighted(x, bell)


def hma(x: Floats, n_bars: int) -> Floats:
    return wma(2.0 * wma(x, n_bars // 2) - wma(x, n_bars), int(math.sqrt(n_bars)))


def vwma(x: Floats, volume: Floats, n_bars: int) -> Floats:
    out = [NAN] * x.size
    for t in range(n_bars - 1, x.size):
        rows = range(t - n_bars + 1, t + 1)
        traded = sum(float(volume[i]) for i in rows)
        if traded > 0.0:
            out[t] = sum(float(x[i] * volume[i]) for i in rows) / traded
    return np.array(out)


def chain(x: Floats, n_bars: int, n_averages: int) -> list[Floats]:
    """Return the average of ``x``, the average of that, and so on."""
    out = []
    for _ in range(n_averages):
        x = ema_from_mean(x, n_bars)
        out.append(x)
    return out


def dema(x: Floats, n_bars: int) -> Floats:
    once, twice = chain(x, n_bars, 2)
    return 2.0 * once - twice


def tema(x: Floats, n_bars: int) -> Floats:
    once, twice, thrice = chain(x, n_bars, 3)
    return 3.0 * once - 3.0 * twice + thrice


def t3(x: Floats, n_bars: int, v: float) -> Floats:
    # ((1 + v) e - v e e) three times over, multiplied out: only plain chains are then seeded.
    averages = chain(x, n_bars, 6)
    shares = [math.comb(3, k) * (1.0 + v) ** (3 - k) * (-v) ** k for k in range(4)]
    return sum((s * e for s, e in zip(shares, averages[2:], strict=True)), np.zeros(x.size))


def zlema(x: Floats, n_bars: int) -> Floats:
    lag = (n_bars - 1) // 2
    ahead = [NAN] * lag + [float(2.0 * x[t] - x[t - lag]) for t in range(lag, x.size)]
    return ema_from_mean(np.array(ahead), n_bars)


def vwema(x: Floats, volume: Floats, n_bars: int) -> Floats:
    weight = 2.0 / (n_bars + 1)
    paid, traded = float(x[0] * volume[0]), float(volume[0])
    out = [NAN] * x.size
    for t in range(x.size):
        if t > 0:
            paid = (1.0 - weight) * paid + weight * float(x[t] * volume[t])
            traded = (1.0 - weight) * traded + weight * float(volume[t])
        if t >= n_bars - 1 and traded > 0.0:
            out[t] = paid / traded
    return np.array(out)


def kama(x: Floats, n_bars: int, fast_bars: int, slow_bars: int) -> Floats:
    fast, slow = 2.0 / (fast_bars + 1), 2.0 / (slow_bars + 1)
    average = float(x[n_bars - 1])
    out = [NAN] * n_bars
    for t in range(n_bars, x.size):
        walked = sum(abs(float(x[i] - x[i - 1])) for i in range(t - n_bars + 1, t + 1))
        ratio = abs(float(x[t] - x[t - n_bars])) / walked if walked > 0.0 else 1.0
        share = (ratio * fast + (1.0 - ratio) * slow) ** 2
        average = share * float(x[t]) + (1.0 - share) * average
        out.append(average)
    return np.array(out)


def vidya(x: Floats, n_bars: int, momentum_bars: int) -> Floats:
    average = float(x[momentum_bars - 1])
    out = [NAN] * momentum_bars
    for t in range(momentum_bars, x.size):
        moves = [float(x[i] - x[i - 1]) for i in range(t - momentum_bars + 1, t + 1)]
        walked = sum(abs(m) for m in moves)
        share = 2.0 / (n_bars + 1) * (abs(sum(moves)) / walked if walked > 0.0 else 0.0)
        average = share * float(x[t]) + (1.0 - share) * average
        out.append(average)
    return np.array(out)


def frama(high: Floats, low: Floats, n_bars: int) -> Floats:
    half = n_bars // 2
    average = float(high[n_bars - 2] + low[n_bars - 2]) / 2.0
    out = [NAN] * (n_bars - 1)
    for t in range(n_bars - 1, high.size):
        later, earlier = slice(t - half + 1, t + 1), slice(t - n_bars + 1, t - half + 1)
        whole = slice(t - n_bars + 1, t + 1)
        n1, n2, n3 = (
            float(max(high[rows]) - min(low[rows])) / n_rows
            for rows, n_rows in ((later, half), (earlier, half), (whole, n_bars))
        )
        is_known = n1 + n2 > 0.0 and n3 > 0.0
        dimension = math.log((n1 + n2) / n3) / math.log(2.0) if is_known else 1.0
        share = min(max(math.exp(-4.6 * (dimension - 1.0)), 0.01), 1.0)
        average = share * float(high[t] + low[t]) / 2.0 + (1.0 - share) * average
        out.append(average)
    return np.array(out)


def mcginley(x: Floats, n_bars: int) -> Floats:
    average = mean([float(v) for v in x[:n_bars]])
    out = [NAN] * (n_bars - 1) + [average]
    for value in (float(v) for v in x[n_bars:]):
        average += (value - average) / (n_bars * (value / average) ** 4)
        out.append(average)
    return np.array(out)
