"""Models as plain arrays: what a bundle stores, and how it answers without the library's code.

A row is answered alike alone and among others, to the last bit: sums run in the order of trees
and of features, so a live score is the score of the dataset.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints

LEAF = -1
CELLS = 1_000_000  # bounds trees x rows held at once


class Model(Protocol):
    """Whatever gives probabilities of the two classes from finite rows."""

    @property
    def n_features(self) -> int: ...

    def predict_proba(self, x: Floats) -> Floats: ...


@dataclass(frozen=True, eq=False)
class TreeModel:
    """A forest or boosted trees; nodes of all trees lie one after the other.

    Attributes
    ----------
    feature, left, right : int64 of shape (n_nodes,)
        Feature that a node asks, `LEAF` at a leaf; the node for values up to ``cut`` and the one
        for those above. Children stand behind their parent; a leaf has `LEAF` for both.
    cut, value : float64 of shape (n_nodes,)
        ``value`` counts at leaves: the probability of class 1 in a forest, its log odds in
        boosted trees.
    root : int64 of shape (n_trees,)
        First node of each tree, rising from 0.
    n_features : int
    base : float
        Log odds before the first boosted tree.
    boosted : bool
        Leaf values are summed and turned from log odds; otherwise they are averaged.
    single : bool
        Rows are rounded to 32 bits first, as scikit-learn's trees do.

    Raises
    ------
    DataError
        When the arrays are no trees.
    """

    feature: Ints
    cut: Floats
    left: Ints
    right: Ints
    value: Floats
    root: Ints
    n_features: int
    base: float = 0.0
    boosted: bool = False
    single: bool = False

    def __post_init__(self) -> None:
        for name in ("feature", "left", "right", "root"):
            _own(self, name, np.int64)
        for name in ("cut", "value"):
            _own(self, name, np.float64)
        faults = self._faults()
        if faults:
            raise DataError(
                f"a tree model must be made of whole trees, and {faults[0]}. Build it again."
            )

    def predict_proba(self, x: Floats) -> Floats:
        """Return the probabilities of class 0 and 1, shape (n_rows, 2).

        Parameters
        ----------
        x : ndarray of shape (n_rows, n_features)

        Raises
        ------
        DataError
            For another number of columns, NaN or infinity: these trees know no missing values.
        """
        rows = _rows(x, self.n_features)
        if self.single:
            with np.errstate(over="ignore"):
                rows = rows.astype(np.float32).astype(np.float64)
        step = max(CELLS // self.root.size, 1)
        parts = [self._summed(rows[at : at + step]) for at in range(0, len(rows), step)]
        total = np.concatenate(parts) if parts else np.empty(0)
        return _pair(_expit(self.base + total) if self.boosted else total / self.root.size)

    def _summed(self, x: Floats) -> Floats:
        """Return the sum over trees of the leaf values that each row reaches."""
        row = np.arange(len(x))
        node = np.repeat(self.root[:, None], len(x), axis=1)
        while (inner := self.feature[node] >= 0).any():
            asked = x[row, np.where(inner, self.feature[node], 0)]
            below = np.where(asked <= self.cut[node], self.left[node], self.right[node])
            node = np.where(inner, below, node)
        # A running sum keeps one order for any number of rows; `sum` changes it for a single one.
        return np.asarray(np.cumsum(self.value[node], axis=0)[-1])

    def _faults(self) -> list[str]:
        """Return what makes these arrays no trees."""
        n = self.feature.size
        columns = (self.cut, self.left, self.right, self.value)
        if not n or any(c.shape != (n,) for c in columns) or self.feature.ndim != 1:
            return [f"its columns have lengths {[c.shape for c in (self.feature, *columns)]}"]
        root = self.root
        if root.ndim != 1 or not root.size or root[0] != 0 or (np.diff(root) <= 0).any():
            return ["its roots do not rise from 0"]
        if root[-1] >= n:
            return [f"tree {root.size - 1} starts behind the last of {n} nodes"]
        at, leaf = np.arange(n), self.feature == LEAF
        end = np.append(root[1:], n)[np.searchsorted(root, at, side="right") - 1]
        inner = ~leaf
        faults = [
            f"node {int(np.flatnonzero(child_bad)[0])} has a child outside its tree"
            for child in (self.left, self.right)
            if (child_bad := inner & ((child <= at) | (child >= end))).any()
        ]
        if ((self.feature < LEAF) | (self.feature >= self.n_features)).any():
            faults.append(f"a node asks a feature outside 0 to {self.n_features - 1}")
        if not np.isfinite(self.value[leaf]).all() or not np.isfinite(self.cut[inner]).all():
            faults.append("a value or a cut is not finite")
        if not self.boosted and ((self.value[leaf] < 0) | (self.value[leaf] > 1)).any():
            faults.append("a leaf of the forest holds no probability")
        return faults


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """Logistic regression on standardised features; all columns of shape (n_features,).

    Raises
    ------
    DataError
        When lengths differ, a number is not finite or a scale is not above 0.
    """

    centre: Floats
    scale: Floats
    slope: Floats
    intercept: float

    def __post_init__(self) -> None:
        for name in ("centre", "scale", "slope"):
            _own(self, name, np.float64)
        columns = (self.centre, self.scale, self.slope)
        sound = len({c.shape for c in columns}) == 1 and self.slope.ndim == 1 and self.slope.size
        if not sound or not np.isfinite([*columns, self.centre + self.intercept]).all():
            raise DataError(
                "a logistic model must have one finite centre, scale and slope a feature, received "
                f"shapes {[c.shape for c in columns]}. Build it again."
            )
        if (self.scale <= 0).any():
            raise DataError(
                f"a logistic model's scales must be above 0, received {self.scale.min()!r}. Leave "
                "features out that never move."
            )

    @property
    def n_features(self) -> int:
        return int(self.slope.size)

    def predict_proba(self, x: Floats) -> Floats:
        """Return the probabilities of class 0 and 1, shape (n_rows, 2); as `TreeModel`'s."""
        rows = _rows(x, self.n_features)
        terms = (rows - self.centre) / self.scale * self.slope
        return _pair(_expit(np.cumsum(terms, axis=1)[:, -1] + self.intercept))


