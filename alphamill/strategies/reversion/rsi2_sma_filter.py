"""36 RSI2_SMAFilter."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import rsi
from alphamill.indicators.trend import sma
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars, rsi_length: int, rsi_oversold: int, rsi_overbought: int, sma_filter: int
) -> Signals:
    strength, trend = rsi(bars.close, rsi_length), sma(bars.close, sma_filter)
    return both_sides(
        long=(strength < rsi_oversold) & (bars.close > trend),
        short=(strength > 100 - rsi_oversold) & (bars.close < trend),
        leave_long=strength > rsi_overbought,
        leave_short=strength < 100 - rsi_overbought,
    )


RSI2_SMA_FILTER = Strategy(
    number=36,
    name="RSI2_SMAFilter",
    archetype="mean reversion",
    idea="In a rising market a few bars of selling are a pause, not a turn.",
    rule=rule,
    space={
        "rsi_length": Int(2, 2, 100, (2, 3, 4), "Wilder's length"),
        "rsi_oversold": Int(5, 1, 50, (3, 5, 10), "enter below; short above 100 less this"),
        "rsi_overbought": Int(70, 50, 99, (65, 70, 75), "leave above; shorts mirrored"),
        "sma_filter": Int(200, 1, 1000, (150, 200, 250), "bars of the trend's average"),
    },
    warmup=lambda p: max(28 * int(p["rsi_length"]) + 1, int(p["sma_filter"])),
    sides="both",
    canonical=ordered("rsi_oversold", "rsi_overbought"),
)
