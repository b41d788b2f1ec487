"""How much one name, one class and all together may hold, and weights brought within it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Flags, Floats

# Of the budget; a sum of weights is never more exact.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Limits:
    """What weights must keep to, long only; fractions of equity.

    Attributes
    ----------
    budget : float
        Sum of the weights, above 0 and at most 1; what it leaves is cash.
    per_name : float
        Most of one name.
    per_class : mapping of class to float
        Most of all names of a class; a class that is not named has no limit of its own.

    Raises
    ------
    SettingsError
        For a limit outside (0, 1].
    """

    budget: float = 1.0
    per_name: float = 1.0
    per_class: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {"budget": self.budget, "per_name": self.per_name, **self.per_class}
        for name, value in given.items():
            if not 0.0 < value <= 1.0:
                raise SettingsError(
                    f"limits: {name} must lie above 0 and at most at 1 (fractions of equity, long "
                    f"only), received {value!r}. Correct the setting."
                )


def capped(raw: Floats, classes: Sequence[str], limits: Limits) -> Floats:
    """Return weights in the proportions of ``raw`` that keep to the limits.

    What a cap cuts off goes to the names that no cap binds, in their proportions. Where the caps
    do not let the budget be spent, the rest stays cash: the weights add up to less.

    Parameters
    ----------
    raw : ndarray of shape (n_names,)
        Finite, 0 or more, of any scale; a name with 0 stays at 0.
    classes : sequence of str, one a name
    limits : Limits

    Returns
    -------
    ndarray of shape (n_names,)
        All 0 where ``raw`` is.

    Examples
    --------
    >>> capped(np.array([3.0, 1.0, 1.0]), ["a", "a", "b"], Limits(per_name=0.5)).tolist()
    [0.5, 0.25, 0.25]
    """
    weights, free, left = np.zeros(raw.size), raw > 0.0, limits.budget
    # A class at its limit leaves the pool and gives the rest more, so it never comes back.
    while free.any():
        weights[free] = _poured(raw[free], limits.per_name, left)
        over = _over(weights, free, classes, limits)
        if not over:
            break
        for of, most in over:
            weights[of] = _poured(raw[of], limits.per_name, most)
            free &= ~of
            left -= float(weights[of].sum())
    return weights


def reachable(classes: Sequence[str], limits: Limits) -> float:
    """Return the largest part of the budget that the caps let these names hold."""
    return float(capped(np.ones(len(classes)), classes, limits).sum())


def keeps_to(weights: Floats, classes: Sequence[str], limits: Limits) -> bool:
    """Return whether weights are finite, long and within every limit, but for rounding."""
    of = np.array(classes, dtype=object)
    return bool(
        np.isfinite(weights).all()
        and np.all(weights >= 0.0)
        and weights.sum() <= limits.budget + ROUNDING
        and np.all(weights <= limits.per_name + ROUNDING)
        and all(weights[of == c].sum() <= m + ROUNDING for c, m in limits.per_class.items())
    )


def _over(
    weights: Floats, free: Flags, classes: Sequence[str], limits: Limits
) -> list[tuple[Flags, float]]:
    of = np.array(classes, dtype=object)
    members = [(free & (of == name), most) for name, most in limits.per_class.items()]
    return [(of, most) for of, most in members if weights[of].sum() > most + ROUNDING]


def _poured(raw: Floats, most: float, total: float) -> Floats:
    """Return min(most, scale x raw) that adds up to ``total``, or to all that fits."""
    weights, free, left = np.full(raw.size, most), np.ones(raw.size, dtype=np.bool_), total
    while free.any():
        share = raw[free] / raw[free].sum() * max(left, 0.0)
        if np.all(share <= most):
            weights[free] = share
            break
        # One that is cut stays cut: what is left for the others only grows by it.
        full = np.flatnonzero(free)[share > most]
        free[full] = False
        left -= most * full.size
    return weights
