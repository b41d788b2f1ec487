"""Hierarchical risk parity: halve the tree of correlations, and the budget with it."""

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.portfolio.allocate.caps import capped
from alphamill.portfolio.allocate.clusters import tree
from alphamill.portfolio.allocate.plain import require_days
from alphamill.portfolio.allocate.sight import Sight


def hierarchical_risk_parity(sight: Sight) -> Floats:
    """Return weights by recursive bisection of the leaves of the tree, no matrix inverted.

    At each cut the two halves share by the inverse of their variance, each held by inverse
    variance within.

    Raises
    ------
    CannotAllocateError
        For fewer than 20 days.

    References
    ----------
    Lopez de Prado (2016), as `tree`; Ward's linkage instead of the single one, which chains.
    """
    require_days(sight)
    covariance = np.atleast_2d(np.cov(sight.returns, rowvar=False))
    weights = np.ones(covariance.shape[0])
    open_ = [tree(sight.returns).order]
    while open_:
        group = open_.pop()
        if group.size < 2:
            continue
        left, right = group[: group.size // 2], group[group.size // 2 :]
        of_left = 1.0 / _variance(covariance, left)
        of_right = 1.0 / _variance(covariance, right)
        weights[left] *= of_left / (of_left + of_right)
        weights[right] *= of_right / (of_left + of_right)
        open_ += [left, right]
    return capped(weights, sight.classes, sight.limits)


def _variance(covariance: Floats, group: Ints) -> float:
    within = covariance[np.ix_(group, group)]
    held = 1.0 / np.diag(within)
    held /= held.sum()
    return float(held @ within @ held)
