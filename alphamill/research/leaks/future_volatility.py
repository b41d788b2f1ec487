"""A rule whose band is as wide as the bars to come will be lively."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    close = pd.Series(bars.close)
    width = close.diff().rolling(20).std().shift(-20)
    low = close.rolling(20).mean() - 2.0 * width
    return long_only((close < low).to_numpy(), (close > low + 2.0 * width).to_numpy())


def clean(bars: Bars) -> Signals:
    close = pd.Series(bars.close)
    width = close.diff().rolling(20).std()
    low = close.rolling(20).mean() - 2.0 * width
    return long_only((close < low).to_numpy(), (close > low + 2.0 * width).to_numpy())


FUTURE_VOLATILITY = planted(
    9019,
    "It buys below a band that is as wide as the next twenty bars are lively.",
    (leaking, clean),
    21,
    "width = close.diff().rolling(20).std().shift(-20)",
)
