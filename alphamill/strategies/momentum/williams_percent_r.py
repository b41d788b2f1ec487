"""12 WilliamsPercentR."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import williams_r
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, wr_length: int, wr_oversold: int, wr_overbought: int) -> Signals:
    place = williams_r(bars.high, bars.low, bars.close, wr_length)
    return both_sides(
        long=crosses_above(place, wr_oversold),
        short=crosses_below(place, -100 - wr_oversold),
        leave_long=crosses_below(place, wr_overbought),
        leave_short=crosses_above(place, -100 - wr_overbought),
    )


WILLIAMS_PERCENT_R = Strategy(
    number=12,
    name="WilliamsPercentR",
    archetype="momentum",
    idea="A close that lifts off the bottom of its range is bought on.",
    rule=rule,
    space={
        "wr_length": Int(14, 2, 500, (10, 14, 20, 28), "bars of the range, the present included"),
        "wr_oversold": Int(-80, -99, -50, (-90, -80, -70), "enter on crossing up; shorts mirrored"),
        "wr_overbought": Int(
            -20, -50, -1, (-30, -20, -10), "leave on crossing down; shorts mirrored"
        ),
    },
    warmup=lambda p: int(p["wr_length"]) + 1,
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=ordered("wr_oversold", "wr_overbought"),
)
