"""What moves a model's scores: SHAP values and their summary.

The values are those of shap's TreeExplainer over the model's own arrays (for trees) or exact in
closed form (for a line). The libraries' own objects are not needed, so a stored bundle can be
explained years later.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.learning.bundle_models import CELLS, LEAF, LogisticModel, Model, TreeModel

Unit = Literal["probability", "log odds"]


class Effect(NamedTuple):
    """What one feature does to the scores.

    ``size`` is its mean absolute SHAP value; ``direction`` is 1 where larger values go with larger
    scores, -1 where with smaller ones, 0 where neither holds (sign of the correlation of value
    and SHAP value; a feature that helps in the middle of its range has none worth trusting).
    """

    feature: str
    size: float
    direction: int


@dataclass(frozen=True, eq=False)
class Explained:
    """How each row's answer is made up: ``base`` plus the sum of its values.

    Attributes
    ----------
    values : float64 of shape (n_rows, n_features)
    base : float
        Answer for nothing known: the mean over the background rows.
    unit : str
        What is made up: the probability of a forest; the log odds of boosted trees and of a
        logistic model, whose probability is no sum.
    """

    values: Floats
    base: float
    unit: Unit


def shap_summary(
    model: Model, x: Floats, names: tuple[str, ...], *, n_rows: int = 500, seed: int = 0
) -> list[Effect]:
    """Return what each feature does to the scores, the strongest first.

    Parameters
    ----------
    model : Model
    x : ndarray of shape (n_rows_of_x, n_features)
        The background, such as the training rows.
    names : tuple of str
    n_rows : int
        So many rows of ``x``, drawn without order, are explained.
    seed : int

    Raises
    ------
    DataError
        For rows that the model does not take, or names that are not one a column.
    """
    if len(names) != x.shape[1]:
        raise DataError(
            f"a summary needs one name a column, received {len(names)} for {x.shape[1]} columns. "
            "Pass the names of the columns that the model learned."
        )
    chosen = np.random.default_rng(seed).permutation(len(x))[:n_rows]
    values = shap_values(model, x, chosen).values
    size = np.abs(values).mean(axis=0)
    side = np.sign(_together(x[chosen], values)).astype(int)
    # Equal sizes keep the order of columns.
    ranked = np.argsort(-size, kind="stable")
    return [Effect(names[j], float(size[j]), int(side[j])) for j in ranked]


def shap_values(model: Model, x: Floats, chosen: Ints) -> Explained:
    """Return the SHAP values of some rows of ``x`` against all of them.

    Trees are explained along their own paths: a feature that is not known sends a row down both
    sides, in the shares in which the rows of ``x`` went; sides that none took are not there. Of a
    boosted model it is the log odds that are explained. The logistic model takes the features as
    independent: slope times distance from the mean of ``x``.

    Parameters
    ----------
    model : Model
    x : ndarray of shape (n_rows, n_features)
        The background, such as the training rows.
    chosen : int64 of shape (n_chosen,)
        Which rows to explain.

    Raises
    ------
    DataError
        For rows that the model does not take, and for a model of another kind.

    References
    ----------
    Lundberg et al. (2020), From local explanations to global understanding with explainable AI
    for trees, Nature Machine Intelligence 2, algorithm 2 (path-dependent); Lundberg and Lee
    (2017), A unified approach to interpreting model predictions, corollary 1 (linear).
    """
    model.predict_proba(x[:1])  # refuses rows that are not the model's
    if isinstance(model, TreeModel):
        return _of_trees(model, x, chosen)
    if not isinstance(model, LogisticModel):
        raise DataError(
            "SHAP values are known of trees and of logistic models, received a "
            f"{type(model).__name__}. Convert the model to plain arrays first."
        )
    slope, mean = model.slope / model.scale, x.mean(axis=0)
    base = float((mean - model.centre) @ slope + model.intercept)
    return Explained((x[chosen] - mean) * slope, base, "log odds")


def _of_trees(model: TreeModel, x: Floats, chosen: Ints) -> Explained:
    import shap

    # TreeExplainer compares in 64 bits.
    rows = x.astype(np.float32).astype(np.float64) if model.single else x
    scaling = 1.0 if model.boosted else 1.0 / model.root.size
    ensemble = {
        "trees": _whole_trees(model, _cover(model, rows), scaling),
        "base_offset": model.base,
        "input_dtype": np.float64,
        "internal_dtype": np.float64,
    }
    explainer = shap.TreeExplainer(ensemble, feature_perturbation="tree_path_dependent")
    values = explainer.shap_values(rows[chosen], check_additivity=False)
    unit: Unit = "log odds" if model.boosted else "probability"
    return Explained(np.asarray(values), np.asarray(explainer.expected_value).item(), unit)


def _cover(model: TreeModel, x: Floats) -> Ints:
    """Return how many rows pass each node, shape (n_nodes,)."""
    cover = np.zeros(model.feature.size, dtype=np.int64)
    step = max(CELLS // model.root.size, 1)
    for at in range(0, len(x), step):
        part = x[at : at + step]
        node = np.repeat(model.root, len(part))
        row = np.tile(np.arange(len(part)), model.root.size)
        while node.size:
            cover += np.bincount(node, minlength=cover.size)
            inner = model.feature[node] != LEAF
            node, row = node[inner], row[inner]
            below = part[row, model.feature[node]] <= model.cut[node]
            node = np.where(below, model.left[node], model.right[node])
    return cover


def _whole_trees(model: TreeModel, cover: Ints, scaling: float) -> list[dict[str, Any]]:
    """Return the trees in shap's own form, without the nodes that no row passes.

    A node with such a child is replaced by its other child. No row of the background is answered
    otherwise, and what a model says where nothing was ever seen explains none of them.
    """
    place, kept = _contracted(model, cover)
    ends = np.append(model.root[1:], model.feature.size)
    trees = []
    for first, end in zip(model.root, ends, strict=True):
        at = first + np.flatnonzero(kept[first:end])
        number = np.zeros(end - first, dtype=np.int64)
        number[at - first] = np.arange(at.size)
        inner = model.feature[at] != LEAF
        left, right = np.full((2, at.size), LEAF)
        left[inner] = number[place[model.left[at[inner]]] - first]
        right[inner] = number[place[model.right[at[inner]]] - first]
        trees.append(
            {
                "children_left": left,
                "children_right": right,
                "children_default": left,
                "features": model.feature[at],
                "thresholds": model.cut[at],
                "values": model.value[at, None] * scaling,
                "node_sample_weight": cover[at].astype(np.float64),
            }
        )
    return trees


def _contracted(model: TreeModel, cover: Ints) -> tuple[Ints, Flags]:
    """Return the node that stands in for each, and which nodes stand for themselves."""
    place = np.arange(cover.size)
    for at in np.flatnonzero((model.feature != LEAF) & (cover > 0))[::-1]:
        left, right = model.left[at], model.right[at]
        if not cover[left] or not cover[right]:
            place[at] = place[right if cover[right] else left]
    return place, (place == np.arange(cover.size)) & (cover > 0)


def _together(x: Floats, values: Floats) -> Floats:
    """Return the covariance of each column with its values; 0 where either never moves."""
    apart = (x - x.mean(axis=0)) * (values - values.mean(axis=0))
    total: Floats = apart.sum(axis=0)
    # What rounding leaves is no direction.
    size = np.abs(apart).sum(axis=0)
    return np.where(np.abs(total) > 1e-9 * size, total, 0.0)