KINDS: Final[Mapping[str, type[Any]]] = {"trees": TreeModel, "logistic": LogisticModel}


def kind_of(model: Model) -> str:
    """Return the name under which `model_of` knows a model.

    Raises
    ------
    DataError
        For a model that is not made of plain arrays.
    """
    for kind, made in KINDS.items():
        if isinstance(model, made):
            return kind
    raise DataError(
        f"a bundle holds models of plain arrays, received a {type(model).__name__}. Convert it "
        "with alphamill.learning.bundle_sklearn."
    )


def arrays_of(model: Model) -> dict[str, Any]:
    """Return a model's columns and scalars by name, all as arrays."""
    made = KINDS[kind_of(model)]
    return {f.name: np.asarray(getattr(model, f.name)) for f in fields(made)}


def model_of(kind: str, arrays: Mapping[str, Any]) -> Model:
    """Return the model whose ``arrays_of`` these are.

    Raises
    ------
    DataError
        For an unknown kind, other names, or arrays that are no such model.
    """
    names = {f.name for f in fields(KINDS[kind])} if kind in KINDS else set()
    if names != set(arrays):
        raise DataError(
            f"a model must be of a kind {sorted(KINDS)} with its arrays, received {kind!r} with "
            f"{sorted(arrays)}. Build the bundle again."
        )
    model: Model = KINDS[kind](
        **{name: a.item() if a.ndim == 0 else a for name, a in arrays.items()}
    )
    return model


def _own(model: object, name: str, dtype: type[Any]) -> None:
    column = np.array(getattr(model, name), dtype=dtype)
    column.flags.writeable = False
    object.__setattr__(model, name, column)


def _rows(x: Floats, n_features: int) -> Floats:
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != n_features:
        raise DataError(f"rows must have {n_features} features, received shape {rows.shape}.")
    if not np.isfinite(rows).all():
        at, column = np.argwhere(~np.isfinite(rows))[0]
        raise DataError(
            f"features must be finite, received {rows[at, column]!r} in row {at}, column {column}. "
            "A row with an unknown feature is no trade."
        )
    return rows


def _expit(x: Floats) -> Floats:
    # The half that cannot overflow, whatever the sign.
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small))


def _pair(p: Floats) -> Floats:
    return np.column_stack([1.0 - p, p])
