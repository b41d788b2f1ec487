"""K9, K10 and K11: what a model may know of its labels.

The model is the mean label of the five nearest training rows, in numpy: it needs no library, and
what leaks through a split is found by it as by a forest (0.76 against 0.80 without a purge).
"""

from collections.abc import Sequence

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.research.selftest.experiments import (
    Experiment,
    Judged,
    Record,
    Repeats,
    generator,
    slack,
)
from alphamill.validation.audit_probe import area_under_curve
from alphamill.validation.crossval import CombinatorialPurgedCV, purged_k_fold

_NEIGHBOURS = 5
_WINDOWS = (5, 20, 60)


def one_purge(number: int) -> Record:
    """Return the AUC of 40-bar labels in 30 folds of 20 rows, without a purge and with it."""
    x, y = _walk(generator("K9", number), 600, 40)
    row = np.arange(y.size)
    unpurged, purged = (purged_k_fold(row, end, 30) for end in (row, row + 40))
    return [
        area_under_curve(_predicted(x, y, list(cv.split(x))), y > 0.0) for cv in (unpurged, purged)
    ]


def judge_purge(records: Sequence[Record], whole: bool) -> Judged:
    off, on = np.mean(records, axis=0)
    # Deviations over walks, measured: 0.07 and 0.15.
    near = 0.07 + slack(0.15, len(records), 15)
    held = off >= 0.70 - slack(0.07, len(records), 15) and abs(on - 0.5) <= near
    return Judged(float(on), f"AUC {off:.3f} without the purge, {on:.3f} with it", bool(held))


def one_shuffled(number: int) -> Record:
    """Return whether shuffled rows are refused, and the AUC of shuffled and of purged folds."""
    rng = generator("K10", number)
    x, y = _walk(rng, 2_000, 20)
    row, order = np.arange(y.size), rng.permutation(y.size)
    folds = [(np.setdiff1d(row, test), test) for test in np.array_split(order, 5)]
    purged = purged_k_fold(row, row + 20, 5, embargo=20)
    return [
        float(_is_refused(row[order], row[order] + 20)),
        area_under_curve(_predicted(x, y, folds), y > 0.0),
        area_under_curve(_predicted(x, y, list(purged.split(x))), y > 0.0),
    ]


def judge_shuffled(records: Sequence[Record], whole: bool) -> Judged:
    refused, shuffled, purged = np.mean(records, axis=0)
    told = (
        f"rows out of order refused in {refused:.0%}; forced, AUC {shuffled:.3f} on a random walk "
        f"(purged folds {purged:.3f})"
    )
    return Judged(float(shuffled), told, bool(refused == 1.0 and shuffled >= 0.80))


def _walk(rng: np.random.Generator, n: int, horizon: int) -> tuple[Floats, Floats]:
    """Return price-level features and the sign of the next ``horizon`` moves of a random walk."""
    longest = max(_WINDOWS)
    price = np.cumsum(rng.standard_normal(longest + n + horizon))
    means = [np.convolve(price, np.ones(w) / w)[longest : longest + n] for w in _WINDOWS]
    here = price[longest : longest + n]
    later = price[longest + horizon : longest + horizon + n]
    return np.stack([here, *means], axis=1), (later > here).astype(np.float64)


def _predicted(x: Floats, y: Floats, folds: Sequence[tuple[Ints, Ints]]) -> Floats:
    """Return each row's mean label among its nearest training rows."""
    out = np.full(y.size, np.nan)
    for train, test in folds:
        scale = x[train].std(axis=0)
        apart = np.square((x[test][:, None] - x[train]) / scale).sum(axis=2)
        near = np.argpartition(apart, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]
        out[test] = y[train][near].mean(axis=1)
    return out


def _is_refused(start: Ints, end: Ints) -> bool:
    try:
        CombinatorialPurgedCV(start, end, 5, 1)
    except DataError:
        return True
    return False


LABELS = (
    Experiment(
        "K9",
        "purged folds on a random walk, on and off",
        "AUC at least 0.70 off, 0.43 to 0.57 on",
        Repeats(4, 15, 15),
        one_purge,
        judge_purge,
        1,
    ),
    Experiment(
        "K10",
        "shuffled folds on a random walk",
        "refused; forced AUC at least 0.80",
        Repeats(1, 5, 15),
        one_shuffled,
        judge_shuffled,
        1,
    ),
)
