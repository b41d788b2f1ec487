"""A rule that knows the session's high before the session ends."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    highest = pd.Series(bars.high).groupby(bars.session).transform("max").to_numpy()
    return long_only(bars.close < 0.99 * highest, bars.close >= 0.999 * highest)


def clean(bars: Bars) -> Signals:
    highest = pd.Series(bars.high).groupby(bars.session).cummax().to_numpy()
    return long_only(bars.close < 0.99 * highest, bars.close >= 0.999 * highest)


SESSION_EXTREME = planted(
    9013,
    "It buys what lies far below the high of its session.",
    (leaking, clean),
    26,
    'highest = pd.Series(bars.high).groupby(bars.session).transform("max").to_numpy()',
)
