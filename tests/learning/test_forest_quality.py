"""The own forest scores as well as scikit-learn's on data of many kinds."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss, roc_auc_score

from alphamill.learning.forest import Growth, Learner, binned, staged_scores
from alphamill.learning.forest_bins import N_BINS


class Task(NamedTuple):
    """A dataset: its first rows to learn from, the others to be judged on."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    n_train: int
    growth: Growth


def chance(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))


def linear(rng, x):
    return x[:, :8] @ rng.normal(0, 0.4, 8)


def interactions(rng, x):
    return x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] + 0.5 * x[:, 0]


def xor(rng, x):
    return 1.5 * np.sign(x[:, 0]) * np.sign(x[:, 1]) + 0.2 * x[:, 0]


def thresholds(rng, x):
    return (x[:, 0] > 0.7) + (x[:, 1] < -0.4) * 1.0 - 1.0 * (x[:, 2] > 0.0) * (x[:, 3] > 1.0)


def ring(rng, x):
    return 2.0 - (x[:, :3] ** 2).sum(axis=1)


def nothing(rng, x):
    return np.zeros(len(x))


def rare(rng, x):
    return x[:, 0] + 0.7 * x[:, 1] * x[:, 2] - 1.8


def faint(rng, x):
    return 0.25 * x[:, 0] + 0.2 * (x[:, 1] > 1.0)


def plain(rng, x):
    return x


def heavy(rng, x):
    return np.sinh(1.5 * x) * 1e3


def twice(rng, x):
    return np.where(np.arange(x.shape[1]) % 2, np.roll(x, 1, axis=1), x)


def steps(rng, x):
    return np.round(x)


def atoms(rng, x):
    return np.where(np.abs(x) < 0.6, 0.0, x)


def noisy(rng, x):
    return np.hstack([x[:, :6], rng.standard_normal((len(x), x.shape[1] - 6))])


def mixed(rng, x):
    return np.where(np.arange(x.shape[1]) % 3 == 0, steps(rng, x), heavy(rng, x))


SQRT = Growth("sqrt", 50, 0.7, balanced=False)
# What decides, how features look, how trees grow; and whether rows differ in weight.
KINDS: list[tuple[Callable, Callable, Growth, bool]] = [
    (linear, plain, SQRT, False),
    (linear, heavy, Growth(0.3, 50, 0.8, balanced=False), False),
    (linear, twice, Growth(0.5, 100, None, balanced=False), False),
    (linear, plain, Growth("log2", 50, 0.9, balanced=True), True),
    (interactions, plain, SQRT, False),
    (interactions, noisy, Growth(0.5, 50, 0.7, balanced=True), False),
    (interactions, steps, Growth(0.3, 50, None, balanced=True), False),
    (interactions, atoms, Growth(0.3, 50, 0.7, balanced=False), True),
    (xor, plain, Growth(0.5, 50, 0.9, balanced=False), False),
    (xor, twice, Growth(0.3, 50, None, balanced=False), False),
    (thresholds, plain, SQRT, False),
    (thresholds, heavy, Growth("log2", 50, None, balanced=False), True),
    (thresholds, mixed, Growth(0.5, 200, 0.8, balanced=False), False),
    (ring, plain, Growth(0.3, 50, 0.7, balanced=False), False),
    (ring, atoms, Growth("sqrt", 50, None, balanced=True), True),
    (rare, plain, SQRT, False),
    (rare, mixed, Growth(0.3, 50, 0.9, balanced=True), False),
    (faint, plain, Growth("sqrt", 100, 0.7, balanced=False), False),
    (faint, noisy, Growth("sqrt", 50, None, balanced=False), True),
    (nothing, plain, SQRT, False),
]


def task(kind: int, n_train: int, k: int, scale: float) -> Task:
    """Return a dataset: what decides the class hangs on the plain numbers behind the features.

    Where rows differ in weight, the light half of the training rows has the wrong class.
    """
    decide, shape, growth, weighs = KINDS[kind]
    rng = np.random.default_rng([20, kind])
    x = rng.standard_normal((n_train + 3000, k))
    y = rng.random(len(x)) < chance(decide(rng, x))
    weight = np.where(weighs & (rng.random(len(x)) < 0.5), 0.05, 1.0)
    y ^= (weight < 1.0) & (np.arange(len(x)) < n_train)
    leaf = round(scale * growth.min_samples_leaf)
    return Task(shape(rng, x), y, weight, n_train, replace(growth, min_samples_leaf=leaf))


def ours(task: Task, n_trees: int, n_bins: int = N_BINS) -> np.ndarray:
    rows, columns = np.arange(len(task.y)), np.arange(task.x.shape[1])
    train, test = rows[: task.n_train], rows[task.n_train :]
    learner = Learner(task.y, task.weight, task.growth, seed=1)
    data = binned(task.x, n_bins)
    return staged_scores(data, learner, train, test, columns, [n_trees])[0, -1]


def theirs(task: Task, n_trees: int, seed: int = 1) -> np.ndarray:
    growth, train = task.growth, slice(0, task.n_train)
    draws = growth.max_samples and int(growth.max_samples * task.n_train)
    forest = RandomForestClassifier(
        n_trees,
        max_features=growth.max_features,
        min_samples_leaf=growth.min_samples_leaf,
        bootstrap=draws is not None,
        max_samples=draws,
        class_weight="balanced_subsample" if growth.balanced else None,
        random_state=seed,
    )
    forest.fit(task.x[train], task.y[train], task.weight[train])
    return forest.predict_proba(task.x[task.n_train :])[:, 1]


def differences(tasks: list[Task], n_trees: int) -> np.ndarray:
    """Return our AUC and log loss less theirs, shape (n_tasks, 2)."""
    found = []
    for each in tasks:
        y = each.y[each.n_train :]
        p, q = ours(each, n_trees), theirs(each, n_trees)
        found.append([judge(y, p) - judge(y, q) for judge in (roc_auc_score, log_loss)])
    return np.array(found)


def require_equal(differences: np.ndarray) -> None:
    mean = differences.mean(axis=0)
    error = differences.std(axis=0, ddof=1) / np.sqrt(len(differences))
    assert (np.abs(mean) < 0.005).all(), mean
    assert (np.abs(mean) < 2 * error).all(), (mean, error)


def test_small_forests_are_as_good_as_theirs():
    tasks = [task(kind, n_train=700, k=12, scale=0.2) for kind in range(len(KINDS))]

    require_equal(differences(tasks, n_trees=50))


@pytest.mark.slow
def test_forests_of_a_searchs_size_are_as_good_as_theirs():
    tasks = [task(kind, n_train=3140, k=52, scale=1.0) for kind in range(len(KINDS))]

    require_equal(differences(tasks, n_trees=300))
