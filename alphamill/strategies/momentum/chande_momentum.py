"""56 ChandeMomentum: the plain sums of Chande's oscillator, not Wilder's averages."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.oscillators import cmo
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, cmo_length: int, cmo_oversold: int, cmo_overbought: int) -> Signals:
    index = cmo(bars.close, cmo_length)
    return both_sides(
        long=crosses_above(index, cmo_oversold),
        short=crosses_below(index, -cmo_oversold),
        leave_long=crosses_below(index, cmo_overbought),
        leave_short=crosses_above(index, -cmo_overbought),
    )


CHANDE_MOMENTUM = Strategy(
    number=56,
    name="ChandeMomentum",
    archetype="momentum",
    idea="When falls no longer make up most of the movement, the fall has spent itself.",
    rule=rule,
    space={
        "cmo_length": Int(14, 2, 500, (7, 10, 14, 20), "bars whose changes are summed"),
        "cmo_oversold": Int(-50, -99, 0, (-60, -50, -40), "enter on crossing up; shorts mirrored"),
        "cmo_overbought": Int(50, 0, 99, (40, 50, 60), "leave on crossing down; shorts mirrored"),
    },
    # The first change needs the close before it, a crossing the bar before.
    warmup=lambda p: int(p["cmo_length"]) + 2,
    sides="both",
    canonical=ordered("cmo_oversold", "cmo_overbought"),
)
