"""A rule that ranks a bar among all bars, those to come included."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    span = pd.Series(bars.high - bars.low)
    rank = span.rank(pct=True).to_numpy()
    return long_only(rank > 0.9, rank < 0.5)


def clean(bars: Bars) -> Signals:
    span = pd.Series(bars.high - bars.low)
    rank = span.rolling(100).rank(pct=True).to_numpy()
    return long_only(rank > 0.9, rank < 0.5)


WHOLE_RANK = planted(
    9021,
    "It buys after a wide bar, where wide is the top tenth of the whole history.",
    (leaking, clean),
    100,
    "rank = span.rank(pct=True).to_numpy()",
)
