"""31 PivotPointReversal: pivots of the session before."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Choice, Float
from alphamill.core.strategy import Strategy
from alphamill.indicators.session import LONGEST_SESSION_BARS, prior_session
from alphamill.strategies.levels import by_side, unit_size
from alphamill.strategies.says import both_sides


def rule(bars: Bars, pp_level: str, pp_tolerance: float) -> Signals:
    prior = prior_session(bars.session, bars.high, bars.low, bars.close)
    pivot = (prior.high + prior.low + prior.close) / 3.0
    near_the_pivot = pp_level == "S1"
    support = 2 * pivot - prior.high if near_the_pivot else pivot - (prior.high - prior.low)
    resistance = 2 * pivot - prior.low if near_the_pivot else pivot + (prior.high - prior.low)
    near = pp_tolerance * 100.0 * unit_size(bars, "percent")
    long = (bars.low <= support + near) & (bars.close > support) & (bars.close < pivot)
    short = (bars.high >= resistance - near) & (bars.close < resistance) & (bars.close > pivot)
    never = long & short
    return both_sides(
        long,
        short,
        leave_long=bars.close >= pivot,
        leave_short=bars.close <= pivot,
        floor=by_side(long, never, support, support),
        ceiling=by_side(never, short, resistance, resistance),
    )


PIVOT_POINT_REVERSAL = Strategy(
    number=31,
    name="PivotPointReversal",
    archetype="mean reversion",
    idea="Levels that everyone computes from yesterday are where orders wait.",
    rule=rule,
    space={
        "pp_level": Choice("S1", ("S1", "S2"), ("S1", "S2"), "first or second; shorts R1 or R2"),
        "pp_tolerance": Float(
            0.002, 0.0, 0.1, (0.001, 0.002, 0.003), "farthest touch, share of the price"
        ),
    },
    # All of the session before, seen from the last bar of this one.
    warmup=lambda _: 2 * LONGEST_SESSION_BARS,
    needs=frozenset({"ohlc"}),
    sides="both",
)
