"""A scaler fitted on all rows, before they are split into past and future."""

import numpy as np

from alphamill.core.market import Floats
from alphamill.research.audit_rows import Labelled
from alphamill.research.audits_ml import quick_model
from alphamill.research.ml_leaks.planted import PlantedMl
from alphamill.research.ml_leaks.walk import fitted, steps, walked


def leaking(table: Labelled) -> Floats:
    x = (table.x - table.x.mean(axis=0)) / table.x.std(axis=0)
    return walked(table, x)


def clean(table: Labelled) -> Floats:
    out = np.full(len(table), np.nan)
    for train, block in steps(table):
        past = table.x[train]
        mean, deviation = past.mean(axis=0), past.std(axis=0)
        model = fitted((past - mean) / deviation, table.y[train])
        out[block] = model((table.x[block] - mean) / deviation)
    return out


SCALED_BEFORE_SPLIT = PlantedMl(
    "scaled_before_split",
    "Features are scaled by the mean and the deviation of all rows, those to be predicted too.",
    leaking,
    clean,
    quick_model,
    "x = (table.x - table.x.mean(axis=0)) / table.x.std(axis=0)",
)
