"""Readable twins of the session measures: one bar at a time, with what is known so far."""

import math
from collections.abc import Sequence

NAN = math.nan


def parts(session: Sequence[int]) -> list[list[int]]:
    """Return the bars of each session."""
    out: list[list[int]] = []
    for t, date in enumerate(session):
        if t and date == session[t - 1]:
            out[-1].append(t)
        else:
            out.append([t])
    return out


def bars_into_session(session: Sequence[int]) -> list[float]:
    return [
        NAN if n == 0 else float(bars.index(t))
        for n, bars in enumerate(parts(session))
        for t in bars
    ]


def bars_into_cash(session: Sequence[int], cash_minute: Sequence[int]) -> list[float]:
    out = []
    for n, bars in enumerate(parts(session)):
        opened = [t for t in bars if cash_minute[t] >= 0]
        out += [float(opened.index(t)) if n and t in opened else NAN for t in bars]
    return out


def session_open(session: Sequence[int], open_: Sequence[float]) -> list[float]:
    return [
        NAN if n == 0 else float(open_[bars[0]])
        for n, bars in enumerate(parts(session))
        for _ in bars
    ]


def prior_session(
    session: Sequence[int], high: Sequence[float], low: Sequence[float], close: Sequence[float]
) -> list[list[float]]:
    columns: list[list[float]] = [[], [], []]
    before: list[int] = []
    for bars in parts(session):
        known = [NAN] * 3
        if before:
            known = [max(high[t] for t in before), min(low[t] for t in before), close[before[-1]]]
        for column, value in zip(columns, known, strict=True):
            column += [float(value)] * len(bars)
        before = bars
    return columns


def session_extremes(
    session: Sequence[int], high: Sequence[float], low: Sequence[float]
) -> list[list[float]]:
    highs, lows = [], []
    for n, bars in enumerate(parts(session)):
        for t in bars:
            so_far = [u for u in bars if u <= t]
            highs.append(float(max(high[u] for u in so_far)) if n else NAN)
            lows.append(float(min(low[u] for u in so_far)) if n else NAN)
    return [highs, lows]


def session_vwap(
    session: Sequence[int], price: Sequence[float], volume: Sequence[float]
) -> list[float]:
    out = []
    for n, bars in enumerate(parts(session)):
        for t in bars:
            so_far = [u for u in bars if u <= t]
            units = sum(volume[u] for u in so_far)
            money = sum(price[u] * volume[u] for u in so_far)
            out.append(money / units if n and units > 0 else NAN)
    return out
