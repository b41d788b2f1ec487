"""20 FibonacciRetracement, of a swing that ran from its low to its high (shorts: the reverse).

Tolerance and target are shares of the swing. As shares of the price, the registry's form (``unit``
"percent"), they are wider than most swings: every bar is at the level and beyond the target.
"""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Choice, Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import bars_since_max, rolling_max, rolling_mean, rolling_min
from alphamill.strategies.levels import by_side, reached, sunk_to, unit_size
from alphamill.strategies.says import both_sides

SWING_BARS = 50
LEAST_OF_USUAL_SWING = 0.3
SHORT_OF_TARGET = 0.02


def rule(
    bars: Bars, fib_lookback: int, fib_level: float, fib_tolerance: float, unit: str
) -> Signals:
    top, bottom = rolling_max(bars.high, fib_lookback), rolling_min(bars.low, fib_lookback)
    since_top = bars_since_max(bars.high, fib_lookback)
    since_bottom = bars_since_max(-bars.low, fib_lookback)
    swing = top - bottom
    whole = swing if unit == "swing" else 100.0 * unit_size(bars, "percent")
    near, short_of = fib_tolerance * whole, SHORT_OF_TARGET * whole
    large = swing > LEAST_OF_USUAL_SWING * rolling_mean(swing, SWING_BARS)
    dip, rally = top - fib_level * swing, bottom + fib_level * swing
    at_dip = (bars.low <= dip + near) & (bars.high >= dip - near)
    at_rally = (bars.low <= rally + near) & (bars.high >= rally - near)
    long = large & (since_bottom > since_top) & at_dip & (bars.close > dip)
    short = large & (since_top > since_bottom) & at_rally & (bars.close < rally)
    never = long & short
    return both_sides(
        long,
        short,
        leave_long=never,
        leave_short=never,
        floor=by_side(long, short, bottom, sunk_to(bottom + short_of)),
        ceiling=by_side(long, short, reached(top - short_of), top),
    )


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
