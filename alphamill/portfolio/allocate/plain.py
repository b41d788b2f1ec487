"""Weights that need no solver: equal, and by the inverse of volatility."""

import numpy as np

from alphamill.core.market import Floats
from alphamill.portfolio.allocate.caps import capped
from alphamill.portfolio.allocate.sight import CannotAllocateError, Sight

# Fewer days say nothing about a risk.
FEWEST_DAYS = 20


def equal(sight: Sight) -> Floats:
    """Return the same weight for every name."""
    return capped(np.ones(len(sight.classes)), sight.classes, sight.limits)


def inverse_volatility(sight: Sight) -> Floats:
    """Return weights in proportion to 1 / standard deviation (ddof 1).

    Neither minimum variance nor risk parity: it is both only where all correlations are equal to
    0, and the latter also where all are equal.

    Raises
    ------
    CannotAllocateError
        For fewer than 20 days.
    """
    require_days(sight)
    return capped(1.0 / sight.returns.std(axis=0, ddof=1), sight.classes, sight.limits)


def require_days(sight: Sight) -> None:
    """Raise CannotAllocateError where there are too few days to know a risk."""
    if sight.returns.shape[0] < FEWEST_DAYS:
        raise CannotAllocateError(
            f"a risk needs at least {FEWEST_DAYS} days, received {sight.returns.shape[0]}"
        )
