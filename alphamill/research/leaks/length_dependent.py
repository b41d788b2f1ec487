"""A rule that leaves out a share of its history, and so knows how long that will be."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    mean = pd.Series(bars.close).rolling(20).mean().to_numpy()
    rises, burn_in = bars.close > mean, len(bars) // 5
    rises[:burn_in] = False
    return long_only(rises, bars.close < mean)


def clean(bars: Bars) -> Signals:
    mean = pd.Series(bars.close).rolling(20).mean().to_numpy()
    rises, burn_in = bars.close > mean, 60
    rises[:burn_in] = False
    return long_only(rises, bars.close < mean)


LENGTH_DEPENDENT = planted(
    9017,
    "It keeps out of the first fifth of its history, however long that is.",
    (leaking, clean),
    61,
    "rises[:burn_in] = False",
)
