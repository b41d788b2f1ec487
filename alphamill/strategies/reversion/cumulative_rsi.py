"""64 CumulativeRSI."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import rsi
from alphamill.indicators.rolling import rolling_mean
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars, rsi_length: int, cum_bars: int, cum_oversold: int, rsi_overbought: int
) -> Signals:
    strength = rsi(bars.close, rsi_length)
    total = cum_bars * rolling_mean(strength, cum_bars)
    return both_sides(
        long=total < cum_oversold,
        short=total > 100 * cum_bars - cum_oversold,
        leave_long=strength > rsi_overbought,
        leave_short=strength < 100 - rsi_overbought,
    )


def warmup(params: Params) -> int:
    return 28 * int(params["rsi_length"]) + int(params["cum_bars"])


CUMULATIVE_RSI = Strategy(
    number=64,
    name="CumulativeRSI",
    archetype="mean reversion",
    idea="Weakness that lasts more than a bar has driven out more of the sellers.",
    rule=rule,
    space={
        "rsi_length": Int(2, 2, 100, (2, 3), "Wilder's length"),
        "cum_bars": Int(2, 2, 50, (2, 3), "bars whose indices are summed"),
        "cum_oversold": Int(25, 1, 50, (15, 25, 35), "enter below this sum; shorts mirrored"),
        "rsi_overbought": Int(60, 50, 99, (60, 65, 70), "leave above; shorts mirrored"),
    },
    warmup=warmup,
    sides="both",
    canonical=ordered("cum_oversold", "rsi_overbought"),
)
