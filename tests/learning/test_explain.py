"""SHAP values: against their definition, and they add up to the answer."""

from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.learning.bundle_models import LEAF, LogisticModel, TreeModel
from alphamill.learning.explain import shap_summary, shap_values

from .bundles import FOREST

NAMES = ("ibs", "rsi_2", "adx")


def rows(n: int = 300) -> np.ndarray:
    rng = np.random.default_rng(5)
    x = rng.random((n, 3)) * [1, 100, 50]
    x[:, 2] = 0.4 * x[:, 1] + 0.2 * x[:, 2]
    return x


def random_trees(n_trees: int, depth: int) -> TreeModel:
    """Return whole trees of one depth; a node's children are the next free places."""
    rng = np.random.default_rng(n_trees)
    n_inner, n = 2**depth - 1, 2 ** (depth + 1) - 1
    inner = np.tile(np.arange(n) < n_inner, n_trees)
    root = n * np.arange(n_trees)
    first = np.repeat(root, n)
    left = first + 2 * np.tile(np.arange(n), n_trees) + 1
    feature = rng.integers(0, 3, inner.size)
    return TreeModel(
        feature=np.where(inner, feature, LEAF),
        cut=rng.random(inner.size) * np.array([1, 100, 50])[feature],
        left=np.where(inner, left, LEAF),
        right=np.where(inner, left + 1, LEAF),
        value=rng.random(inner.size),
        root=root,
        n_features=3,
    )


SINGLE = replace(random_trees(6, 3), single=True)
BOOSTED = replace(random_trees(5, 4), boosted=True, base=-0.7)
LINE = LogisticModel(
    centre=np.array([0.4, 55.0, 20.0]), scale=np.array([0.3, 30.0, 9.0]),
    slope=np.array([0.8, -0.5, 0.2]), intercept=-0.1,
)  # fmt: skip
every_model = pytest.mark.parametrize(
    "model", [SINGLE, BOOSTED, LINE], ids=["forest", "boosted", "line"]
)


def known_by(model: TreeModel, node: int, row: np.ndarray, seen: tuple, past: np.ndarray) -> float:
    """Return what a tree expects of a row of which only the features ``seen`` are known."""
    j = model.feature[node]
    if j == LEAF:
        return model.value[node]
    goes_left = past[:, j] <= model.cut[node]
    sides = [(model.left[node], goes_left), (model.right[node], ~goes_left)]
    if j in seen:
        own, other = sides if row[j] <= model.cut[node] else sides[::-1]
        # A side that no row of the past took is not there.
        child, same = own if own[1].any() else other
        return known_by(model, child, row, seen, past[same])
    return sum(
        same.mean() * known_by(model, child, row, seen, past[same])
        for child, same in sides
        if same.any()
    )


def by_definition(expected, n_features: int) -> np.ndarray:
    """Return Shapley values: each feature's mean gain over all sets of the others."""
    out = np.zeros(n_features)
    for j in range(n_features):
        others = [k for k in range(n_features) if k != j]
        for size in range(n_features):
            for seen in combinations(others, size):
                share = 1 / (n_features * comb(n_features - 1, size))
                out[j] += share * (expected((*seen, j)) - expected(seen))
    return out


@pytest.mark.parametrize("model", [SINGLE, BOOSTED], ids=["forest", "boosted"])
def test_values_of_trees_are_those_of_the_definition(model):
    x = rows(60).astype(np.float32).astype(np.float64)
    found = shap_values(model, x, np.arange(3))
    scale = 1 if model.boosted else model.root.size

    for row, values in zip(x[:3], found.values, strict=True):
        slow = sum(
            by_definition(lambda seen, r=root, row=row: known_by(model, r, row, seen, x), 3)
            for root in model.root
        )
        np.testing.assert_allclose(values, slow / scale, atol=1e-12)


def test_values_of_a_line_are_those_of_the_definition():
    x = rows(60)
    found = shap_values(LINE, x, np.array([7]))

    def expected(seen):
        # Others stand at their mean: of a line that is the mean over all their values.
        row = np.where(np.isin(np.arange(3), seen), x[7], x.mean(axis=0))
        return float((row - LINE.centre) / LINE.scale @ LINE.slope + LINE.intercept)

    np.testing.assert_allclose(found.values[0], by_definition(expected, 3), atol=1e-12)
    assert found.base == pytest.approx(expected(()))


