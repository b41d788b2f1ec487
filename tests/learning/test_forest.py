"""The own forest: equal to a readable twin, the same however it is asked, refused where unsound."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning.bundle_models import LEAF, TreeModel
from alphamill.learning.forest import (
    DEPTHS,
    Binned,
    Growth,
    Learner,
    add_scores,
    binned,
    grown,
    staged_scores,
)

WORD = 2**64
STEP = 0x9E3779B97F4A7C15


# --- the readable twin -------------------------------------------------------------------------


def mixed(state: int) -> int:
    z = (state + STEP) % WORD
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB % WORD
    return z ^ z >> 31


def stream(key: int):
    """Yield the numbers that a key draws."""
    while True:
        key = (key + STEP) % WORD
        yield mixed(key)


def key_of(seed: int, tree: int) -> int:
    return mixed((mixed(seed) + (tree + 1) * STEP) % WORD)


def below(number: int, n: int) -> int:
    return (number >> 32) * n >> 32


def drawn(key: int, n: int, n_draws: int) -> list[int]:
    """Return how often each of n rows of equal weight is drawn."""
    times = [0] * n
    numbers = stream(mixed(key ^ 2**63 + 1))
    for _ in range(n_draws):
        times[below(next(numbers), n)] += 1
    return times


def asked(key: int, n: int, x: np.ndarray) -> list[int]:
    """Return the features that a node of codes ``x`` asks: n, and more while all are constant."""
    left, out, numbers = list(range(x.shape[1])), [], stream(key)
    while left and (len(out) < n or (x[:, out] == x[0, out]).all()):
        at = below(next(numbers), len(left))
        out.append(left[at])
        left[at] = left[0]
        left = left[1:]
    return out


class Twin:
    """One tree by the book: exact gains of all cuts of the asked features."""

    def __init__(self, x, data, y, weight, growth):
        self.x, self.data, self.y, self.growth = x, data, y, growth
        whole = [sum(w for w, c in zip(weight, y, strict=True) if c == label) for label in (0, 1)]
        of_class = [Fraction(1, 2 * max(w, 1)) if growth.balanced else 1 for w in whole]
        self.weight = [w * of_class[c] for w, c in zip(weight, y, strict=True)]
        self.nodes = []

    def held(self, rows, label=None):
        return sum(self.weight[i] for i in rows if label in (None, self.y[i]))

    def purity(self, rows):
        return sum(self.held(rows, label) ** 2 for label in (0, 1)) / Fraction(self.held(rows))

    def branches(self, rows, j, cut):
        is_low = self.x[rows, j] <= cut
        return rows[is_low], rows[~is_low]

    def best(self, rows, key):
        found, n = (self.purity(rows), None, None), self.x.shape[1]
        for j in sorted(asked(key, self.growth.candidates(n), self.data.codes.T[rows])):
            for cut in self.data.cuts[j]:
                both = self.branches(rows, j, cut)
                if min(map(len, both)) >= self.growth.min_samples_leaf:
                    found = max(found, (sum(map(self.purity, both)), j, cut), key=lambda f: f[0])
        return found

    def grow(self, rows, key, deepest):
        here, share = len(self.nodes), self.held(rows, 1) / Fraction(self.held(rows))
        self.nodes.append((LEAF, 0.0, float(share)))
        small = len(rows) < 2 * self.growth.min_samples_leaf
        _, j, cut = (0, None, None) if small or not deepest else self.best(rows, key)
        if j is not None and 0 < share < 1:
            self.nodes[here] = (j, cut, float(share))
            for side, branch in enumerate(self.branches(rows, j, cut)):
                self.grow(branch, mixed(key ^ 2**63 + 2 + side), deepest - 1)
        return self.nodes


def market(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features of some kinds, a constant one among them, and classes that follow them."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 6))
    y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * x[:, 0] - x[:, 1] * x[:, 2]))).astype(np.int64)
    x[:, 3], x[:, 4], x[:, 5] = np.round(x[:, 3]), x[:, 0], 7.0
    return x, y


def learner(y: np.ndarray, growth: Growth, weight: np.ndarray | None = None) -> Learner:
    return Learner(y, np.ones(y.size) if weight is None else weight, growth, seed=3)


GROWTHS = [
    Growth("sqrt", 5, 0.7, balanced=False),
    Growth(0.5, 1, 1.0, balanced=True),
    Growth("log2", 10, None, balanced=False),
    Growth(1.0, 3, None, balanced=True),
    Growth(0.01, 8, 0.4, balanced=False),
]


@pytest.mark.parametrize("deepest", [2, 99])
@pytest.mark.parametrize("growth", GROWTHS)
def test_a_tree_is_the_twins_node_by_node(growth, deepest):
    x, y = market(150)
    data, rows = binned(x, 12), np.arange(x.shape[0])
    depth = deepest if deepest < 99 else None

    for tree in range(3):
        model = only(tree, grown(data, learner(y, growth), rows, np.arange(6), tree + 1, depth))
        key = key_of(3, tree)
        n_draws = int((growth.max_samples or 0) * 150)
        times = np.array(drawn(key, 150, n_draws) if n_draws else [1] * 150)
        twin = Twin(x, data, y, times.tolist(), growth).grow(rows[times > 0], key, deepest)
        assert list(zip(model.feature, model.cut, strict=True)) == [node[:2] for node in twin]
        assert model.value == pytest.approx([node[2] for node in twin], abs=1e-14)


def only(tree: int, forest: TreeModel) -> TreeModel:
    """Return the last of a forest's trees; it is number ``tree``."""
    assert forest.root.size == tree + 1
    first = forest.root[tree]
    columns = {name: getattr(forest, name)[first:] for name in ("feature", "cut", "value")}
    return replace(forest, root=np.array([0]), **columns, **children(forest, first))


