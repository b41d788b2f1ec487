"""The three strategies of the triangle as columns, and bars every engine can read."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alphamill.core.market import Bars, Floats, Ints, Signals


class Rule(NamedTuple):
    signals: Callable[[Bars], Signals]
    levels: str


def bars_of(symbol: str, timeframe: str, close_ns: Ints, prices: Floats) -> Bars:
    """Return bars of (open, high, low, close) rows; no strategy here reads session or volume."""
    count = np.arange(close_ns.size)
    return Bars(
        symbol,
        timeframe,
        close_ns,
        *prices,
        volume=np.full(count.size, np.nan),
        session=count,
        session_end=np.zeros(count.size, dtype=np.bool_),
        minute=count,
        cash_minute=count,
        sessions_left_in_month=count,
        raw_close=prices[3],
    )


def sma_cross(bars: Bars) -> Signals:
    """Long or short, always in after the first crossing: SMA 10 against SMA 30."""
    above = rolled(np.mean, bars.close, 10) > rolled(np.mean, bars.close, 30)
    known = np.arange(len(bars)) >= 30
    up = known & above & ~np.append(False, above[:-1])
    down = known & ~above & np.append(False, above[:-1])
    return Signals((up.astype(np.int8) - down).astype(np.int8), down, up)


def rsi2_reversion(bars: Bars) -> Signals:
    """Fade RSI(2) beyond 10 and 90 out past 50; stop 2 ATR and target 1.5 ATR from the close."""
    change = np.append(np.nan, np.diff(bars.close))
    gain = rolled(np.mean, np.where(change > 0, change, 0.0), 2)
    loss = rolled(np.mean, np.where(change < 0, -change, 0.0), 2)
    rsi = 100.0 * gain / np.where(gain + loss > 0, gain + loss, np.nan)
    previous = np.append(np.nan, bars.close[:-1])
    true_range = np.fmax(bars.high, previous) - np.fmin(bars.low, previous)
    atr = rolled(np.mean, true_range, 14)
    enter = np.where(rsi < 10, 1, np.where(rsi > 90, -1, 0)) * ~np.isnan(atr)
    stop = bars.close - 2.0 * enter * atr
    target = bars.close + 1.5 * enter * atr
    return Signals(
        enter.astype(np.int8),
        rsi > 50,
        rsi < 50,
        np.where(enter > 0, stop, np.where(enter < 0, target, np.nan)),
        np.where(enter > 0, target, np.where(enter < 0, stop, np.nan)),
    )


def channel_breakout(bars: Bars) -> Signals:
    """Long above the highest high of the 20 bars before, out below the lowest low of 10."""
    highest = np.append(np.nan, rolled(np.max, bars.high, 20)[:-1])
    lowest = np.append(np.nan, rolled(np.min, bars.low, 10)[:-1])
    enter = (bars.close > highest).astype(np.int8)
    return Signals(enter, bars.close < lowest, np.zeros(len(bars), dtype=np.bool_))


def rolled(what: Callable[..., Floats], values: Floats, n_bars: int) -> Floats:
    windows = np.lib.stride_tricks.sliding_window_view(values, n_bars)
    return np.append(np.full(n_bars - 1, np.nan), what(windows, axis=1))


RULES = {
    "sma_cross": Rule(sma_cross, "close"),
    "rsi2_reversion": Rule(rsi2_reversion, "touch"),
    "channel_breakout": Rule(channel_breakout, "close"),
}
