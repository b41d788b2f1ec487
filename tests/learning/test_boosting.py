"""Boosted trees: the same whatever runs them, found signal, and not the noise."""

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning.boosting import SPACE, Boosting, fitted
from alphamill.learning.bundle_models import LEAF, arrays_of

ONES = np.ones(2000)
PLAIN = Boosting()


def rows(seed: int, n: int = 2000, *, strength: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 20))
    return x, (rng.random(n) < 1 / (1 + np.exp(-strength * x[:, 3]))).astype(np.int8)


def ranking(score: np.ndarray, won: np.ndarray) -> float:
    """Return the share of pairs (one won, one lost) in the right order."""
    return float((score[won == 1][:, None] > score[won == 0]).mean())


def test_equal_seeds_give_equal_trees_for_any_number_of_threads():
    x, y = rows(1)

    few = Boosting(n_estimators=10)  # threads that must wait for each other are slow

    one = arrays_of(fitted(x, y, ONES, few, seed=5))
    again = arrays_of(fitted(x, y, ONES, few, seed=5, n_threads=2))

    assert all(np.array_equal(one[name], again[name]) for name in one)


def test_another_seed_gives_other_trees():
    x, y = rows(1)

    one, other = (fitted(x, y, ONES, PLAIN, seed=s).predict_proba(x) for s in (5, 6))

    assert not np.array_equal(one, other)


@pytest.mark.parametrize("setting", SPACE, ids=lambda s: f"{s.num_leaves}x{s.n_estimators}")
def test_every_setting_finds_a_signal_and_does_not_memorise_noise(setting):
    x, y = rows(1)
    later, later_y = rows(2)
    noise_y = np.random.default_rng(3).permutation(y)

    found = fitted(x, y, ONES, setting, seed=0).predict_proba(later)[:, 1]
    of_noise = fitted(x, noise_y, ONES, setting, seed=0).predict_proba(x)[:, 1]

    assert ranking(found, later_y) > 0.6
    # A thousand trees of 31 leaves reach 1.0.
    assert ranking(of_noise, noise_y) < 0.78


def test_rows_without_weight_are_as_if_absent():
    x, y = rows(1)
    weight = np.repeat([1.0, 0.0], 1000)
    exact = Boosting(bagging_fraction=1.0, feature_fraction=1.0, num_leaves=2, n_estimators=1)
    flipped = np.where(weight > 0, y, 1 - y)

    one, other = (fitted(x, labels, weight, exact, 0) for labels in (y, flipped))

    assert np.array_equal(one.predict_proba(x), other.predict_proba(x))


def test_part_of_the_rows_is_really_left_out_of_each_tree():
    x, y = rows(1)
    whole = Boosting(feature_fraction=1.0, bagging_fraction=1.0)
    parts = Boosting(feature_fraction=1.0, bagging_fraction=0.5)

    one, other = (fitted(x, y, ONES, s, 0).predict_proba(x) for s in (whole, parts))

    assert not np.array_equal(one, other)


def test_balanced_scores_stand_around_one_half():
    x, _ = rows(1)
    y = (np.arange(2000) % 10 == 0).astype(np.int8)

    plain = fitted(x, y, ONES, PLAIN, 0).predict_proba(x)[:, 1]
    balanced = fitted(x, y, ONES, Boosting(balanced=True), 0).predict_proba(x)[:, 1]

    assert plain.mean() == pytest.approx(0.1, abs=0.02)
    assert balanced.mean() == pytest.approx(0.5, abs=0.05)


def test_trees_keep_within_their_leaves_and_depth():
    x, y = rows(1)

    model = fitted(x, y, ONES, Boosting(num_leaves=5, n_estimators=30), 0)

    leaves = np.add.reduceat(model.feature == LEAF, model.root)
    assert leaves.max() <= 5
    assert model.root.size == 30


@pytest.mark.parametrize(
    "changed", [{"num_leaves": 1}, {"bagging_fraction": 1.5}, {"max_depth": 0}]
)
def test_a_setting_out_of_range_is_refused(changed):
    with pytest.raises(SettingsError, match=f"{next(iter(changed))} must lie between"):
        Boosting(**changed)


def test_labels_of_one_class_are_refused():
    x, _ = rows(1)

    with pytest.raises(DataError, match="both with a weight"):
        fitted(x, np.ones(2000), ONES, PLAIN, 0)
