"""Baseline: logistic regression on standardised features, by Newton's method."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Flags, Floats
from alphamill.learning.bundle_models import LogisticModel

MAX_STEPS = 100
TOLERANCE = 1e-12  # of the sum of weights


@dataclass(frozen=True)
class Logistic:
    """How a logistic regression is fitted.

    Attributes
    ----------
    c : float
        Inverse of the penalty, as scikit-learn's: half the squared slopes are weighed against
        ``c`` times the summed loss; the intercept is free.
    balanced : bool
        Both classes weigh the same, so scores stand around one half, not around the base rate.

    Raises
    ------
    SettingsError
        For a ``c`` that is not above 0.
    """

    c: float = 0.01
    balanced: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.c < np.inf:
            raise SettingsError(
                f"logistic: c must be a number above 0, received {self.c!r}. Correct the setting."
            )


SPACE: Final = tuple(Logistic(c) for c in (0.001, 0.01, 0.1, 1.0))


def fitted(x: Floats, y: Floats, weight: Floats, setting: Logistic) -> LogisticModel:
    """Return the penalised logistic regression of ``y`` on the standardised columns of ``x``.

    Centre and scale are the weighted mean and standard deviation of these rows. A column that
    never moves has scale 1 and slope 0.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_features)
        Finite.
    y : ndarray of shape (n_rows,)
        1 where the row won, 0 otherwise.
    weight : ndarray of shape (n_rows,)
        0 or more, such as the average uniqueness. Half of all weights is half of ``c``.
    setting : Logistic

    Raises
    ------
    DataError
        For rows that are not finite, of other lengths, or all of one class.

    References
    ----------
    Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, section 4.4.1.
    """
    rows, won = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    share = row_weights(rows, won, weight, balanced=setting.balanced)
    centre, scale, moves = _standard(rows, share)
    z = np.where(moves, (rows - centre) / scale, 0.0)
    slope = _newton(z, won, share * setting.c)
    return LogisticModel(centre, scale, slope[:-1], float(slope[-1]))


def row_weights(x: Floats, y: Floats, weight: Floats, *, balanced: bool) -> Floats:
    """Return the weights that rows are fitted with; balancing keeps their sum.

    Raises
    ------
    DataError
        For rows that are not finite, of other lengths, or all of one class.
    """
    share = np.asarray(weight, dtype=np.float64)
    if x.ndim != 2 or y.shape != (len(x),) or share.shape != y.shape:
        raise DataError(
            "a model is fitted on one label and one weight a row, received shapes "
            f"{x.shape}, {y.shape} and {share.shape}. Pass the columns of the same rows."
        )
    if not np.isfinite(x).all() or not (np.isfinite(share) & (share >= 0)).all():
        raise DataError(
            "a model is fitted on finite features and weights of 0 or more, received others. "
            "Leave out the columns that `usable` drops and the rows with an unknown feature."
        )
    of_class = np.array([share[y == 0].sum(), share[y == 1].sum()])
    if not np.isin(y, (0, 1)).all() or not of_class.all():
        raise DataError(
            "a model is fitted on rows of the classes 0 and 1, both with a weight, received "
            f"{sorted(set(y.tolist()))[:3]}. Train on a longer window."
        )
    if not balanced:
        return share
    return np.asarray(share * (of_class.sum() / 2 / of_class)[y.astype(np.int64)])


def _standard(x: Floats, share: Floats) -> tuple[Floats, Floats, Flags]:
    """Return each column's centre and scale, and whether it moves at all."""
    total = share.sum()
    centre = (x * share[:, None]).sum(axis=0) / total
    scale = np.sqrt(((x - centre) ** 2 * share[:, None]).sum(axis=0) / total)
    # Rounding leaves a constant column a spread of a few digits of its last place.
    moves = scale > 1e-12 * np.abs(x).max(axis=0)
    return centre, np.where(moves, scale, 1.0), moves


def _newton(z: Floats, y: Floats, share: Floats) -> Floats:
    """Return the slopes and, last, the intercept at which the penalised loss is least."""
    design = np.column_stack([z, np.ones(len(z))])
    penalty = np.append(np.ones(z.shape[1]), 0.0)
    side = 1.0 - 2.0 * y

    def loss(at: Floats) -> float:
        return float(share @ np.logaddexp(0.0, side * (design @ at)) + penalty @ at**2 / 2)

    at = np.zeros(penalty.size)
    for _ in range(MAX_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ at, -700.0, 700.0)))
        slope = design.T @ (share * (p - y)) + penalty * at
        bend = (design * (share * p * (1.0 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        gain = float(slope @ step)
        # Twice what is left to gain. The next step doubles the digits: no other is needed.
        if gain <= TOLERANCE * share.sum():
            return np.asarray(at - step)
        before = loss(at)
        while loss(at - step) > before - gain / 4:
            step, gain = step / 2, gain / 2
        at = at - step
    raise DataError(
        f"a logistic regression must settle within {MAX_STEPS} steps and did not; its features "
        "are too far from each other in size. Leave out features with values beyond 1e100."
    )
