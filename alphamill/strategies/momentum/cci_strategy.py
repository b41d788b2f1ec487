"""13 CCIStrategy."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import cci
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, cci_length: int, cci_oversold: int, cci_overbought: int) -> Signals:
    index = cci(bars.high, bars.low, bars.close, cci_length)
    return both_sides(
        long=crosses_above(index, cci_oversold),
        short=crosses_below(index, -cci_oversold),
        leave_long=crosses_below(index, cci_overbought),
        leave_short=crosses_above(index, -cci_overbought),
    )


CCI_STRATEGY = Strategy(
    number=13,
    name="CCIStrategy",
    archetype="momentum",
    idea="A price that comes back from an unusual low has found its buyers.",
    rule=rule,
    space={
        "cci_length": Int(20, 2, 500, (14, 20, 30, 40), "bars of mean and mean deviation"),
        "cci_oversold": Int(
            -100, -500, 0, (-150, -100, -50), "enter on crossing up; shorts mirrored"
        ),
        "cci_overbought": Int(
            100, 0, 500, (50, 100, 150), "leave on crossing down; shorts mirrored"
        ),
    },
    warmup=lambda p: int(p["cci_length"]) + 1,
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=ordered("cci_oversold", "cci_overbought"),
)
