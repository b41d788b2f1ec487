"""16 TurtleTrading."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.indicators.volatility import previous_donchian
from alphamill.strategies.says import both_sides


def rule(bars: Bars, turtle_entry_length: int, turtle_exit_length: int) -> Signals:
    entry = previous_donchian(bars.high, bars.low, turtle_entry_length)
    # Of the bars before this one: a close never lies below its own low.
    way_out = previous_donchian(bars.high, bars.low, turtle_exit_length)
    return both_sides(
        long=crosses_above(bars.close, entry.upper),
        short=crosses_below(bars.close, entry.lower),
        leave_long=bars.close < way_out.lower,
        leave_short=bars.close > way_out.upper,
    )


TURTLE_TRADING = Strategy(
    number=16,
    name="TurtleTrading",
    archetype="trend",
    idea="New highs of a month begin the few trends that pay for all the rest.",
    rule=rule,
    space={
        "turtle_entry_length": Int(20, 1, 500, (20, 30, 40, 55), "bars whose extreme is broken"),
        "turtle_exit_length": Int(10, 1, 500, (10, 15, 20), "bars whose opposite extreme ends it"),
    },
    warmup=lambda p: max(int(p["turtle_entry_length"]) + 2, int(p["turtle_exit_length"]) + 1),
    needs=frozenset({"ohlc"}),
    sides="both",
)