def children(forest: TreeModel, first: int) -> dict[str, np.ndarray]:
    is_leaf = forest.feature[first:] == LEAF
    return {
        name: np.where(is_leaf, LEAF, getattr(forest, name)[first:] - first)
        for name in ("left", "right")
    }


# --- one growth for all numbers and depths -----------------------------------------------------


@pytest.mark.parametrize("growth", GROWTHS)
def test_scores_are_those_of_the_model_on_raw_features(growth):
    x, y = market(600)
    data, columns = binned(x), np.array([4, 1, 2, 3])
    train, test = np.arange(0, 600, 2), np.arange(1, 600, 2)

    staged = staged_scores(data, learner(y, growth), train, test, columns, (3, 8))

    for i, n_trees in enumerate((3, 8)):
        for j, depth in enumerate(DEPTHS):
            model = grown(data, learner(y, growth), train, columns, n_trees, depth)
            found = model.predict_proba(x[np.ix_(test, columns)])[:, 1]
            assert np.abs(staged[i, j] - found).max() < 1e-12


def test_a_forest_goes_on_where_it_stopped_to_the_last_bit():
    x, y = market(600)
    who, rows = learner(y, GROWTHS[0]), np.arange(600)
    at_once, in_parts = np.zeros((2, len(DEPTHS), 200))

    add_scores(binned(x), who, rows[:400], rows[400:], np.arange(6), range(30), at_once)
    for trees in (range(7), range(7, 8), range(8, 30)):
        add_scores(binned(x), who, rows[:400], rows[400:], np.arange(6), trees, in_parts)

    assert np.array_equal(at_once, in_parts)
    assert np.array_equal(
        at_once / 30,
        staged_scores(binned(x), who, rows[:400], rows[400:], np.arange(6), [5, 30])[1],
    )


def test_a_row_scores_alike_alone_and_among_others():
    x, y = market(500)
    data, who, columns = binned(x), learner(y, GROWTHS[0]), np.arange(6)
    train, test = np.arange(400), np.arange(400, 500)
    together = staged_scores(data, who, train, test, columns, [20])

    alone = [staged_scores(data, who, train, test[i : i + 1], columns, [20]) for i in range(9)]

    assert np.array_equal(together[..., :9], np.concatenate(alone, axis=-1))


def test_two_threads_grow_what_one_grows():
    x, y = market(800)
    data, rows, columns = binned(x), np.arange(800), np.arange(6)

    def scores(growth: Growth) -> np.ndarray:
        who = learner(y, growth)
        return staged_scores(data, who, rows[:600], rows[600:], columns, [12])

    one_by_one = [scores(growth) for growth in GROWTHS]
    with ThreadPoolExecutor(2) as pool:
        assert all(map(np.array_equal, one_by_one, pool.map(scores, GROWTHS)))


def test_columns_alone_are_asked_and_in_their_order():
    x, y = market(400)
    columns, rows = np.array([3, 0]), np.arange(400)

    chosen = grown(binned(x), learner(y, GROWTHS[3]), rows, columns, 4, None)
    cut_out = grown(binned(x[:, columns]), learner(y, GROWTHS[3]), rows, np.arange(2), 4, None)

    assert chosen.n_features == 2
    assert np.array_equal(chosen.feature, cut_out.feature)
    assert np.array_equal(chosen.cut, cut_out.cut)


def test_another_seed_is_another_forest():
    x, y = market(400)
    who, rows, columns = learner(y, GROWTHS[0]), np.arange(400), np.arange(6)

    one, other = (
        staged_scores(binned(x), replace(who, seed=seed), rows, rows, columns, [5])
        for seed in (3, -3)
    )

    assert not np.array_equal(one, other)


# --- rows and weights --------------------------------------------------------------------------


