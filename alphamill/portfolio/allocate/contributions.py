"""Where the risk of weights comes from."""

from typing import NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats


class Risk(NamedTuple):
    """Of weights over some days.

    ``contributions`` (n_names,) add up to 1: what each name adds to the variance, all 0 where
    nothing is held or moves. ``diversification`` is the weighted mean volatility over the
    volatility held: 1 where all is one name, NaN where nothing moves.
    """

    contributions: Floats
    diversification: float


def risk_of(weights: Floats, returns: Floats) -> Risk:
    """Return where the variance of ``weights`` comes from.

    Parameters
    ----------
    weights : ndarray of shape (n_names,)
    returns : ndarray of shape (n_days, n_names)
        NaN is read only where nothing is held.

    Raises
    ------
    DataError
        For fewer than 2 days, or a held name without a return.

    References
    ----------
    Maillard, Roncalli and Teiletche (2010) for the contributions; Choueifaty and Coignard (2008)
    for the ratio, as `risk_parity` and `maximum_diversification`.
    """
    seen = np.where(weights > 0.0, returns, 0.0)
    if seen.shape[0] < 2 or np.isnan(seen).any():
        raise DataError(
            f"a risk needs at least 2 days of every held name, received {seen.shape[0]} days, "
            f"{int(np.isnan(seen).sum())} returns missing."
        )
    covariance = np.atleast_2d(np.cov(seen, rowvar=False))
    added = weights * (covariance @ weights)
    variance = float(added.sum())
    if variance <= 0.0:
        return Risk(np.zeros(weights.size), float("nan"))
    mean = float(weights @ np.sqrt(np.diag(covariance)))
    return Risk(added / variance, mean / float(np.sqrt(variance)))
