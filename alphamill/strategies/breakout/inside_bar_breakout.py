"""26 InsideBarBreakout."""

import numpy as np

from alphamill.core.market import Bars, Floats, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.levels import exit_levels
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, UNIT, traded, usual_range


def rule(bars: Bars, ib_min_inside_bars: int, ib_breakout_pct: float, unit: str) -> Signals:
    held = inside_before(bars.high, bars.low) >= ib_min_inside_bars
    # The mother bar is the one that the last inside bars lie in.
    mother = ib_min_inside_bars + 1
    above = below = ib_breakout_pct * usual_range(bars)
    if unit == "percent":
        above = ib_breakout_pct / 100.0 * previous(traded(bars, bars.high), mother)
        below = ib_breakout_pct / 100.0 * previous(traded(bars, bars.low), mother)
    long = held & (bars.close > previous(bars.high, mother) + above)
    short = held & (bars.close < previous(bars.low, mother) - below)
    never = np.zeros(len(bars), dtype=np.bool_)
    levels = exit_levels(long, short, stops=(previous(bars.low), previous(bars.high)))
    return both_sides(long, short, never, never, *levels)


@memoised
def inside_before(high: Floats, low: Floats) -> Floats:
    """Return how many bars in a row lay within the one before, up to the bar before this one."""
    return previous(streak((high < previous(high)) & (low > previous(low))))


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
