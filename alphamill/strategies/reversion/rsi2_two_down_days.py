"""63 RSI2TwoDownDays."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import rsi
from alphamill.indicators.rolling import previous, streak
from alphamill.indicators.trend import sma
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars,
    rsi_length: int,
    rsi_oversold: int,
    rsi_overbought: int,
    ma_length: int,
    down_bars: int,
) -> Signals:
    strength, trend = rsi(bars.close, rsi_length), sma(bars.close, ma_length)
    fell = streak(bars.close < previous(bars.close)) >= down_bars
    rose = streak(bars.close > previous(bars.close)) >= down_bars
    return both_sides(
        long=(strength < rsi_oversold) & (bars.close > trend) & fell,
        short=(strength > 100 - rsi_oversold) & (bars.close < trend) & rose,
        leave_long=strength > rsi_overbought,
        leave_short=strength < 100 - rsi_overbought,
    )


def warmup(params: Params) -> int:
    strength = 28 * int(params["rsi_length"]) + 1
    return max(strength, int(params["ma_length"]), int(params["down_bars"]) + 1)


RSI2_TWO_DOWN_DAYS = Strategy(
    number=63,
    name="RSI2TwoDownDays",
    archetype="mean reversion",
    idea="In a rising market those who sell the second day of a fall sell to those who waited.",
    rule=rule,
    space={
        "rsi_length": Int(2, 2, 100, (), "Wilder's length"),
        "rsi_oversold": Int(10, 1, 50, (5, 10, 15), "enter below; short above 100 less this"),
        "rsi_overbought": Int(65, 50, 99, (60, 65, 70), "leave above; shorts mirrored"),
        "ma_length": Int(200, 1, 1000, (100, 200), "bars of the trend's average"),
        "down_bars": Int(2, 1, 50, (2, 3), "least lower closes in a row; shorts higher"),
    },
    warmup=warmup,
    sides="both",
    canonical=ordered("rsi_oversold", "rsi_overbought"),
)
