"""55 Supertrend."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import WHOLE_HISTORY, Strategy
from alphamill.indicators.channels import supertrend
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides


def rule(bars: Bars, st_length: int, st_multiple: float) -> Signals:
    line, held = supertrend(bars.high, bars.low, bars.close, st_length, st_multiple)
    # Unknown is no side: the first known one is no turn.
    side = np.where(np.isnan(line), np.nan, held)
    return both_sides(
        long=crosses_above(side, 0.0),
        short=crosses_below(side, 0.0),
        leave_long=side < 0.0,
        leave_short=side > 0.0,
    )


SUPERTREND = Strategy(
    number=55,
    name="Supertrend",
    archetype="trend",
    idea="A close beyond the far edge of the usual range has turned the trend.",
    rule=rule,
    space={
        "st_length": Int(10, 1, 250, (7, 10, 14), "Wilder's length of the average true range"),
        "st_multiple": Float(3.0, 0.1, 20.0, (2.0, 3.0, 4.0), "distance of the band in ranges"),
    },
    warmup=lambda _: WHOLE_HISTORY,
    needs=frozenset({"ohlc"}),
    sides="both",
)
