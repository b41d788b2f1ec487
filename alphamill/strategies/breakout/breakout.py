"""70 breakout: the second example of the seeds' configuration, by its two parameters.

A level, not a crossing: who was stopped out within a breakout is in again on the next new high.
"""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous_max, previous_min
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, usual_range


def rule(bars: Bars, breakout_lookback: int, atr_multiplier: float) -> Signals:
    trail = atr_multiplier * usual_range(bars)
    never = np.zeros(len(bars), dtype=np.bool_)
    said = both_sides(
        # Without a trail there would be nothing to leave by.
        long=(bars.close > previous_max(bars.high, breakout_lookback)) & (trail > 0.0),
        short=(bars.close < previous_min(bars.low, breakout_lookback)) & (trail > 0.0),
        leave_long=never,
        leave_short=never,
    )
    return said._replace(trail=trail)


BREAKOUT = Strategy(
    number=70,
    name="breakout",
    archetype="breakout",
    idea="A close above all prices of the last bars has found buyers who were not there before.",
    rule=rule,
    space={
        "breakout_lookback": Int(20, 1, 500, (10, 20, 40), "bars whose extreme is passed"),
        "atr_multiplier": Float(2.0, 0.1, 20.0, (1.5, 2.0, 3.0), "trail, in ranges of 14 bars"),
    },
    warmup=lambda p: max(ATR_WARMUP, int(p["breakout_lookback"]) + 1),
    needs=frozenset({"ohlc"}),
    sides="both",
)
