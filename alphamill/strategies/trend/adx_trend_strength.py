"""9 ADXTrendStrength."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.directional import directional
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides


def rule(bars: Bars, adx_period: int, adx_threshold: float) -> Signals:
    plus, minus, adx = directional(bars.high, bars.low, bars.close, adx_period)
    return both_sides(
        long=(adx > adx_threshold) & crosses_above(plus, minus),
        short=(adx > adx_threshold) & crosses_below(plus, minus),
        leave_long=(adx < adx_threshold) | (plus < minus),
        leave_short=(adx < adx_threshold) | (plus > minus),
    )


ADX_TREND_STRENGTH = Strategy(
    number=9,
    name="ADXTrendStrength",
    archetype="trend",
    idea="A turn of direction pays only where there is a trend.",
    rule=rule,
    space={
        "adx_period": Int(14, 2, 100, (14, 21, 28), "Wilder's length of every average"),
        "adx_threshold": Float(25.0, 0.0, 100.0, (20.0, 25.0, 30.0), "least strength of the trend"),
    },
    # The index averages what was averaged before; then the change of direction, and its bar before.
    warmup=lambda p: 56 * int(p["adx_period"]) + 2,
    needs=frozenset({"ohlc"}),
    sides="both",
)
