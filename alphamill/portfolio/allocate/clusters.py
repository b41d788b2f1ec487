"""Which names move together: correlations, and the tree that groups them."""

from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints


@dataclass(frozen=True, eq=False)
class Tree:
    """Names grouped by correlation.

    Attributes
    ----------
    correlation : float64 of shape (n, n)
        Pearson's, in the order of the columns.
    order : int64 of shape (n,)
        Columns in the order of the leaves: neighbours are alike.
    links : float64 of shape (n - 1, 4)
        As SciPy's: the two groups joined, their distance, and how many names they hold.
    """

    correlation: Floats
    order: Ints
    links: Floats


def tree(returns: Floats, method: str = "ward") -> Tree:
    """Return the tree over distances sqrt((1 - correlation) / 2).

    Parameters
    ----------
    returns : ndarray of shape (n_days, n_names)
        Finite; every column moves.
    method : str
        Of joining groups, such as ward, single or average.

    Raises
    ------
    DataError
        For fewer than 3 days, or a column that never moves.

    References
    ----------
    Lopez de Prado (2016), Building Diversified Portfolios that Outperform Out of Sample, Journal
    of Portfolio Management 42(4); leaves by Bar-Joseph, Gifford and Jaakkola (2001).
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if returns.shape[0] < 3 or np.any(np.ptp(returns, axis=0) == 0.0):
        raise DataError(
            "a tree needs at least 3 days on which every name moves, received "
            f"{returns.shape[0]} days; columns that never move: "
            f"{np.flatnonzero(np.ptp(returns, axis=0) == 0.0).tolist()}."
        )
    n = returns.shape[1]
    if n == 1:
        return Tree(np.ones((1, 1)), np.zeros(1, dtype=np.int64), np.empty((0, 4)))
    correlation: Floats = np.asarray(np.corrcoef(returns, rowvar=False))
    distance = np.sqrt(np.clip((1.0 - correlation) / 2.0, 0.0, 1.0))
    np.fill_diagonal(distance, 0.0)
    links = linkage(squareform(distance, checks=False), method=method, optimal_ordering=True)
    return Tree(correlation, leaves_list(links).astype(np.int64), links)
