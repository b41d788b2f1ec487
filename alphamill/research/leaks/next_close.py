"""A rule that compares a close with the next one."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.indicators.rolling import previous
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    tomorrow = np.append(bars.close[1:], np.nan)
    return long_only(tomorrow > bars.close, tomorrow < bars.close)


def clean(bars: Bars) -> Signals:
    yesterday = previous(bars.close)
    return long_only(bars.close > yesterday, bars.close < yesterday)


NEXT_CLOSE = planted(
    9001,
    "It buys before a rise: close[t + 1] stands beside close[t].",
    (leaking, clean),
    2,
    "tomorrow = np.append(bars.close[1:], np.nan)",
)
