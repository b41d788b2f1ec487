"""A threshold chosen on the rows it is then scored on."""

import numpy as np

from alphamill.core.market import Flags, Floats
from alphamill.research.audit_rows import Labelled
from alphamill.research.audits_ml import quick_model
from alphamill.research.ml_leaks.planted import PlantedMl
from alphamill.research.ml_leaks.walk import FIRST, steps, walked

GRID = np.arange(0.30, 0.71, 0.02)


def dearest(score: Floats, returns: Floats) -> float:
    """Return the threshold whose selected trades earned most; unknown returns count nothing."""
    earned = [np.nansum(returns[score >= threshold]) for threshold in GRID]
    return float(GRID[int(np.argmax(earned))])


def leaking(table: Labelled) -> Flags:
    score = walked(table, table.x)
    threshold = dearest(score, table.returns)
    return score >= threshold


def clean(table: Labelled) -> Flags:
    score = walked(table, table.x)
    taken = np.zeros(len(table), dtype=np.bool_)
    for train, block in steps(table):
        past = train & (np.arange(len(table)) >= FIRST)
        taken[block] = score[block] >= dearest(score[past], table.returns[past])
    return taken


THRESHOLD_ON_SCORED = PlantedMl(
    "threshold_on_scored",
    "The threshold is the one that earned most on the very trades whose profit is reported.",
    leaking,
    clean,
    quick_model,
    "return score >= threshold",
)
