"""Logistic regression: against scikit-learn, and on columns that do not move."""

import warnings

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning import linear
from alphamill.learning.bundle_sklearn import from_sklearn
from alphamill.learning.linear import SPACE, Logistic, fitted, row_weights


def rows(n: int = 800) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    x = rng.standard_normal((n, 6)) * np.array([1, 100, 1e-4, 3, 5, 1]) + np.arange(6)
    y = (rng.random(n) < 1 / (1 + np.exp(-0.8 * (x[:, 0] - x[:, 5] + 4)))).astype(np.int8)
    return x, y, rng.uniform(0.1, 1.0, n)


@pytest.mark.parametrize("setting", [*SPACE, Logistic(1e4)], ids=lambda s: f"c={s.c:g}")
def test_it_is_the_minimum_that_scikit_learn_finds(setting):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y, weight = rows()
    last = LogisticRegression(C=setting.c, solver="newton-cholesky", tol=1e-12)
    slow = make_pipeline(StandardScaler(), last)
    slow.fit(x, y, standardscaler__sample_weight=weight, logisticregression__sample_weight=weight)

    found = fitted(x, y, weight, setting)

    twin = from_sklearn(slow)
    np.testing.assert_allclose(found.slope, twin.slope, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.predict_proba(x), twin.predict_proba(x), atol=1e-9)


def test_at_the_minimum_no_slope_lowers_the_loss():
    x, y, weight = rows()
    model = fitted(x, y, weight, Logistic(0.1))
    z = (x - model.centre) / model.scale
    off = weight * (model.predict_proba(x)[:, 1] - y)

    # Derivatives of 0.1 x weighted log loss + half the squared slopes.
    np.testing.assert_allclose(0.1 * z.T @ off + model.slope, 0, atol=1e-9)
    assert 0.1 * off.sum() == pytest.approx(0, abs=1e-9)


def test_a_column_that_never_moves_changes_nothing():
    x, y, weight = rows()
    beside = np.column_stack([x, np.full(len(x), 0.1), np.zeros(len(x))])
    elsewhere = beside.copy()
    elsewhere[:, 6:] = 1e6

    alone, among = fitted(x, y, weight, Logistic(0.1)), fitted(beside, y, weight, Logistic(0.1))

    assert (among.slope[6:].tolist(), among.scale[6:].tolist()) == ([0.0, 0.0], [1.0, 1.0])
    np.testing.assert_allclose(among.predict_proba(elsewhere), alone.predict_proba(x), atol=1e-12)


def test_rows_without_weight_are_as_if_absent():
    x, y, weight = rows()
    weight[600:] = 0.0
    moved, flipped = x.copy(), y.copy()
    moved[600:], flipped[600:] = 7.0, 1

    kept = fitted(x[:600], y[:600], weight[:600], Logistic(0.1))
    found = fitted(moved, flipped, weight, Logistic(0.1))

    np.testing.assert_allclose(found.predict_proba(x), kept.predict_proba(x), atol=1e-12)


def test_twice_the_weight_is_twice_c():
    x, y, weight = rows()

    one, other = fitted(x, y, 2 * weight, Logistic(0.1)), fitted(x, y, weight, Logistic(0.2))

    np.testing.assert_allclose(one.slope, other.slope, atol=1e-12)


def test_balancing_gives_both_classes_half_of_the_same_sum():
    y, weight = np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 3.0, 2.0])

    found = row_weights(np.zeros((4, 1)), y, weight, balanced=True)

    # 8 in all, 4 each: 6 -> 4 and 2 -> 4.
    assert found == pytest.approx([2 / 3, 4 / 3, 2.0, 4.0])


def test_separable_classes_and_far_values_settle_without_a_warning():
    x = np.concatenate([np.linspace(-2, -1, 50), np.linspace(1, 2, 49), [300.0]])[:, None]
    y = (x[:, 0] > 0).astype(np.int8)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fitted(x, y, np.ones(100), Logistic(1e8))

    assert (model.predict_proba(x)[:, 1].round() == y).all()


@pytest.mark.parametrize("seed", range(10))
def test_steps_that_overshoot_are_halved(seed):
    # Hardly any penalty, far values and weights of all sizes: full steps run away in most cases.
    rng = np.random.default_rng(seed)
    x, weight = rng.standard_normal((15, 2)) ** 7, 10.0 ** rng.uniform(-4, 2, 15)
    y = (x[:, 0] > 0).astype(np.int8)
    y[0] ^= 1

    model = fitted(x, y, weight, Logistic(1e7))

    off = weight * (model.predict_proba(x)[:, 1] - y)
    assert abs(off.sum()) <= 1e-6 * weight.sum()


def test_what_does_not_settle_is_refused(monkeypatch):
    monkeypatch.setattr(linear, "MAX_STEPS", 1)

    with pytest.raises(DataError, match="settle within 1 steps"):
        fitted(*rows(), Logistic(1.0))


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (0, np.full((800, 6), np.nan), "finite features"),
        (1, np.zeros(800), "both with a weight"),
        (1, np.full(800, 2), "both with a weight"),
        (1, np.zeros(799), "one label and one weight a row"),
        (2, np.full(800, -1.0), "weights of 0 or more"),
    ],
)
def test_rows_that_cannot_be_fitted_are_refused(place, value, words):
    given = list(rows())
    given[place] = value

    with pytest.raises(DataError, match=words):
        fitted(*given, Logistic(0.1))


@pytest.mark.parametrize("c", [0.0, -1.0, np.nan, np.inf])
def test_a_penalty_that_is_none_is_refused(c):
    with pytest.raises(SettingsError, match="c must be a number above 0"):
        Logistic(c)
