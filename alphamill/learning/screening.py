"""Which columns a training set offers, and which of them are worth learning from.

A column is worth what held-out rows lose when it is shuffled among them. Shuffled among the rows
that a model was trained on, noise seems worth as much as anything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Floats, Ints
from alphamill.learning.forest import Growth, Learner, binned, grown
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

Method = Literal["clustered", "permutation", "none"]
PER_CLUSTER: Final = 2
ALIKE: Final = 0.7  # absolute rank correlation from which one column says what another does
# Of two columns that raise the chance to win from 0.47 to 0.60 together, these find both in 9 of 10
# sets of 3,000 rows of 52; three times the trees, deeper ones or all columns at a node no more.
N_BINS, N_TREES, DEPTH, N_SHUFFLES = 32, 100, 3, 5
GROWTH: Final = Growth(max_features=0.3, min_samples_leaf=50, max_samples=0.7, balanced=False)
FEWEST_IN_HALF: Final = 40


class Usable(NamedTuple):
    """Columns that may be learned from, rising, and why the others may not, by name."""

    columns: Ints
    dropped: Mapping[str, str]


class Trees(NamedTuple):
    """Columns of a `TreeModel`."""

    feature: Ints
    cut: Floats
    left: Ints
    right: Ints
    value: Floats
    root: Ints


def usable(x: Floats, names: Sequence[str], max_unknown_frac: float = 0.05) -> Usable:
    """Return which columns say something, and why the others do not.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_features)
        NaN and infinity are unknown.
    names : sequence of str
        One a column.
    max_unknown_frac : float
        A column that is unknown in more of the rows is dropped.

    Raises
    ------
    DataError
        When there is no row, or not one name a column.
    """
    if x.ndim != 2 or not len(x) or len(names) != x.shape[1]:
        raise DataError(
            f"features need rows and one name a column, received shape {x.shape} and "
            f"{len(names)} names. Pass the columns and the names of one dataset."
        )
    kept: list[int] = []
    dropped: dict[str, str] = {}
    first: dict[bytes, str] = {}
    for j, name in enumerate(names):
        # Adding 0 makes -0 and 0 the same bytes, and one NaN stands for all that is unknown.
        column = np.where(np.isfinite(x[:, j]), x[:, j], np.nan) + 0.0
        known = column[~np.isnan(column)]
        n_unknown = column.size - known.size
        same = first.setdefault(column.tobytes(), name)
        if not known.size:
            dropped[name] = "never known"
        elif n_unknown > max_unknown_frac * column.size:
            dropped[name] = f"unknown in {n_unknown / column.size:.1%} of the rows"
        elif known.min() == known.max():
            dropped[name] = f"always {known[0]:g}"
        elif same != name:
            dropped[name] = f"the same as {same}"
        else:
            kept.append(j)
    return Usable(np.array(kept, dtype=np.int64), MappingProxyType(dropped))


def screened(
    x: Floats,
    y: Ints,
    weight: Floats,
    n_features: int = 30,
    method: Method = "clustered",
    *,
    seed: int,
    gap_rows: int = 50,
) -> Ints:
    """Return the columns that one training set says are worth learning from.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_columns)
        Finite; rows in the order of time.
    y : ndarray of shape (n_rows,)
        0 or 1.
    weight : ndarray of shape (n_rows,)
        0 or more, such as the average uniqueness.
    n_features : int
        At most so many are returned.
    method : {"clustered", "permutation", "none"}
        ``permutation`` takes the columns of the highest worth. ``clustered`` gathers columns of
        like ranks in half as many clusters as features are wanted, and takes the two of highest
        worth from each, but none whose rank correlation with one of more worth reaches `ALIKE`.
        ``none`` takes all, whatever ``n_features`` says.
    seed : int
    gap_rows : int
        Rows on either side of the held-out ones that the model does not see, because their
        labels overlap: at least the rows that begin while one trade lasts.

    Returns
    -------
    ndarray of shape (n_chosen,)
        Rising. Columns that never move in these rows are left out but for ``none``.

    Raises
    ------
    SettingsError
        For a number of features below 2 or an unknown method.
    DataError
        For rows that are no training set.

    References
    ----------
    Breiman (2001), Random forests, section 10 (shuffling; here on later or earlier rows instead
    of those out of the bag). Lopez de Prado (2020), Machine Learning for Asset Managers, chapters
    4 and 6 (clusters of features).
    """
    if n_features < 2 or method not in ("clustered", "permutation", "none"):
        raise SettingsError(
            "screening needs 2 features or more and a method clustered, permutation or none, "
            f"received {n_features!r} and {method!r}. Correct the setting."
        )
    if method == "none":
        return np.arange(x.shape[1])
    moving = np.flatnonzero(x.min(axis=0) != x.max(axis=0))
    if moving.size < 2:
        return moving
    columns = np.ascontiguousarray(x[:, moving], dtype=np.float64)
    worth = worths(columns, y, weight, seed=seed, gap_rows=gap_rows)
    ranked = np.argsort(-worth, kind="stable")
    if method == "clustered":
        alike = _alike(columns)
        ranked = _apart(ranked, alike, _clusters(alike, n_features // PER_CLUSTER))
    return np.sort(moving[ranked[:n_features]])


def worths(x: Floats, y: Ints, weight: Floats, *, seed: int, gap_rows: int) -> Floats:
    """Return how much the weighted squared error of held-out rows grows without each column.

    Each half of the rows is held out once from a forest that learns the other, ``gap_rows``
    nearest rows left out. Parameters are those of `screened`; noise is worth about 0, as often
    less as more.

    Raises
    ------
    DataError
        When too few rows are left beside the gap.
    """
    n, middle = len(x), len(x) // 2
    if middle - gap_rows < FEWEST_IN_HALF:
        raise DataError(
            f"screening needs {2 * (gap_rows + FEWEST_IN_HALF)} rows, received {n}. Train on a "
            "longer window, or on all features."
        )
    # Of a short half at least four leaves must be possible.
    leaf = min(GROWTH.min_samples_leaf, (middle - gap_rows) // 4)
    growth = replace(GROWTH, min_samples_leaf=leaf)
    rng = np.random.default_rng(seed)
    won, every = np.asarray(y, dtype=np.float64), np.arange(x.shape[1])
    data, learner = binned(x, N_BINS), Learner(y, weight, growth, seed)
    halves = [
        (np.arange(middle + gap_rows, n), slice(0, middle)),
        (np.arange(0, middle - gap_rows), slice(middle, n)),
    ]
    total = np.zeros(x.shape[1])
    for learned, held in halves:
        model = grown(data, learner, learned, every, N_TREES, DEPTH)
        orders = rng.permuted(np.tile(np.arange(won[held].size), (N_SHUFFLES, 1)), axis=1)
        trees = Trees(*(getattr(model, name) for name in Trees._fields))
        rows = np.ascontiguousarray(x[held], dtype=np.float64)
        total += added_losses(trees, rows, won[held], weight[held], orders)
    return total / len(halves)


@jit
def added_losses(trees: Trees, x: Floats, y: Floats, weight: Floats, orders: Ints) -> Floats:
    """Return by how much the weighted squared error grows as each column is shuffled.

    Parameters
    ----------
    trees : Trees
        Of a forest.
    x : float64 of shape (n_rows, n_columns)
    y, weight : float64 of shape (n_rows,)
    orders : int64 of shape (n_shuffles, n_rows)
        Row whose value each row gets.

    Returns
    -------
    float64 of shape (n_columns,)
        Mean over the shuffles. A shuffled row can leave its own way only at a node that asks the
        column, so the time hardly grows with the number of columns.
    """
    n_shuffles, n_columns, n_trees = len(orders), x.shape[1], trees.root.size
    added = np.zeros(n_columns)
    change = np.zeros((n_shuffles, n_columns))
    left_at = np.full((n_shuffles, n_columns), -1)
    for row in range(len(x)):
        score = 0.0
        change[:] = 0.0
        left_at[:] = -1
        for tree in range(n_trees):
            score += _tree_changes(trees, tree, x, row, orders, change, left_at)
        error = score / n_trees - y[row]
        for s in range(n_shuffles):
            for j in range(n_columns):
                moved = change[s, j] / n_trees
                # (e + m)^2 - e^2, which does not cancel.
                added[j] += weight[row] * moved * (2.0 * error + moved)
    total: Floats = added / (weight.sum() * n_shuffles)
    return total


@jit
def _tree_changes(
    trees: Trees, tree: int, x: Floats, row: int, orders: Ints, change: Floats, left_at: Ints
) -> float:
    """Return what a tree answers a row; add to ``change`` what it answers more when shuffled."""
    reached = _reached(trees, trees.root[tree], x, row, row, -1)
    node = trees.root[tree]
    while trees.feature[node] >= 0:
        j, cut = trees.feature[node], trees.cut[node]
        goes_left = x[row, j] <= cut
        for s in range(len(orders)):
            if left_at[s, j] != tree and (x[orders[s, row], j] <= cut) != goes_left:
                left_at[s, j] = tree
                other = trees.right[node] if goes_left else trees.left[node]
                change[s, j] += _reached(trees, other, x, row, orders[s, row], j) - reached
        node = trees.left[node] if goes_left else trees.right[node]
    return reached


@jit
def _reached(trees: Trees, node: int, x: Floats, row: int, other: int, column: int) -> float:
    """Return the leaf below a node for a row that has one column's value from another row."""
    while trees.feature[node] >= 0:
        j = trees.feature[node]
        value = x[other, j] if j == column else x[row, j]
        node = trees.left[node] if value <= trees.cut[node] else trees.right[node]
    return float(trees.value[node])


def _alike(x: Floats) -> Floats:
    """Return the absolute rank correlation of columns, all of which move."""
    from scipy.stats import rankdata

    rho = np.corrcoef(rankdata(x, axis=0), rowvar=False)
    return np.asarray(np.minimum(np.abs(rho), 1.0))


def _clusters(alike: Floats, n_clusters: int) -> Ints:
    """Return each column's cluster: average linkage of sqrt((1 - |rho|) / 2)."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(alike) <= n_clusters:
        return np.arange(len(alike))
    pairs = np.triu_indices(len(alike), k=1)
    tree = linkage(np.sqrt(0.5 * (1.0 - alike[pairs])), method="average")
    return np.asarray(fcluster(tree, n_clusters, criterion="maxclust"), dtype=np.int64)


def _apart(ranked: Ints, alike: Floats, cluster: Ints) -> Ints:
    """Return the columns that are taken when they come in the order of ``ranked``."""
    taken: list[int] = []
    for j in ranked:
        in_cluster = sum(cluster[k] == cluster[j] for k in taken)
        if in_cluster < PER_CLUSTER and not (alike[j, taken] >= ALIKE).any():
            taken.append(int(j))
    return np.array(taken, dtype=np.int64)
