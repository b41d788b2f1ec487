"""A feature of the trade itself that is known only when the trade ends."""

import numpy as np

from alphamill.core.market import Floats
from alphamill.research.audit_rows import Labelled
from alphamill.research.audits_ml import quick_feature
from alphamill.research.ml_leaks.planted import PlantedMl


def leaking(table: Labelled) -> dict[str, Floats]:
    held = (table.end - table.start) / 60e9
    return {"minutes_held": held, "first": table.x[:, 0]}


def clean(table: Labelled) -> dict[str, Floats]:
    order = np.argsort(table.end, kind="stable")
    ended = np.searchsorted(table.end[order], table.start, side="right")
    last = order[np.maximum(ended - 1, 0)]
    held = np.where(ended > 0, (table.end[last] - table.start[last]) / 60e9, np.nan)
    return {"minutes_the_last_was_held": held, "first": table.x[:, 0]}


BARS_HELD = PlantedMl(
    "bars_held",
    "How long the trade will be held is offered to the model, for it stands in the trade's row.",
    leaking,
    clean,
    quick_feature,
    "held = (table.end - table.start) / 60e9",
)
