"""A rule that reads the close of a longer bar from the moment that bar begins."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def leaking(bars: Bars) -> Signals:
    close = pd.Series(bars.close, index=pd.to_datetime(bars.close_ns))
    longer = close.resample("4h", label="left", closed="right").last()
    last = longer.dropna().reindex(close.index, method="ffill").to_numpy()
    return long_only(bars.close < last, bars.close > last)


def clean(bars: Bars) -> Signals:
    close = pd.Series(bars.close, index=pd.to_datetime(bars.close_ns))
    longer = close.resample("4h", label="right", closed="right").last()
    last = longer.dropna().reindex(close.index, method="ffill").to_numpy()
    return long_only(bars.close < last, bars.close > last)


UNFINISHED_BAR = planted(
    9009,
    "It buys below the close of the four hours under way, which are labelled by their start.",
    (leaking, clean),
    WHOLE_HISTORY,
    'last = longer.dropna().reindex(close.index, method="ffill").to_numpy()',
)
