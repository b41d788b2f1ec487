"""57 ConnorsRSI."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.oscillators import connors_rsi
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered
from alphamill.strategies.units import traded

# A streak that began before the first bar of a window is counted wrong until it ends.
LONGEST_STREAK_BARS = 30


def rule(
    bars: Bars,
    crsi_length: int,
    crsi_streak: int,
    crsi_rank: int,
    crsi_oversold: int,
    crsi_overbought: int,
) -> Signals:
    base = traded(bars, bars.close)
    index = connors_rsi(bars.close, crsi_length, crsi_streak, crsi_rank, base)
    return both_sides(
        long=index < crsi_oversold,
        short=index > 100 - crsi_oversold,
        leave_long=index > crsi_overbought,
        leave_short=index < 100 - crsi_overbought,
    )


def warmup(params: Params) -> int:
    # Changes of the price, and of the streak, need the value before the first of them.
    strength = 28 * int(params["crsi_length"]) + 1
    streak = 28 * int(params["crsi_streak"]) + 1 + LONGEST_STREAK_BARS
    return max(strength, streak, int(params["crsi_rank"]) + 2)


CONNORS_RSI = Strategy(
    number=57,
    name="ConnorsRSI",
    archetype="mean reversion",
    idea="A fall that is fast, long and unusually large at once overshoots.",
    rule=rule,
    space={
        "crsi_length": Int(3, 2, 100, (2, 3, 4), "Wilder's length for the price"),
        "crsi_streak": Int(2, 2, 100, (), "Wilder's length for its bars in a row"),
        "crsi_rank": Int(100, 2, 500, (50, 100), "returns that the present one is ranked among"),
        "crsi_oversold": Int(10, 1, 50, (5, 10, 15), "enter below; short above 100 less this"),
        "crsi_overbought": Int(75, 50, 99, (65, 70, 75), "leave above; shorts mirrored"),
    },
    warmup=warmup,
    sides="both",
    canonical=ordered("crsi_oversold", "crsi_overbought"),
)
