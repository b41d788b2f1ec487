"""A rule that reads a monthly figure from the month it speaks of, not from its publication."""

import pandas as pd

from alphamill.core.market import Bars, Signals
from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.research.leaks.planted import planted
from alphamill.strategies.says import long_only


def figures(bars: Bars) -> pd.DataFrame:
    """Return each month's mean price, its start, and the next month's, which published it."""
    table = pd.DataFrame({"start": bars.close_ns, "level": bars.close})
    months = table.groupby(bars.session // 100).agg({"start": "first", "level": "mean"})
    months["known_at"] = months.start.shift(-1)
    return months.dropna().astype({"known_at": "int64"})


def leaking(bars: Bars) -> Signals:
    table = pd.DataFrame({"start": bars.close_ns})
    level = pd.merge_asof(table, figures(bars), on="start").level.to_numpy()
    return long_only(bars.close < level, bars.close > level)


def clean(bars: Bars) -> Signals:
    table = pd.DataFrame({"known_at": bars.close_ns})
    level = pd.merge_asof(table, figures(bars), on="known_at").level.to_numpy()
    return long_only(bars.close < level, bars.close > level)


PUBLICATION_DATE = planted(
    9011,
    "It buys below the month's mean price, dated by the month and not by its publication.",
    (leaking, clean),
    WHOLE_HISTORY,
    'level = pd.merge_asof(table, figures(bars), on="start").level.to_numpy()',
)
