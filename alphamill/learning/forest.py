"""Random forests for searches: one growth answers for any number and depth of its trees.

An own forest, because the common ones are too slow for a search of hundreds of trials. In one run
on one core, 300 trees on 3,140 x 52 with a leaf of 50 took scikit-learn 3.3 s, LightGBM in its
forest mode 0.9 s and this one 0.06 s, scores of 2,094 rows included; with half of the features
asked and no draws 22 s, 1.3 s and 0.3 s. Trees are scikit-learn's but for their cuts, which lie
between 64 bins of the feature and not between any two values: see forest_bins.py. Scores are
equal within noise: tests/learning/test_forest_quality.py.

Two threads grow two forests at once; the result never depends on threads. Where rows differ in
weight, they are drawn in proportion to it, as scikit-learn does since 1.9, and the weight has
then done its part; without draws it is the weight in the Gini impurity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Floats, Ints
from alphamill.learning.bundle_models import LEAF, TreeModel
from alphamill.learning.forest_bins import Binned as Binned  # asked for with the forest
from alphamill.learning.forest_bins import binned as binned
from alphamill.learning.forest_kernel import fill_alias_table, fill_keys, grow
from alphamill.learning.forest_state import Codes, Ground, Tree, Words

DEPTHS: Final = (3, 5, 7, None)
TREES: Final = (300, 600, 900, 1200)
# Deeper than any tree; and the widest field whose products stay exact in a float.
DEEPEST: Final = 2**31
MOST_BITS: Final = 26
WORD_BITS: Final = 63


@dataclass(frozen=True)
class Growth:
    """What shapes trees; their number and depth are read off afterwards.

    Attributes
    ----------
    max_features : float, "sqrt" or "log2"
        Features asked at a node, drawn afresh for each: a share of them, rounded down, or the
        root or binary logarithm of their number; at least 1.
    min_samples_leaf : int
        Training rows that a leaf must hold. As in scikit-learn, a row that was drawn twice is
        one row.
    max_samples : float, optional
        Rows drawn with replacement for each tree, as a share of the training rows; None takes
        each row once.
    balanced : bool
        Both classes weigh the same in each tree (scikit-learn's "balanced_subsample").

    Raises
    ------
    SettingsError
        For a value outside these.
    """

    max_features: float | Literal["sqrt", "log2"] = "sqrt"
    min_samples_leaf: int = 50
    max_samples: float | None = 0.7
    balanced: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.max_features, str):
            sound = self.max_features in ("sqrt", "log2")
        else:
            sound = 0 < self.max_features <= 1
        if not sound:
            raise SettingsError(
                "max_features must be 'sqrt', 'log2' or a share above 0 and up to 1, received "
                f"{self.max_features!r}."
            )
        if self.min_samples_leaf < 1:
            raise SettingsError(
                f"min_samples_leaf must be 1 row or more, received {self.min_samples_leaf!r}."
            )
        if self.max_samples is not None and not 0 < self.max_samples <= 1:
            raise SettingsError(
                "max_samples must be a share above 0 and up to 1, or None to take each row once, "
                f"received {self.max_samples!r}."
            )

    def candidates(self, n_features: int) -> int:
        """Return how many features are asked at a node."""
        if self.max_features == "sqrt":
            n = np.sqrt(n_features)
        elif self.max_features == "log2":
            n = np.log2(n_features)
        else:
            n = self.max_features * n_features
        return max(1, int(n))


@dataclass(frozen=True, eq=False)
class Learner:
    """What a forest learns and how; on which rows and features is said at each call.

    Attributes
    ----------
    y : ndarray of shape (n_rows,)
        Class of each row: 0 or 1, or False or True.
    weight : float64 of shape (n_rows,)
        Above 0; only the ratios among the training rows count.
    growth : Growth
    seed : int
        Tree i depends on the seed and i alone.
    """

    y: NDArray[Any]
    weight: Floats
    growth: Growth
    seed: int


def add_scores(
    data: Binned,
    learner: Learner,
    train: Ints,
    test: Ints,
    columns: Ints,
    trees: range,
    sums: Floats,
) -> None:
    """Grow some trees of a forest and add their probabilities of class 1 at the test rows.

    A forest goes on where it stopped: ``range(100)`` and then ``range(100, 300)`` add up to
    ``range(300)``, to the last bit. Divided by the number of trees so far, the sums are scores.

    Parameters
    ----------
    data : Binned
    learner : Learner
    train, test : int64 of shape (n_train,), (n_test,)
        Rows to learn from and to score.
    columns : int64 of shape (n_columns,)
        Features that may be asked.
    trees : range
        Which trees, one by one.
    sums : float64 of shape (len(DEPTHS), n_test)
        One row for each depth at which trees are cut; changed in place.

    Raises
    ------
    DataError
        For rows or columns that are not there or none, other classes than 0 and 1, weights that
        are not above 0, or sums of another shape.
    SettingsError
        For more rows than a forest can hold.
    """
    scored = _codes(data, columns, _places("test", test, data.codes.shape[1]))
    shape = (len(DEPTHS), scored.shape[1])
    if sums.shape != shape or trees.step != 1:
        raise DataError(
            f"sums must have shape {shape} and trees go one by one, received {sums.shape} and "
            f"{trees}."
        )
    ground = _ground(data, learner, train, columns)
    levels = np.array([DEEPEST if depth is None else depth for depth in DEPTHS], np.int64)
    # A row's sums side by side are written faster.
    by_row = np.ascontiguousarray(sums.T)
    grow(ground, _keys(learner.seed, trees), _room(ground), scored, levels, by_row)
    sums[:] = by_row.T


def staged_scores(
    data: Binned,
    learner: Learner,
    train: Ints,
    test: Ints,
    columns: Ints,
    n_trees: Sequence[int],
) -> Floats:
    """Return probabilities of class 1 for each number and depth of trees from one growth.

    Parameters
    ----------
    data, learner, train, test, columns
        As `add_scores`.
    n_trees : sequence of int
        Rising, from 1.

    Returns
    -------
    ndarray of shape (len(n_trees), len(DEPTHS), n_test)
    """
    sums, scores = np.zeros((len(DEPTHS), len(test))), []
    for first, last in pairwise([0, *n_trees]):
        add_scores(data, learner, train, test, columns, range(first, last), sums)
        scores.append(sums / last)
    return np.array(scores)


def grown(
    data: Binned, learner: Learner, train: Ints, columns: Ints, n_trees: int, depth: int | None
) -> TreeModel:
    """Return a forest as a model of plain arrays, which answers on raw features.

    Its features are ``columns`` in their order; its probabilities are those of `staged_scores`
    at that number and depth of trees. Parameters as `add_scores`.

    Raises
    ------
    DataError, SettingsError
        As `add_scores`; also for no trees.
    """
    ground = _ground(data, learner, train, columns)
    room, levels = _room(ground), np.array([DEEPEST if depth is None else depth], np.int64)
    no_rows, no_sums = np.empty((len(columns), 0), np.uint8), np.empty((0, 1))
    parts: list[list[Any]] = []
    root = [0]
    for key in _keys(learner.seed, range(n_trees)):
        n = grow(ground, np.array([key]), room, no_rows, levels, no_sums)
        nodes: list[Any] = [column[:n].copy() for column in room]
        feature, cut, left, right, value = nodes
        left[feature != LEAF] += root[-1]
        right[feature != LEAF] += root[-1]
        parts.append([feature, _values_of(data, columns, feature, cut), left, right, value])
        root.append(root[-1] + n)
    feature, cut, left, right, value = map(np.concatenate, zip(*parts, strict=True))
    return TreeModel(feature, cut, left, right, value, np.array(root[:-1]), len(columns))


def _values_of(data: Binned, columns: Ints, feature: Ints, code: Ints) -> Floats:
    """Return the feature values of cuts that are codes; 0 at leaves."""
    return np.array(
        [0.0 if f == LEAF else data.cuts[columns[f]][c] for f, c in zip(feature, code, strict=True)]
    )


def _ground(data: Binned, learner: Learner, train: Ints, columns: Ints) -> Ground:
    n_features, n_rows = data.codes.shape
    rows = _places("train", train, n_rows)
    columns = _places("columns", columns, n_features)
    growth, n = learner.growth, rows.size
    label, weight = np.asarray(learner.y)[rows], np.asarray(learner.weight, np.float64)[rows]
    _require_sound(label, weight)
    bits = min((WORD_BITS - n.bit_length()) // 2, MOST_BITS)
    if n >= 2**bits:
        raise SettingsError(
            f"a forest grows from at most {2 ** (WORD_BITS // 3) - 1:,} rows, received {n:,}. "
            "Train on fewer."
        )
    keep, other = np.empty(n, np.int64), np.empty(n, np.int64)
    fill_alias_table(weight, keep, other)
    return Ground(
        codes=_codes(data, columns, rows),
        n_bins=np.array([data.cuts[column].size + 1 for column in columns]),
        label=label.astype(np.int64),
        weight=_whole(weight, 2**bits - 1),
        keep=keep,
        other=other,
        n_draws=0 if growth.max_samples is None else max(1, int(growth.max_samples * n)),
        candidates=growth.candidates(columns.size),
        leaf=growth.min_samples_leaf,
        balanced=growth.balanced,
        bits=bits,
    )


def _require_sound(label: NDArray[Any], weight: Floats) -> None:
    if not ((label == 0) | (label == 1)).all():
        raise DataError(
            f"classes must be 0 and 1, received {np.unique(label)[:5].tolist()} among the training "
            "rows. Label the rows first."
        )
    sound = np.isfinite(weight) & (weight > 0)
    if not sound.all():
        raise DataError(
            f"weights must be finite and above 0, received {float(weight[~sound][0])!r}. Leave "
            "rows out that shall not count."
        )


def _whole(weight: Floats, most: int) -> Ints:
    """Return weights as whole numbers of at least 1 whose sum is at most ``most``."""
    if weight.min() == weight.max():
        return np.ones(weight.size, np.int64)
    # Rounding adds less than 1 a row.
    whole = np.rint(weight / weight.sum() * (most - weight.size))
    return np.asarray(np.maximum(whole, 1.0).astype(np.int64))


def _room(ground: Ground) -> Tree:
    """Return room for the nodes of one tree."""
    n = 2 * (ground.label.size // ground.leaf + 1)
    feature, cut, left, right = np.empty((4, n), np.int64)
    return Tree(feature, cut, left, right, np.empty(n))


def _keys(seed: int, trees: range) -> Words:
    keys = np.empty(len(trees), np.uint64)
    fill_keys(np.uint64(seed % 2**64), trees.start, keys)
    return keys


def _codes(data: Binned, columns: Ints, rows: Ints) -> Codes:
    """Return the codes of some features and rows, shape (n_columns, n)."""
    return np.ascontiguousarray(data.codes[columns][:, rows])


def _places(name: str, given: Ints, n: int) -> Ints:
    places = np.asarray(given, dtype=np.int64)
    if places.ndim != 1 or not places.size or places.min() < 0 or places.max() >= n:
        raise DataError(f"{name} must be one or more places from 0 to {n - 1}, received {given!r}.")
    return places
