"""21 RSI2_MeanReversion."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import rsi
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, rsi_length: int, rsi_oversold: int, rsi_overbought: int) -> Signals:
    strength = rsi(bars.close, rsi_length)
    return both_sides(
        long=strength < rsi_oversold,
        short=strength > 100 - rsi_oversold,
        leave_long=strength > rsi_overbought,
        leave_short=strength < 100 - rsi_overbought,
    )


RSI2_MEAN_REVERSION = Strategy(
    number=21,
    name="RSI2_MeanReversion",
    archetype="mean reversion",
    idea="A few bars of one-sided selling exhaust the sellers.",
    rule=rule,
    space={
        "rsi_length": Int(2, 2, 100, (2, 3, 4), "Wilder's length"),
        "rsi_oversold": Int(10, 1, 50, (5, 10, 15), "enter below; short above 100 less this"),
        "rsi_overbought": Int(65, 50, 99, (60, 65, 70, 75), "leave above; shorts mirrored"),
    },
    # 28 lengths of changes, and the close before the first of them.
    warmup=lambda p: 28 * int(p["rsi_length"]) + 1,
    sides="both",
    canonical=ordered("rsi_oversold", "rsi_overbought"),
)