def test_leaves_hold_the_rows_that_they_must():
    x, y = market(500)
    growth = Growth(1.0, 40, None, balanced=False)

    model = grown(binned(x), learner(y, growth), np.arange(500), np.arange(6), 1, None)

    node = np.zeros(500, np.int64)
    while (model.feature[node] != LEAF).any():
        at = model.feature[node]
        low = x[np.arange(500), np.maximum(at, 0)] <= model.cut[node]
        node = np.where(at == LEAF, node, np.where(low, model.left[node], model.right[node]))
    held = np.unique(node, return_counts=True)[1]
    assert held.min() >= 40
    assert held.size > 5


@pytest.mark.parametrize("max_samples", [0.8, None])
def test_only_the_ratios_of_weights_count(max_samples):
    x, y = market(400)
    growth, rows = Growth("sqrt", 10, max_samples, balanced=False), np.arange(400)
    weight = np.random.default_rng(1).uniform(0.2, 1.0, 400)

    one, other = (
        staged_scores(binned(x), learner(y, growth, w), rows, rows, np.arange(6), [20])
        for w in (weight, 8.0 * weight)
    )

    assert np.array_equal(one, other)


def test_without_draws_a_row_of_weight_three_is_three_rows():
    x, y = market(300)
    growth, rows = Growth(1.0, 1, None, balanced=False), np.arange(300)
    times = np.random.default_rng(1).integers(1, 4, 300)
    thrice = np.repeat(rows, times)

    weighed = grown(binned(x), learner(y, growth, 1.0 * times), rows, np.arange(6), 1, 3)
    repeated = grown(binned(x), learner(y, growth), thrice, np.arange(6), 1, 3)

    assert np.array_equal(weighed.feature, repeated.feature)
    assert np.array_equal(weighed.cut, repeated.cut)
    assert weighed.value == pytest.approx(repeated.value, abs=1e-6)


def test_rows_are_drawn_in_proportion_to_their_weight():
    n, rows = 40, np.arange(40)
    weight = np.random.default_rng(2).uniform(0.05, 1.0, n)
    y = np.where(rows < 20, 1, 0)
    growth = Growth(1.0, n, 1.0, balanced=False)

    model = grown(binned(rows[:, None]), learner(y, growth, weight), rows, np.arange(1), 4000, 1)

    # Each tree is one leaf: the share of its draws that fell among the first twenty rows.
    expected = weight[:20].sum() / weight.sum()
    error = np.sqrt(expected * (1 - expected) / n / 4000)
    assert abs(model.value.mean() - expected) < 4 * error


def test_balanced_classes_weigh_the_same_in_each_tree():
    x, y = market(300)
    y[:200] = 0

    model = grown(binned(x), learner(y, GROWTHS[1]), np.arange(300), np.arange(6), 5, None)

    assert model.value[model.root] == pytest.approx(0.5)


def test_one_class_makes_leaves_of_certainty():
    x, _ = market(100)
    ones = np.ones(100, np.bool_)

    model = grown(binned(x), learner(ones, GROWTHS[1]), np.arange(100), np.arange(6), 3, None)

    assert model.value.tolist() == [1.0] * 3


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_features": "all"}, "max_features must be 'sqrt', 'log2' or a share"),
        ({"max_features": 1.2}, "up to 1, received 1.2"),
        ({"min_samples_leaf": 0}, "min_samples_leaf must be 1 row or more"),
        ({"max_samples": 0.0}, "max_samples must be a share above 0"),
    ],
)
def test_a_growth_outside_the_limits_is_refused(given, words):
    with pytest.raises(SettingsError, match=words):
        replace(GROWTHS[0], **given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"y": np.full(90, 2)}, r"classes must be 0 and 1, received \[2\]"),
        ({"weight": np.zeros(90)}, "weights must be finite and above 0, received 0.0"),
        ({"train": np.array([90])}, "train must be one or more places from 0 to 89"),
        ({"test": np.array([-1])}, "test must be one or more places"),
        ({"columns": np.array([], np.int64)}, "columns must be one or more places"),
        ({"trees": range(0, 4, 2)}, "trees go one by one"),
        ({"sums": np.zeros((1, 30))}, r"sums must have shape \(4, 30\)"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(given, words):
    x, y = market(90)
    parts = {
        "y": y, "weight": np.ones(90), "train": np.arange(60), "test": np.arange(60, 90),
        "columns": np.arange(6), "trees": range(3), "sums": np.zeros((4, 30)),
    } | given  # fmt: skip
    who = Learner(parts.pop("y"), parts.pop("weight"), GROWTHS[0], 1)

    with pytest.raises(DataError, match=words):
        add_scores(binned(x), who, **parts)


def test_more_rows_than_fit_into_a_word_are_refused():
    n = 2**21
    data = Binned(np.zeros((1, n), np.uint8), (np.empty(0),))
    who = learner(np.zeros(n, np.int8), GROWTHS[2])

    with pytest.raises(SettingsError, match="at most 2,097,151 rows, received 2,097,152"):
        grown(data, who, np.arange(n), np.arange(1), 1, None)
