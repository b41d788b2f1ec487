"""LightGBM's boosters become plain arrays: the same numbers, and refused where they cannot be."""

import lightgbm
import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.learning.bundle_lightgbm import from_lightgbm
from alphamill.learning.bundle_models import LEAF

QUIET = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 6}


def rows(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = np.round(rng.standard_normal((n, 4)), 2)
    return x, (x[:, 0] * x[:, 1] + rng.standard_normal(n) > 0.4).astype(float)


def booster(n_trees: int = 20, x: np.ndarray | None = None, kinds: object = "auto", **changed):
    given, y = rows()
    options = QUIET | changed
    data = lightgbm.Dataset(given if x is None else x, y, params=options, categorical_feature=kinds)
    return lightgbm.train(options, data, num_boost_round=n_trees)


def test_arrays_answer_as_the_booster_does():
    made = booster()
    x = np.random.default_rng(4).standard_normal((500, 4))

    found = from_lightgbm(made).predict_proba(x)[:, 1]

    np.testing.assert_allclose(found, made.predict(x), rtol=0, atol=1e-12)
    assert found.std() > 0.05


def test_a_value_on_a_cut_goes_where_the_booster_sends_it():
    made = booster()
    model = from_lightgbm(made)
    inner = model.feature != LEAF
    x = np.zeros((inner.sum(), 4))
    x[np.arange(len(x)), model.feature[inner]] = model.cut[inner]

    found = model.predict_proba(x)[:, 1]

    # In 32 bits about half of the cuts would lie below themselves.
    np.testing.assert_allclose(found, made.predict(x), rtol=0, atol=1e-12)


def test_trees_that_found_no_split_are_leaves():
    made = booster(3, min_data_in_leaf=500)

    model = from_lightgbm(made)

    assert (model.feature == LEAF).all()
    x, y = rows()
    np.testing.assert_allclose(model.predict_proba(x)[:, 1], y.mean(), atol=1e-6)


def test_only_the_trees_up_to_the_best_iteration_count():
    made = booster()
    made.best_iteration = 7

    assert from_lightgbm(made).root.size == 7


with_gaps = rows()[0]
with_gaps[::5, 0] = np.nan
# Few and frequent, so that LightGBM counts none of them as missing.
with_kinds = 1.0 * (rows()[0] > -0.5) + (rows()[0] > 0.5)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"objective": "regression"}, "its objective is 'regression'"),
        ({"sigmoid": 2.0}, "its objective is 'binary sigmoid:2'"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "its trees are averaged"),
        ({"objective": "multiclass", "num_class": 3}, "its objective is 'multiclass"),
        ({"linear_tree": True}, "a line over features"),
        ({"x": with_gaps}, "received '<=' with missing values as 'NaN'"),
        (
            {"x": with_kinds, "kinds": [0, 1], "cat_smooth": 1, "use_missing": False},
            "received '=='",
        ),
    ],
)
def test_what_plain_trees_cannot_say_is_refused(changed, words):
    made = booster(**changed)

    with pytest.raises(DataError, match=words):
        from_lightgbm(made)


def test_a_booster_without_a_tree_is_refused():
    x, y = rows()

    with pytest.raises(DataError, match="it has no tree"):
        from_lightgbm(lightgbm.Booster(QUIET, lightgbm.Dataset(x, y, params=QUIET)))
