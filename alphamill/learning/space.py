"""The settings that a search may try: the seeds' random forests and two plain baselines."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from alphamill.core.params import Value
from alphamill.learning import boosting, linear
from alphamill.learning.forest import DEPTHS, TREES, Growth

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

Family = Literal["forest", "boosting", "logistic"]
FAMILIES: Final[tuple[Family, ...]] = ("forest", "boosting", "logistic")
LEAVES: Final = (50, 100, 200)
MAX_FEATURES: Final = ("sqrt", "log2", 0.3, 0.5)
# The seeds' random search draws 0.7, 0.8 or 0.9 and their Bayesian search anything between 0.6
# and 0.95; in steps, forests that were grown serve again.
LEAST_SAMPLES, MOST_SAMPLES, STEP = 0.6, 0.95, 0.05


class Forest(NamedTuple):
    """A random forest: how trees are grown, how many, and how deep they are read."""

    growth: Growth
    n_trees: int
    depth: int | None


Setting = Forest | boosting.Boosting | linear.Logistic


def family_of(setting: Setting) -> Family:
    """Return the family that a setting belongs to."""
    if isinstance(setting, Forest):
        return "forest"
    return "boosting" if isinstance(setting, boosting.Boosting) else "logistic"


def suggested(trial: "BaseTrial") -> Forest:
    """Return the forest that an Optuna trial asks for.

    The seeds also search the random seed; a seed that scores better is luck, so ours stays.
    """
    samples = None
    if trial.suggest_categorical("bootstrap", [True, False]):
        samples = trial.suggest_float("max_samples", LEAST_SAMPLES, MOST_SAMPLES, step=STEP)
    share: Any = trial.suggest_categorical("max_features", MAX_FEATURES)
    leaf: Any = trial.suggest_categorical("min_samples_leaf", LEAVES)
    growth = Growth(
        max_features=share,
        min_samples_leaf=leaf,
        max_samples=None if samples is None else round(samples, 2),
        balanced=trial.suggest_categorical("class_weight", [None, "balanced_subsample"])
        is not None,
    )
    depth: Any = trial.suggest_categorical("max_depth", DEPTHS)
    n_trees = trial.suggest_int("n_estimators", TREES[0], TREES[-1], step=TREES[0])
    return Forest(growth, n_trees, depth)


def baselines(families: tuple[Family, ...]) -> list[Setting]:
    """Return the few settings of the plain families."""
    return [
        *(boosting.SPACE if "boosting" in families else ()),
        *(linear.SPACE if "logistic" in families else ()),
    ]


def as_params(setting: Setting, seed: int) -> Mapping[str, Value | None]:
    """Return a setting as the seeds' files name it."""
    if not isinstance(setting, Forest):
        values: dict[str, Any] = dict(vars(setting))
        balanced = values.pop("balanced")
        return values | {"class_weight": "balanced" if balanced else None, "random_state": seed}
    growth = setting.growth
    return {
        "n_estimators": setting.n_trees,
        "max_depth": setting.depth,
        "min_samples_leaf": growth.min_samples_leaf,
        "max_features": growth.max_features,
        "bootstrap": growth.max_samples is not None,
        "max_samples": growth.max_samples,
        "class_weight": "balanced_subsample" if growth.balanced else None,
        "random_state": seed,
    }
