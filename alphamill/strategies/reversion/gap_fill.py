"""23 GapFill: the gap of a session's open from the close before, entered at its first close.

The registry took every bar's gap, in percent: on quarter hours none is that wide. Its target was
the share of the gap left open; here it is the share that is filled.
"""

import numpy as np

from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.core.params import Float
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous
from alphamill.indicators.session import session_starts
from alphamill.strategies.levels import exit_levels, unit_size
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, UNIT


def rule(bars: Bars, gap_threshold: float, gap_fill_target: float, unit: str) -> Signals:
    gap = session_gap(bars.session, bars.open, bars.close)
    # Known before the gap: its own bar would stretch the average.
    far = gap_threshold * previous(unit_size(bars, unit))
    goal = bars.open - gap_fill_target * gap
    long = (gap < -far) & (bars.close < goal)
    short = (gap > far) & (bars.close > goal)
    never = np.zeros(len(bars), dtype=np.bool_)
    return both_sides(long, short, never, never, *exit_levels(long, short, goals=(goal, goal)))


@memoised
def session_gap(session: Ints, open_: Floats, close: Floats) -> Floats:
    """Return the gap of a session's first open from the close before, NaN on its other bars."""
    return np.where(session_starts(session), open_ - previous(close), np.nan)


GAP_FILL = Strategy(
    number=23,
    name="GapFill",
    archetype="mean reversion",
    idea="What opens far from yesterday's close trades back toward it.",
    rule=rule,
    space={
        "gap_threshold": Float(1.0, 0.0, 50.0, (0.5, 1.0, 1.5, 2.0), "least gap, in units"),
        "gap_fill_target": Float(0.5, 0.0, 1.0, (0.3, 0.5, 0.7), "share of the gap to be filled"),
        "unit": UNIT,
    },
    warmup=lambda p: ATR_WARMUP + 1 if p["unit"] == "atr" else 2,
    needs=frozenset({"ohlc"}),
    sides="both",
)
