"""26 InsideBarBreakout."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, UNIT, traded, usual_range


def rule(bars: Bars, ib_min_inside_bars: int, ib_breakout_pct: float, unit: str) -> Signals:
    inside = (bars.high < previous(bars.high)) & (bars.low > previous(bars.low))
    held = previous(streak(inside)) >= ib_min_inside_bars
    # The mother bar is the one that the last inside bars lie in.
    mother = ib_min_inside_bars + 1
    above = below = ib_breakout_pct * usual_range(bars)
    if unit == "percent":
        above = ib_breakout_pct / 100.0 * previous(traded(bars, bars.high), mother)
        below = ib_breakout_pct / 100.0 * previous(traded(bars, bars.low), mother)
    long = held & (bars.close > previous(bars.high, mother) + above)
    short = held & (bars.close < previous(bars.low, mother) - below)
    never = np.zeros(len(bars), dtype=np.bool_)
    return both_sides(
        long,
        short,
        leave_long=never,
        leave_short=never,
        floor=np.where(long, previous(bars.low), np.nan),
        ceiling=np.where(short, previous(bars.high), np.nan),
    )


INSIDE_BAR_BREAKOUT = Strategy(
    number=26,
    name="InsideBarBreakout",
    archetype="breakout",
    idea="Bars within the one before gather orders that its break sets free.",
    rule=rule,
    space={
        "ib_min_inside_bars": Int(1, 1, 20, (1, 2, 3), "inside bars in a row before this one"),
        "ib_breakout_pct": Float(
            0.0, 0.0, 10.0, (0.0, 0.1, 0.2), "beyond the mother bar, in units"
        ),
        "unit": UNIT,
    },
    warmup=lambda p: max(ATR_WARMUP, int(p["ib_min_inside_bars"]) + 2),
    needs=frozenset({"ohlc"}),
    sides="both",
)
