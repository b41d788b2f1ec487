"""Fitted LightGBM boosters become models of plain arrays; the library is not imported."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.learning.bundle_models import LEAF, TreeModel

OBJECTIVE = "binary sigmoid:1"


class _Node(NamedTuple):
    feature: int
    cut: float
    left: int
    right: int
    value: float


def from_lightgbm(booster: Any) -> TreeModel:
    """Return a booster of the binary objective as boosted trees of plain arrays.

    Parameters
    ----------
    booster : lightgbm.Booster
        Trained on numbers without missing values; trees up to its best iteration are taken.

    Returns
    -------
    TreeModel
        With ``single`` False: LightGBM compares in 64 bits.

    Raises
    ------
    DataError
        For another objective, averaged trees, several classes, linear leaves, categories, and
        splits that send missing values somewhere.
    """
    content = booster.dump_model()
    faults = _faults(content)
    if faults:
        raise DataError(
            f"a LightGBM model must be binary and boosted, and {faults[0]}. Train it with "
            "objective 'binary' and boosting 'gbdt'."
        )
    nodes: list[_Node] = []
    root = []
    for tree in content["tree_info"]:
        root.append(len(nodes))
        nodes.extend(_flat(tree["tree_structure"], root[-1]))
    feature, cut, left, right, value = zip(*nodes, strict=True)
    return TreeModel(
        feature=np.array(feature),
        cut=np.array(cut),
        left=np.array(left),
        right=np.array(right),
        value=np.array(value),
        root=np.array(root),
        n_features=int(content["max_feature_idx"]) + 1,
        boosted=True,
    )


def _faults(content: dict[str, Any]) -> list[str]:
    faults = []
    if content.get("objective") != OBJECTIVE:
        faults.append(f"its objective is {content.get('objective')!r}")
    if content["num_tree_per_iteration"] != 1:
        faults.append(f"it grows {content['num_tree_per_iteration']} trees an iteration")
    if content.get("average_output"):
        faults.append("its trees are averaged")
    if not content["tree_info"]:
        faults.append("it has no tree")
    return faults


def _flat(top: dict[str, Any], first: int) -> Iterator[_Node]:
    """Yield a tree's nodes, breadth first, so that children stand behind their parents."""
    waiting, n_known = deque([top]), 1
    while waiting:
        node = waiting.popleft()
        if "leaf_value" in node:
            _require_plain_leaf(node)
            yield _Node(LEAF, 0.0, LEAF, LEAF, node["leaf_value"])
            continue
        _require_plain_split(node)
        left = first + n_known
        yield _Node(node["split_feature"], node["threshold"], left, left + 1, 0.0)
        waiting += [node["left_child"], node["right_child"]]
        n_known += 2


def _require_plain_leaf(node: dict[str, Any]) -> None:
    if node.get("leaf_coeff"):
        raise DataError(
            f"a leaf must hold one number, received a line over features {node['leaf_features']}. "
            "Train without linear_tree."
        )


def _require_plain_split(node: dict[str, Any]) -> None:
    if node["decision_type"] != "<=" or node["missing_type"] != "None":
        raise DataError(
            "a split must ask whether a number is at most a cut, and know no missing values; "
            f"received {node['decision_type']!r} with missing values as {node['missing_type']!r}. "
            "Train without categories and with use_missing off."
        )
