"""Small models and bundles for tests: trees grown by hand, results as the seeds name them."""

from typing import Any

import numpy as np

from alphamill.core.identity import digest
from alphamill.learning.bundle import Bundle, Identity, replay_of
from alphamill.learning.bundle_models import LEAF, TreeModel

FEATURES = ("ibs", "rsi_2")
EXPIRES_NS = int(np.datetime64("2026-01-01", "ns").astype(np.int64))
BEFORE_NS = EXPIRES_NS - 1

# Two trees over (ibs, rsi_2). The first: ibs <= 0.2 -> 0.9, else 0.3. The second: rsi_2 <= 10 ->
# (ibs <= 0.5 -> 0.8, else 0.4), else 0.1.
FOREST = TreeModel(
    feature=np.array([0, LEAF, LEAF, 1, 0, LEAF, LEAF, LEAF]),
    cut=np.array([0.2, 0, 0, 10.0, 0.5, 0, 0, 0]),
    left=np.array([1, LEAF, LEAF, 4, 5, LEAF, LEAF, LEAF]),
    right=np.array([2, LEAF, LEAF, 7, 6, LEAF, LEAF, LEAF]),
    value=np.array([0, 0.9, 0.3, 0, 0, 0.8, 0.4, 0.1]),
    root=np.array([0, 3]),
    n_features=2,
)
RESULTS = {
    "Sharpe": 0.9413,
    "Profit_Factor": 1.6469,
    "Trades": 875,
    "Params": {"n_estimators": 2, "max_depth": 2, "class_weight": "balanced_subsample"},
    "Holdout": {"Sharpe": 0.5, "Trades": 120},
    "Score_Metric": "Sharpe",
}


def identity(**changed: Any) -> Identity:
    given = {
        "bars": digest("bars"),
        "features": digest("features"),
        "labels": digest("labels"),
        "cv_plan": digest("plan"),
        "n_trials": 10_420,
        "threshold_origin": "median of 10 inner splits",
        "windows": {"train": (20110103, 20201231), "validation": (20220103, 20241231)},
        "expires_ns": EXPIRES_NS,
        "versions": {"numpy": np.__version__},
    }
    return Identity(**(given | changed))


def rows(n: int = 250) -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.column_stack([rng.random(n), 100 * rng.random(n)])


def bundle(**changed: Any) -> Bundle:
    model = changed.get("model", FOREST)
    x = rows()
    given = {
        "symbol": "ES",
        "strategy": "RSIMeanReversion",
        "model": model,
        "features": FEATURES,
        "threshold": 0.55,
        "identity": identity(),
        "replay": replay_of(x, model.predict_proba(x)[:, 1]),
        "metadata": RESULTS,
    }
    return Bundle(**(given | changed))
