"""A rule that rolls a column the wrong way round."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    before = np.roll(bars.close, -2)
    return long_only(bars.close < before, bars.close > before)


def clean(bars: Bars) -> Signals:
    before = np.roll(bars.close, 2)
    # What rolled over the edge is the end of the history.
    before[:2] = np.nan
    return long_only(bars.close < before, bars.close > before)


NEGATIVE_ROLL = planted(
    9015,
    "It buys what fell over two bars, and rolls the column by minus two.",
    (leaking, clean),
    3,
    "before = np.roll(bars.close, -2)",
)
