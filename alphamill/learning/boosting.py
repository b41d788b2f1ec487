"""Baseline: gradient-boosted trees of LightGBM, small and slow to learn.

A few thousand trades with hardly any signal are memorised by what is usual elsewhere (31 leaves,
1,000 trees): the settings offered here grow stumps of a few leaves, on parts of the rows.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats
from alphamill.learning.bundle_lightgbm import from_lightgbm
from alphamill.learning.bundle_models import TreeModel
from alphamill.learning.linear import row_weights


@dataclass(frozen=True)
class Boosting:
    """How trees are boosted; names are LightGBM's.

    Attributes
    ----------
    num_leaves, max_depth, n_estimators : int
    learning_rate : float
    feature_fraction, bagging_fraction : float
        Share of columns and of rows that each tree sees, drawn anew for every tree.
    min_data_in_leaf : int
    reg_alpha, reg_lambda : float
        Penalties on leaf values: on their size, and on their square.
    balanced : bool
        Both classes weigh the same, so scores stand around one half, not around the base rate.

    Raises
    ------
    SettingsError
        For a number out of its range.
    """

    num_leaves: int = 4
    max_depth: int = 3
    n_estimators: int = 100
    learning_rate: float = 0.03
    feature_fraction: float = 0.5
    bagging_fraction: float = 0.6
    min_data_in_leaf: int = 100
    reg_alpha: float = 0.0
    reg_lambda: float = 5.0
    balanced: bool = False

    def __post_init__(self) -> None:
        limits = {
            "num_leaves": (2, 1000),
            "max_depth": (1, 64),
            "n_estimators": (1, 10_000),
            "learning_rate": (1e-4, 1),
            "feature_fraction": (0.01, 1),
            "bagging_fraction": (0.01, 1),
            "min_data_in_leaf": (1, 1_000_000),
            "reg_alpha": (0, 1e6),
            "reg_lambda": (0, 1e6),
        }
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise SettingsError(
                    f"boosting: {name} must lie between {least} and {most}, received "
                    f"{getattr(self, name)!r}. Correct the setting."
                )


# From nearly linear (stumps) to eight leaves; more leaves or trees only memorise (see the tests).
SPACE: Final = (
    Boosting(num_leaves=2, max_depth=1, n_estimators=100, learning_rate=0.05),
    Boosting(num_leaves=2, max_depth=1, n_estimators=300, learning_rate=0.05),
    Boosting(num_leaves=4, max_depth=2, n_estimators=60, learning_rate=0.03),
    Boosting(num_leaves=4, max_depth=2, n_estimators=150, learning_rate=0.03),
    Boosting(num_leaves=8, max_depth=3, n_estimators=60, learning_rate=0.03, feature_fraction=0.3),
    Boosting(num_leaves=8, max_depth=3, n_estimators=150, learning_rate=0.03, feature_fraction=0.3),
)


def fitted(
    x: Floats, y: Floats, weight: Floats, setting: Boosting, seed: int, n_threads: int = 1
) -> TreeModel:
    """Return boosted trees that tell the rows that won from those that lost.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_features)
        Finite.
    y : ndarray of shape (n_rows,)
        1 where the row won, 0 otherwise.
    weight : ndarray of shape (n_rows,)
        0 or more, such as the average uniqueness.
    setting : Boosting
    seed : int
        Equal seeds give equal trees, with any number of threads.
    n_threads : int

    Raises
    ------
    DataError
        For rows that are not finite, of other lengths, or all of one class.

    References
    ----------
    Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NIPS 30.
    """
    import lightgbm

    rows, won = np.ascontiguousarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    share = row_weights(rows, won, weight, balanced=setting.balanced)
    options = {
        "objective": "binary",
        "num_leaves": setting.num_leaves,
        "max_depth": setting.max_depth,
        "learning_rate": setting.learning_rate,
        "feature_fraction": setting.feature_fraction,
        "bagging_fraction": setting.bagging_fraction,
        # Without a frequency LightGBM ignores the fraction.
        "bagging_freq": 1,
        "min_data_in_leaf": setting.min_data_in_leaf,
        "lambda_l1": setting.reg_alpha,
        "lambda_l2": setting.reg_lambda,
        "use_missing": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": n_threads,
        "seed": seed,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(rows, won, weight=share, params=options)
    return from_lightgbm(lightgbm.train(options, data, num_boost_round=setting.n_estimators))
