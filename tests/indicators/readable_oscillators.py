"""Readable twins of oscillators, one bar at a time, with nothing clever in them."""

import math
from collections.abc import Callable

import numpy as np

from alphamill.core.market import Floats

from .readable import (
    NAN,
    deviation,
    ema,
    ema_from_mean,
    mean,
    rank,
    rma,
    rsi,
    windowed,
)
from .readable_averages import weighted, wma


def changes(x: Floats, n_bars: int = 1) -> list[float]:
    return [NAN] * min(n_bars, x.size) + [
        float(x[t] - x[t - n_bars]) for t in range(n_bars, x.size)
    ]


def percent_changes(x: Floats, n_bars: int) -> Floats:
    later = [100.0 * float(x[t] / x[t - n_bars] - 1.0) for t in range(n_bars, x.size)]
    return np.array([NAN] * n_bars + later)


def sma(x: Floats, n_bars: int) -> Floats:
    return windowed(mean, x, n_bars)


def cmo(x: Floats, n_bars: int) -> Floats:
    def index(values: list[float]) -> float:
        moves = changes(np.array(values))[1:]
        walked = sum(abs(m) for m in moves)
        return 100.0 * sum(moves) / walked if walked > 0.0 else 0.0

    return windowed(index, x, n_bars + 1)


def connors_rsi(x: Floats, rsi_bars: int, streak_bars: int, rank_bars: int) -> Floats:
    run, runs = 0, []
    for move in changes(x):
        if move > 0.0:
            run = max(run, 0) + 1
        elif move < 0.0:
            run = min(run, 0) - 1
        else:
            run = 0
        runs.append(float(run))
    ranks = windowed(rank, percent_changes(x, 1), rank_bars + 1)
    ranks[: rank_bars + 1] = NAN
    return (rsi(x, rsi_bars) + rsi(np.array(runs), streak_bars) + ranks) / 3.0


def psychological_line(x: Floats, n_bars: int) -> Floats:
    def share(values: list[float]) -> float:
        moves = changes(np.array(values))[1:]
        return 100.0 * sum(m > 0.0 for m in moves) / n_bars

    return windowed(share, x, n_bars + 1)


def kst(x: Floats, change_bars: tuple[int, ...], mean_bars: tuple[int, ...]) -> Floats:
    first, second, third, fourth = (
        sma(percent_changes(x, change), n_bars)
        for change, n_bars in zip(change_bars, mean_bars, strict=True)
    )
    return first + 2.0 * second + 3.0 * third + 4.0 * fourth


def coppock(x: Floats, short_bars: int, long_bars: int, mean_bars: int) -> Floats:
    return wma(percent_changes(x, short_bars) + percent_changes(x, long_bars), mean_bars)


def twice(x: Floats, first_bars: int, second_bars: int) -> Floats:
    return ema_from_mean(ema_from_mean(x, first_bars), second_bars)


def shares(part: Floats, whole: Floats, otherwise: float) -> Floats:
    """Divide row by row; ``otherwise`` where the whole is 0."""
    return np.array(
        [float(a / b) if b != 0.0 else otherwise for a, b in zip(part, whole, strict=True)]
    )


def tsi(x: Floats, long_bars: int, short_bars: int) -> Floats:
    moves = np.array(changes(x))
    above, below = (twice(m, long_bars, short_bars) for m in (moves, abs(moves)))
    return 100.0 * shares(above, below, 0.0)


def relative_volatility(x: Floats, std_bars: int, mean_bars: int) -> Floats:
    spreads = windowed(lambda values: deviation(values, 0), x, std_bars)
    up, down = [], []
    for spread, move in zip(spreads, changes(x), strict=True):
        known = not math.isnan(spread)
        up.append(float(spread) if known and move > 0.0 else 0.0 if known else NAN)
        down.append(float(spread) if known and move < 0.0 else 0.0 if known else NAN)
    rising, falling = rma(np.array(up), mean_bars), rma(np.array(down), mean_bars)
    return 100.0 * shares(rising, rising + falling, 0.5)


def wavetrend(typical: Floats, channel_bars: int, average_bars: int) -> Floats:
    off = typical - ema(typical, channel_bars)
    return ema(shares(off, 0.015 * ema(abs(off), channel_bars), 0.0), average_bars)


def trix(x: Floats, n_bars: int) -> Floats:
    return percent_changes(ema_from_mean(twice(x, n_bars, n_bars), n_bars), 1)


