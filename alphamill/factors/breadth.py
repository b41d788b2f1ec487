"""How many members rise: one row a date, of the universe as a whole.

A number that is the same for every symbol ranks nobody: breadth is for regimes and timing, and
enters a cross-section only as an interaction.
"""

from typing import Final

import numpy as np
import pandas as pd

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats
from alphamill.factors.compute import compute
from alphamill.factors.expression import parse
from alphamill.factors.library.factor import NAMES
from alphamill.factors.panel import Panel

SMOOTH: Final = 10


def breadth(panel: Panel, ma_window: int = 50) -> pd.DataFrame:
    """Return the breadth of each date.

    Parameters
    ----------
    panel : Panel
    ma_window : int
        Sessions of the average that closes are compared with, all of them known.

    Returns
    -------
    DataFrame
        ``timestamp``; ``count_above_ma, count_total, fraction_above_ma_{w}`` (NaN before anything
        is known); ``advances, declines, net_advances, ad_line`` (from the panel's first date),
        ``ad_line_normalized``; ``risk_on_ratio, risk_off_ratio, risk_on_off_score`` of the date
        (0.5, 0.5, 0 when nothing moved) and ``risk_on_off_score_10d``, its exponential average.
    """
    if ma_window < 1:
        raise SettingsError(f"ma_window must be at least 1, received {ma_window!r}.")
    told = compute(
        panel,
        {
            "above": parse(f"ts_mean(close, {ma_window}) < close"),
            "returns": parse("returns", NAMES),
        },
    )
    above, total = np.nansum(told["above"], axis=1), (~np.isnan(told["above"])).sum(axis=1)
    advances = (told["returns"] > 0).sum(axis=1)
    declines = (told["returns"] < 0).sum(axis=1)
    line = np.cumsum(advances - declines)
    moved = advances + declines
    on = np.where(moved > 0, advances / np.maximum(moved, 1), 0.5)
    off = np.where(moved > 0, declines / np.maximum(moved, 1), 0.5)
    return pd.DataFrame(
        {
            "timestamp": pd.DatetimeIndex(panel.close_ns.view("M8[ns]"), tz="UTC"),
            "count_above_ma": above,
            "count_total": total,
            f"fraction_above_ma_{ma_window}": np.where(
                total > 0, above / np.maximum(total, 1), np.nan
            ),
            "advances": advances,
            "declines": declines,
            "net_advances": advances - declines,
            "ad_line": line,
            "ad_line_normalized": line - line[:1],
            "risk_on_ratio": on,
            "risk_off_ratio": off,
            "risk_on_off_score": on - off,
            f"risk_on_off_score_{SMOOTH}d": _smoothed(on - off),
        }
    )


def _smoothed(score: Floats) -> Floats:
    out, weight = np.empty(score.size), 2.0 / (SMOOTH + 1)
    last = 0.0
    for t, value in enumerate(score):
        last = value if t == 0 else last + weight * (value - last)
        out[t] = last
    return out
