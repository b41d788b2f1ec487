"""15 PriceChannelBreakout."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.indicators.volatility import previous_donchian
from alphamill.strategies.says import both_sides


def rule(bars: Bars, channel_length: int, channel_breakout_pct: float) -> Signals:
    channel = previous_donchian(bars.high, bars.low, channel_length)
    beyond = channel_breakout_pct / 100.0 * (channel.upper - channel.lower)
    upper, lower = channel.upper + beyond, channel.lower - beyond
    return both_sides(
        # A crossing, not a level: one entry a breakout, not one for each bar of the trend.
        long=crosses_above(bars.close, upper),
        short=crosses_below(bars.close, lower),
        leave_long=bars.close < lower,
        leave_short=bars.close > upper,
    )


PRICE_CHANNEL_BREAKOUT = Strategy(
    number=15,
    name="PriceChannelBreakout",
    archetype="breakout",
    idea="A close outside the prices of the last weeks has left their balance.",
    rule=rule,
    space={
        "channel_length": Int(20, 1, 500, (15, 20, 25, 30), "bars of the channel, before this one"),
        "channel_breakout_pct": Float(
            0.0, 0.0, 100.0, (0.0, 0.25, 0.5), "percent of its width beyond"
        ),
    },
    warmup=lambda p: int(p["channel_length"]) + 2,
    needs=frozenset({"ohlc"}),
    sides="both",
)