def mass_index(high: Floats, low: Floats, n_bars: int, sum_bars: int) -> Floats:
    once = ema_from_mean(high - low, n_bars)
    return windowed(math.fsum, once / ema_from_mean(once, n_bars), sum_bars)


def place(x: Floats, low: Floats, high: Floats, n_bars: int, otherwise: float) -> Floats:
    """Return 0 to 1, ``otherwise`` where the window has no range."""
    bottom, top = windowed(min, low, n_bars), windowed(max, high, n_bars)
    return shares(x - bottom, top - bottom, otherwise)


def stc(x: Floats, fast_bars: int, slow_bars: int, cycle_bars: int) -> Floats:
    def smoothed(line: Floats) -> Floats:
        placed, before = [], 0.5
        for now in place(line, line, line, cycle_bars, math.inf):
            before = before if math.isinf(now) else float(now)
            placed.append(before)
            before = 0.5 if math.isnan(before) else before
        return ema_from_mean(100.0 * np.array(placed), 3)

    return smoothed(smoothed(ema_from_mean(x, fast_bars) - ema_from_mean(x, slow_bars)))


def laguerre_rsi(x: Floats, damping: float) -> Floats:
    old = [float(x[0])] * 4
    out = []
    for price in (float(v) for v in x):
        new = [(1.0 - damping) * price + damping * old[0]]
        for k in range(1, 4):
            new.append(-damping * new[k - 1] + old[k - 1] + damping * old[k])
        steps = [new[k] - new[k + 1] for k in range(3)]
        walked = sum(abs(s) for s in steps)
        rising = sum(s for s in steps if s > 0.0)
        out.append(100.0 * rising / walked if walked > 1e-10 else 50.0)
        old = new
    return np.array(out)


def premier_stochastic(
    high: Floats, low: Floats, close: Floats, k_bars: int, smooth_bars: int
) -> Floats:
    placed = place(close, low, high, k_bars, 0.5)
    grown = [math.exp(s) for s in twice(10.0 * (placed - 0.5), smooth_bars, smooth_bars)]
    return np.array([(g - 1.0) / (g + 1.0) for g in grown])


def stochastic_momentum(
    high: Floats, low: Floats, close: Floats, range_bars: int, long_bars: int, short_bars: int
) -> Floats:
    top, bottom = windowed(max, high, range_bars), windowed(min, low, range_bars)
    above = twice(close - (top + bottom) / 2.0, long_bars, short_bars)
    return 100.0 * shares(above, twice((top - bottom) / 2.0, long_bars, short_bars), 0.0)


def fisher(high: Floats, low: Floats, n_bars: int) -> Floats:
    middle = (high + low) / 2.0
    value, line, out = 0.0, 0.0, []
    for now in place(middle, middle, middle, n_bars, 0.5):
        if not math.isnan(now):
            value = 0.33 * 2.0 * (float(now) - 0.5) + 0.67 * value
            value = max(-0.999, min(0.999, value))
            line = math.atanh(value) + 0.5 * line
        out.append(NAN if math.isnan(now) else line)
    return np.array(out)


def ultimate(high: Floats, low: Floats, close: Floats, n_bars: tuple[int, int, int]) -> Floats:
    pressure, reach = [NAN], [NAN]
    for t in range(1, close.size):
        bottom = min(float(low[t]), float(close[t - 1]))
        pressure.append(float(close[t]) - bottom)
        reach.append(max(float(high[t]), float(close[t - 1])) - bottom)
    first, second, third = (
        shares(sma(np.array(pressure), n), sma(np.array(reach), n), NAN) for n in n_bars
    )
    return 100.0 * (4.0 * first + 2.0 * second + third) / 7.0


def vigor(open_: Floats, high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    kept, reach = (sma(weighted(x, [1, 2, 2, 1]), n_bars) for x in (close - open_, high - low))
    return shares(kept, reach, NAN)


def demarker(high: Floats, low: Floats, n_bars: int) -> Floats:
    def ground(x: Floats) -> Floats:
        return np.array([m if not m < 0.0 else 0.0 for m in changes(x)])

    above, below = sma(ground(high), n_bars), sma(ground(-low), n_bars)
    return shares(above, above + below, NAN)


def intraday_momentum(open_: Floats, close: Floats, n_bars: int) -> Floats:
    def total(counts: Callable[[float], bool]) -> Floats:
        bodies = [abs(b) if counts(b) else 0.0 for b in (close - open_).tolist()]
        return sma(np.array(bodies), n_bars)

    return 100.0 * shares(total(lambda b: b > 0.0), total(lambda b: True), NAN)
