"""A rule that scales a column by the mean and the deviation of all of it."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    change = pd.Series(bars.close).pct_change(5)
    score = (change - change.mean()) / change.std()
    return long_only((score < -1.0).to_numpy(), (score > 0.0).to_numpy())


def clean(bars: Bars) -> Signals:
    change = pd.Series(bars.close).pct_change(5)
    past = change.rolling(100)
    score = (change - past.mean()) / past.std()
    return long_only((score < -1.0).to_numpy(), (score > 0.0).to_numpy())


GLOBAL_SCALER = planted(
    9005,
    "It buys an unusual fall, where usual is taken from the whole history.",
    (leaking, clean),
    105,
    "score = (change - change.mean()) / change.std()",
)
