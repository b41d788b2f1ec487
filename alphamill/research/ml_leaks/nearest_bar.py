"""A feature of another instrument, matched to the bar that is nearest in time."""

import pandas as pd

from alphamill.core.market import Bars, Floats
from alphamill.research.audits_ml import quick_beside
from alphamill.research.ml_leaks.planted import PlantedMl


def moves(bars: Bars) -> pd.DataFrame:
    """Return each bar's change and when it was known."""
    return pd.DataFrame({"at": bars.close_ns, "change": pd.Series(bars.close).pct_change()})


def leaking(own: Bars, other: Bars) -> Floats:
    at = pd.DataFrame({"at": own.close_ns})
    matched = pd.merge_asof(at, moves(other), on="at", direction="nearest")
    return matched.change.to_numpy()


def clean(own: Bars, other: Bars) -> Floats:
    at = pd.DataFrame({"at": own.close_ns})
    matched = pd.merge_asof(at, moves(other), on="at", direction="backward")
    return matched.change.to_numpy()


NEAREST_BAR = PlantedMl(
    "nearest_bar",
    "Another instrument is read at the bar nearest in time, which may not have closed.",
    leaking,
    clean,
    quick_beside,
    'matched = pd.merge_asof(at, moves(other), on="at", direction="nearest")',
)
