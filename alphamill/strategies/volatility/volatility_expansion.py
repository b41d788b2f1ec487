"""65 VolatilityExpansion."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import momentum
from alphamill.indicators.rolling import previous
from alphamill.indicators.volatility import atr
from alphamill.strategies.says import both_sides


def rule(bars: Bars, ve_length: int, ve_multiple: float) -> Signals:
    change = momentum(bars.close, 1)
    # Of the bars before: the move itself must not widen what it is measured by.
    usual = ve_multiple * previous(atr(bars.high, bars.low, bars.close, ve_length))
    rose, fell = change > usual, change < -usual
    return both_sides(long=rose, short=fell, leave_long=fell, leave_short=rose)


VOLATILITY_EXPANSION = Strategy(
    number=65,
    name="VolatilityExpansion",
    archetype="volatility",
    idea="A bar that moves further than bars usually range is the first of several.",
    rule=rule,
    space={
        "ve_length": Int(14, 1, 250, (7, 14, 21), "Wilder's length of the average true range"),
        "ve_multiple": Float(1.0, 0.1, 20.0, (0.75, 1.0, 1.5, 2.0), "least move in ranges"),
    },
    warmup=lambda p: 28 * int(p["ve_length"]) + 2,
    needs=frozenset({"ohlc"}),
    sides="both",
)
