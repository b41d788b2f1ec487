"""Fitted scikit-learn estimators become models of plain arrays; the library is not imported."""

from typing import Any

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.learning.bundle_models import LEAF, LogisticModel, Model, TreeModel

FORESTS = ("RandomForestClassifier", "ExtraTreesClassifier")


def from_sklearn(estimator: Any) -> Model:
    """Return a fitted classifier of the classes 0 and 1 as a model of plain arrays.

    Known are RandomForestClassifier, ExtraTreesClassifier, GradientBoostingClassifier (log loss,
    from the class prior), LogisticRegression, and a pipeline of StandardScaler and
    LogisticRegression.

    Raises
    ------
    DataError
        For anything else.
    """
    name = type(estimator).__name__
    if name == "Pipeline":
        steps = [step for _, step in estimator.steps]
        if [type(step).__name__ for step in steps] == ["StandardScaler", "LogisticRegression"]:
            return _logistic(steps[1], steps[0])
    classes = getattr(estimator, "classes_", None)
    if classes is None or list(classes) != [0, 1]:
        raise DataError(
            f"a model must be fitted on the classes 0 and 1, received a {name} of "
            f"{None if classes is None else list(classes)}. Fit it on the label."
        )
    if name in FORESTS:
        trees = [(each.tree_, _shares(each.tree_)) for each in estimator.estimators_]
        return _trees(trees, int(estimator.n_features_in_))
    if name == "GradientBoostingClassifier" and estimator.loss == "log_loss":
        return _boosted(estimator)
    if name == "LogisticRegression":
        return _logistic(estimator, None)
    raise DataError(
        f"a {name} has no form of plain arrays here. Use a random forest, GradientBoosting with "
        "log loss, or logistic regression."
    )


def _shares(tree: Any) -> Floats:
    """Return the share of class 1 at each node."""
    weight = np.asarray(tree.value)[:, 0, :2]
    return np.asarray(weight[:, 1] / weight.sum(axis=1))


def _trees(trees: list[tuple[Any, Floats]], n_features: int, base: float | None = None) -> Model:
    sizes = [tree.node_count for tree, _ in trees]
    root = np.cumsum([0, *sizes[:-1]])

    def joined(name: str) -> Any:
        return np.concatenate([getattr(tree, name) for tree, _ in trees])

    first = np.repeat(root, sizes)
    leaf = joined("children_left") == LEAF
    return TreeModel(
        feature=np.where(leaf, LEAF, joined("feature")),
        cut=np.where(leaf, 0.0, joined("threshold")),
        left=np.where(leaf, LEAF, joined("children_left") + first),
        right=np.where(leaf, LEAF, joined("children_right") + first),
        value=np.concatenate([value for _, value in trees]),
        root=root,
        n_features=n_features,
        base=base or 0.0,
        boosted=base is not None,
        single=True,
    )


def _boosted(estimator: Any) -> Model:
    start = estimator.init_
    if type(start).__name__ != "DummyClassifier" or start.strategy != "prior":
        raise DataError(
            "boosted trees must start from the class prior, received an init of "
            f"{type(start).__name__}. Fit them with init=None."
        )
    prior = float(start.class_prior_[1])
    trees = [
        (each.tree_, np.asarray(each.tree_.value)[:, 0, 0] * estimator.learning_rate)
        for each in estimator.estimators_[:, 0]
    ]
    return _trees(trees, int(estimator.n_features_in_), base=float(np.log(prior / (1 - prior))))


def _logistic(estimator: Any, scaler: Any) -> Model:
    slope = np.asarray(estimator.coef_, dtype=np.float64)
    if list(estimator.classes_) != [0, 1] or slope.shape[0] != 1:
        raise DataError(
            f"a model must be fitted on the classes 0 and 1, received {list(estimator.classes_)}. "
            "Fit it on the label."
        )
    n = slope.shape[1]
    centre = getattr(scaler, "mean_", None)
    scale = getattr(scaler, "scale_", None)
    return LogisticModel(
        centre=np.zeros(n) if centre is None else centre,
        scale=np.ones(n) if scale is None else scale,
        slope=slope[0],
        intercept=float(estimator.intercept_[0]),
    )
