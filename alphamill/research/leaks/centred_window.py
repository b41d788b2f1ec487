"""A rule whose mean looks as far ahead as back."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    mean = pd.Series(bars.close).rolling(21, center=True).mean().to_numpy()
    return long_only(bars.close < mean, bars.close > mean)


def clean(bars: Bars) -> Signals:
    mean = pd.Series(bars.close).rolling(21).mean().to_numpy()
    return long_only(bars.close < mean, bars.close > mean)


CENTRED_WINDOW = planted(
    9003,
    "It buys below a smooth line that is centred on the bar.",
    (leaking, clean),
    21,
    "mean = pd.Series(bars.close).rolling(21, center=True).mean().to_numpy()",
)
