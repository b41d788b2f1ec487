"""Features chosen by what they say of all labels, those to be predicted too."""

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.research.audit_rows import Labelled
from alphamill.research.audits_ml import quick_model
from alphamill.research.ml_leaks.planted import PlantedMl
from alphamill.research.ml_leaks.walk import fitted, steps, walked

N_CHOSEN = 2


def strongest(x: Floats, y: Floats) -> Ints:
    """Return the features whose correlation with the label is largest."""
    known = ~np.isnan(y)
    link = np.abs(np.corrcoef(x[known], y[known], rowvar=False)[-1, :-1])
    return np.sort(np.argsort(link)[-N_CHOSEN:])


def leaking(table: Labelled) -> Floats:
    best = strongest(table.x, table.y)
    x = table.x[:, best]
    return walked(table, x)


def clean(table: Labelled) -> Floats:
    out = np.full(len(table), np.nan)
    for train, block in steps(table):
        best = strongest(table.x[train], table.y[train])
        x = table.x[:, best]
        out[block] = fitted(x[train], table.y[train])(x[block])
    return out


SELECTED_ON_ALL = PlantedMl(
    "selected_on_all",
    "The features that fit best are chosen once, on all years, and tested on some of them.",
    leaking,
    clean,
    quick_model,
    "x = table.x[:, best]",
)
