"""A rule that knows a low to be a pivot before the bars that confirm it."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only

WING = 3


def leaking(bars: Bars) -> Signals:
    is_low = np.zeros(len(bars), dtype=np.bool_)
    for t in range(WING, len(bars) - WING):
        is_low[t] = bars.low[t] == bars.low[t - WING : t + WING + 1].min()
    return long_only(is_low, np.zeros(len(bars), dtype=np.bool_))


def clean(bars: Bars) -> Signals:
    is_low = np.zeros(len(bars), dtype=np.bool_)
    for t in range(WING, len(bars) - WING):
        is_low[t + WING] = bars.low[t] == bars.low[t - WING : t + WING + 1].min()
    return long_only(is_low, np.zeros(len(bars), dtype=np.bool_))


EARLY_PIVOT = planted(
    9023,
    "It buys the lowest of seven bars at that bar, three before anybody could know.",
    (leaking, clean),
    2 * WING + 1,
    "is_low[t] = bars.low[t] == bars.low[t - WING : t + WING + 1].min()",
)
