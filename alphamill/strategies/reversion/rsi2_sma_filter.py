"""36 RSI2_SMAFilter."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import rsi
from alphamill.indicators.trend import sma
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars, rsi_length: int, rsi_oversold: int, rsi_overbought: int, sma_filter: int
) -> Signals:
    strength, trend = rsi(bars.close, rsi_length), sma(bars.close, sma_filter)
    long, short = pauses(bars.close, strength, trend, rsi_oversold)
    return both_sides(
        long,
        short,
        leave_long=strength > rsi_overbought,
        leave_short=strength < 100 - rsi_overbought,
    )


@memoised
def pauses(close: Floats, strength: Floats, trend: Floats, oversold: int) -> tuple[Flags, Flags]:
    """Return where a rising market is oversold, and where a falling one is overbought."""
    long = (strength < oversold) & (close > trend)
    short = (strength > 100 - oversold) & (close < trend)
    return long, short


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