@every_model
def test_base_and_values_add_up_to_the_answer(model):
    x = rows()
    chosen = np.arange(0, 300, 7)

    found = shap_values(model, x, chosen)

    answer = model.predict_proba(x[chosen])[:, 1]
    if_odds = np.log(answer / (1 - answer))
    expected = {"probability": answer, "log odds": if_odds}[found.unit]
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), expected, atol=1e-9)


@every_model
def test_the_base_is_the_mean_answer(model):
    x = rows()
    found = shap_values(model, x, np.arange(300))

    np.testing.assert_allclose(found.values.sum(axis=1).mean(), 0.0, atol=1e-9)


def test_units_are_those_that_add_up():
    x, chosen = rows(), np.arange(3)

    units = [shap_values(model, x, chosen).unit for model in (SINGLE, BOOSTED, LINE)]

    assert units == ["probability", "log odds", "log odds"]


def test_sides_that_no_row_takes_change_nothing():
    x = rows()
    # No row has ibs above 2 or below -1: the second tree is its one leaf 0.9.
    never = TreeModel(
        feature=np.array([1, LEAF, LEAF, 0, LEAF, 0, 1, LEAF, LEAF, LEAF]),
        cut=np.array([50.0, 0, 0, -1.0, 0, 2.0, 1e9, 0, 0, 0]),
        left=np.array([1, LEAF, LEAF, 4, LEAF, 6, 7, LEAF, LEAF, LEAF]),
        right=np.array([2, LEAF, LEAF, 5, LEAF, 9, 8, LEAF, LEAF, LEAF]),
        value=np.array([0, 0.2, 0.6, 0, 0.1, 0, 0, 0.9, 0.3, 0.4]),
        root=np.array([0, 3]),
        n_features=3,
    )

    found = shap_values(never, x, np.arange(300))

    assert found.values[:, [0, 2]].tolist() == [[0.0, 0.0]] * 300
    share = (x[:, 1] <= 50).mean()
    assert found.base == pytest.approx((0.2 * share + 0.6 * (1 - share) + 0.9) / 2)


def test_a_model_of_leaves_alone_has_its_answer_as_base():
    leaf = TreeModel(
        feature=[LEAF], cut=[0], left=[LEAF], right=[LEAF], value=[0.3], root=[0], n_features=3
    )

    found = shap_values(leaf, rows(), np.arange(2))

    assert (found.values.tolist(), found.base) == ([[0.0] * 3] * 2, 0.3)


def test_the_summary_ranks_by_size_and_tells_the_direction():
    x = rows()[:, :2]

    found = shap_summary(FOREST, x, NAMES[:2], n_rows=300)

    # Both trees fall as either rises; ibs parts one row in five, rsi_2 one in ten.
    assert [(e.feature, e.direction) for e in found] == [("ibs", -1), ("rsi_2", -1)]


def test_the_summary_is_the_mean_size_of_the_values():
    x = rows()
    values = shap_values(LINE, x, np.arange(300)).values

    found = {e.feature: e for e in shap_summary(LINE, x, NAMES, n_rows=1000)}

    assert [found[name].direction for name in NAMES] == [1, -1, 1]
    expected = np.abs(values).mean(axis=0)
    assert [found[name].size for name in NAMES] == pytest.approx(expected.tolist())


def test_a_feature_that_is_not_asked_has_no_direction():
    x = rows()
    stump = replace(FOREST, n_features=3)

    assert shap_summary(stump, x, NAMES)[-1] == ("adx", 0.0, 0)


def test_equal_seeds_explain_equal_rows():
    x = rows()

    one, same, other = (shap_summary(LINE, x, NAMES, n_rows=20, seed=s) for s in (1, 1, 2))

    assert one == same
    assert one != other


def test_another_kind_of_model_or_of_rows_is_refused():
    class Guess:
        n_features = 3

        def predict_proba(self, x):
            return np.full((len(x), 2), 0.5)

    with pytest.raises(DataError, match="received a Guess"):
        shap_values(Guess(), rows(), np.arange(3))
    with pytest.raises(DataError, match="rows must have 3 features"):
        shap_values(LINE, rows()[:, :2], np.arange(3))
    with pytest.raises(DataError, match="received 2 for 3 columns"):
        shap_summary(LINE, rows(), NAMES[:2])


def test_trees_of_32_bits_are_explained_in_32_bits():
    # In 32 bits 0.2 lies above the cut at 0.2.
    x = np.vstack([[0.2, 11.0], rows()[:, :2]])

    found = shap_values(replace(FOREST, single=True), x, np.array([0]))

    assert found.base + found.values.sum() == pytest.approx((0.3 + 0.1) / 2)
