"""20 FibonacciRetracement, of a swing that ran from its low to its high (shorts: the reverse).

Tolerance and target are shares of the swing. As shares of the price, the registry's form (``unit``
"percent"), they are wider than most swings: every bar is at the level and beyond the target.
"""

from typing import NamedTuple

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Choice, Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import bars_since_max, rolling_max, rolling_mean, rolling_min
from alphamill.strategies.levels import exit_levels, unit_size
from alphamill.strategies.says import both_sides

SWING_BARS = 50
LEAST_OF_USUAL_SWING = 0.3
SHORT_OF_TARGET = 0.02


def rule(
    bars: Bars, fib_lookback: int, fib_level: float, fib_tolerance: float, unit: str
) -> Signals:
    bottom, top, size, rose, fell = last_swing(bars.high, bars.low, fib_lookback)
    whole = size if unit == "swing" else 100.0 * unit_size(bars, "percent")
    near, back = fib_tolerance * whole, fib_level * size
    dip, rally = top - back, bottom + back
    at_dip = (bars.low <= dip + near) & (bars.high >= dip - near)
    at_rally = (bars.low <= rally + near) & (bars.high >= rally - near)
    long = rose & at_dip & (bars.close > dip)
    short = fell & at_rally & (bars.close < rally)
    never = long & short
    levels = exit_levels(long, short, stops=(bottom, top), goals=targets(bottom, top, whole))
    return both_sides(long, short, never, never, *levels)


class Swing(NamedTuple):
    """Extremes of a window, and whether it is large and ran up, or down."""

    bottom: Floats
    top: Floats
    size: Floats
    rose: Flags
    fell: Flags


@memoised
def last_swing(high: Floats, low: Floats, n_bars: int) -> Swing:
    top, bottom = rolling_max(high, n_bars), rolling_min(low, n_bars)
    since_top, since_bottom = bars_since_max(high, n_bars), bars_since_max(-low, n_bars)
    size = top - bottom
    is_large = size > LEAST_OF_USUAL_SWING * rolling_mean(size, SWING_BARS)
    rose, fell = is_large & (since_bottom > since_top), is_large & (since_top > since_bottom)
    return Swing(bottom, top, size, rose, fell)


@memoised
def targets(bottom: Floats, top: Floats, whole: Floats) -> tuple[Floats, Floats]:
    return top - SHORT_OF_TARGET * whole, bottom + SHORT_OF_TARGET * whole


FIBONACCI_RETRACEMENT = Strategy(
    number=20,
    name="FibonacciRetracement",
    archetype="mean reversion",
    idea="A rise gives back a part of itself before it goes on.",
    rule=rule,
    space={
        "fib_lookback": Int(30, 2, 500, (20, 30, 50), "bars of the swing"),
        "fib_level": Float(0.5, 0.0, 1.0, (0.382, 0.5, 0.618), "share of the swing given back"),
        "fib_tolerance": Float(0.02, 0.0, 1.0, (0.01, 0.02, 0.03), "farthest from the level"),
        "unit": Choice("swing", ("swing", "percent"), (), "shares of the swing or of the price"),
    },
    warmup=lambda p: int(p["fib_lookback"]) + SWING_BARS - 1,
    needs=frozenset({"ohlc"}),
    sides="both",
)
