"""A rule that fills what its mean does not know yet with what it knows first."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    mean = pd.Series(bars.close).rolling(50).mean()
    filled = mean.bfill().to_numpy()
    return long_only(bars.close > filled, bars.close < filled)


def clean(bars: Bars) -> Signals:
    mean = pd.Series(bars.close).rolling(50).mean().to_numpy()
    return long_only(bars.close > mean, bars.close < mean)


BACK_FILLED = planted(
    9007,
    "It trades before its mean is known, by the first one that will be.",
    (leaking, clean),
    50,
    "filled = mean.bfill().to_numpy()",
)
