"""Folds of shuffled rows, where labels last longer than a row."""

from collections.abc import Iterator

import numpy as np

from alphamill.core.market import Ints
from alphamill.research.audit_rows import Labelled
from alphamill.research.audits_ml import split_report
from alphamill.research.ml_leaks.planted import PlantedMl
from alphamill.validation.crossval import purged_k_fold


def leaking(table: Labelled) -> Iterator[tuple[Ints, Ints]]:
    row = np.random.default_rng(0).permutation(len(table))
    for test in np.array_split(row, 5):
        yield np.setdiff1d(row, test), test


def clean(table: Labelled) -> Iterator[tuple[Ints, Ints]]:
    yield from purged_k_fold(table.start, table.end, 5).split(table.x)


SHUFFLED_FOLDS = PlantedMl(
    "shuffled_folds",
    "Each trade is predicted by a model that was trained on trades open at the same time.",
    leaking,
    clean,
    split_report,
    "yield np.setdiff1d(row, test), test",
)
