"""Readable twins of directional, momentum and volume indicators, one bar at a time."""

import numpy as np

from alphamill.core.market import Floats

from .readable import NAN, mean, rma, true_range, windowed


def directional(high: Floats, low: Floats, close: Floats, n_bars: int) -> tuple[Floats, ...]:
    plus_moves, minus_moves = [NAN], [NAN]
    for t in range(1, close.size):
        rise, fall = float(high[t] - high[t - 1]), float(low[t - 1] - low[t])
        plus_moves.append(rise if rise > fall and rise > 0.0 else 0.0)
        minus_moves.append(fall if fall > rise and fall > 0.0 else 0.0)
    ranges = np.append(NAN, true_range(high, low, close)[1:])
    reach = rma(ranges, n_bars)
    plus = 100.0 * rma(np.array(plus_moves), n_bars) / reach
    minus = 100.0 * rma(np.array(minus_moves), n_bars) / reach
    return plus, minus, rma(100.0 * abs(plus - minus) / (plus + minus), n_bars)


def aroon(high: Floats, low: Floats, n_bars: int) -> tuple[Floats, Floats]:
    def age(values: list[float]) -> int:
        return min(i for i in range(n_bars + 1) if values[-1 - i] == max(values))

    up = windowed(lambda w: 100.0 * (n_bars - age(w)) / n_bars, high, n_bars + 1)
    down = windowed(lambda w: 100.0 * (n_bars - age(w)) / n_bars, -low, n_bars + 1)
    return up, down


def middle(high: Floats, low: Floats, n_bars: int) -> Floats:
    return 0.5 * (windowed(max, high, n_bars) + windowed(min, low, n_bars))


def cci(high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    def index(typical: list[float]) -> float:
        spread = mean([abs(v - mean(typical)) for v in typical])
        return 0.0 if max(typical) - min(typical) < 1e-9 else (typical[-1] - mean(typical)) / spread

    return windowed(index, (high + low + close) / 3.0, n_bars) / 0.015


def place(x: Floats, low: Floats, high: Floats, n_bars: int) -> Floats:
    bottom, top = windowed(min, low, n_bars), windowed(max, high, n_bars)
    rows = zip(x, bottom, top, strict=True)
    return np.array([(v - a) / (b - a) if b - a > 1e-9 else NAN for v, a, b in rows])


def money_flow(high: Floats, low: Floats, close: Floats, volume: Floats, n_bars: int) -> Floats:
    typical = [float(v) for v in (high + low + close) / 3.0]
    out = [NAN] * close.size
    for t in range(n_bars, close.size):
        rows = range(t - n_bars + 1, t + 1)
        moves = {i: round(typical[i] - typical[i - 1], 9) for i in rows}
        up = sum(typical[i] * volume[i] for i in rows if moves[i] > 0.0)
        down = sum(typical[i] * volume[i] for i in rows if moves[i] < 0.0)
        out[t] = 100.0 * up / (up + down) if up + down > 0.0 else NAN
    return np.array(out)


def closing_place(high: Floats, low: Floats, close: Floats) -> Floats:
    rows = zip(high, low, close, strict=True)
    return np.array([2.0 * (c - b) / (a - b) - 1.0 if a > b else 0.0 for a, b, c in rows])


def opening_range(
    high: Floats, low: Floats, session: list[int], minute: list[int], n_minutes: int
) -> list[tuple[float, float]]:
    out = []
    for t, (date, now) in enumerate(zip(session, minute, strict=True)):
        rows = [i for i in range(t) if session[i] == date and 0 <= minute[i] < n_minutes]
        known = now >= n_minutes and bool(rows)
        bounds = (min(low[i] for i in rows), max(high[i] for i in rows)) if known else (NAN, NAN)
        out.append(bounds)
    return out
