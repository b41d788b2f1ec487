"""How many independent tries a sweep really was, and how far luck alone spreads their ratios."""

import math
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.validation.statistics import NORMAL, Moments, deflated_sharpe, sharpe_error

# The distances between them take 8 bytes a pair: 128 MB.
_MOST_CLUSTERED = 4_000


class EffectiveTrials(NamedTuple):
    """Independent trials by both estimates; judge by the ``larger``, which asks for more."""

    by_correlation: float
    by_clusters: int

    @property
    def larger(self) -> float:
        return max(self.by_correlation, float(self.by_clusters))


def average_correlation(pnl: Floats) -> float:
    """Return the mean correlation over all pairs of columns, without a matrix of pairs.

    Parameters
    ----------
    pnl : ndarray of shape (n_periods, n_cells)
        Finite. Columns that never move have no correlation and are left out.

    Returns
    -------
    float
        From -1 / (n_cells - 1) to 1; 0 with fewer than two columns that move.

    Notes
    -----
    The length of the sum of n standardised columns is n + n (n - 1) rho: linear in n.
    """
    z = _standardised(pnl)
    n: int = z.shape[1]
    if n < 2:
        return 0.0
    # Copies of one column come out a last bit above 1.
    return min(1.0, float((np.sum(z.sum(axis=1) ** 2) - n) / (n * (n - 1))))


def trials_by_correlation(n_trials: float, mean_correlation: float) -> float:
    """Return rho + (1 - rho) n_trials: 1 for copies of one trial, all of them where unrelated.

    A negative mean correlation counts as 0: hedged pairs are no more tries than were made. The
    trap is the mean itself: ten groups of ten copies have 0.09, and so 91 trials instead of 10.
    Take the larger of this and the clusters all the same: too few trials deflate too little.

    References
    ----------
    Bailey and Lopez de Prado (2014), The Deflated Sharpe Ratio, appendix A.3.

    Examples
    --------
    >>> trials_by_correlation(100, 0.5)
    50.5
    """
    if not n_trials >= 1 or not mean_correlation <= 1.0:
        raise DataError(
            "effective trials need at least one trial and a mean correlation of at most 1, "
            f"received {n_trials!r} and {mean_correlation!r}."
        )
    rho = max(mean_correlation, 0.0)
    return rho + (1.0 - rho) * n_trials


def trials_by_clusters(pnl: Floats) -> int:
    """Return into how many clusters of like P&L the cells fall.

    Parameters
    ----------
    pnl : ndarray of shape (n_periods, n_cells)
        Finite; at most 4,000 columns, of more pass a random sample. Columns that never move are
        left out.

    Returns
    -------
    int
        The number, from 2 to one less than the cells, of the best silhouette quality; the cells
        themselves where there are fewer than three.

    Notes
    -----
    Distances are sqrt((1 - correlation) / 2), joined by average linkage; the quality is the mean
    silhouette over its standard deviation. Lopez de Prado and Lewis cluster by k-means from
    random starts instead; linkage needs no seed and sees all numbers of clusters in one pass.
    Among unrelated cells no number of clusters is better than another and the answer is arbitrary:
    never judge by it alone.

    References
    ----------
    Lopez de Prado and Lewis (2019), Detection of False Investment Strategies Using Unsupervised
    Learning Methods, Quantitative Finance 19(9), section 4. Rousseeuw (1987), Silhouettes.
    """
    z = _standardised(pnl)
    n: int = z.shape[1]
    if n > _MOST_CLUSTERED:
        raise DataError(
            f"clusters of trials are found among at most {_MOST_CLUSTERED} cells, received {n}; "
            "pass a random sample of the cells."
        )
    if n < 3:
        return n
    distance = np.sqrt(np.clip((1.0 - z.T @ z) / 2.0, 0.0, 1.0))
    distance = (distance + distance.T) / 2.0
    np.fill_diagonal(distance, 0.0)
    return _best_cut(distance)


def effective_trials(pnl: Floats) -> EffectiveTrials:
    """Return the independent trials among the columns of ``pnl``, (n_periods, n_cells).

    Pass every cell ever run, those given up and those that failed included. As
    `trials_by_correlation` and `trials_by_clusters`.
    """
    n_moving = max(_standardised(pnl).shape[1], 1)
    by_correlation = trials_by_correlation(n_moving, average_correlation(pnl))
    return EffectiveTrials(by_correlation, trials_by_clusters(pnl))


def null_variance(n_periods: float, shape: Moments = NORMAL, sharpe: float = 0.0) -> float:
    """Return the sampling variance of per-period Sharpe ratios whose true value is ``sharpe``.

    Use it for the deflated Sharpe ratio where trials bear different costs: the variance over the
    trials is then mostly cost drag, not luck, and deflates too much. At a true ratio of 0 skew and
    kurtosis drop out (to the order of 1 / n); they matter once the null has a drift.

    References
    ----------
    Mertens (2002), as `sharpe_error`.

    Examples
    --------
    >>> round(null_variance(1_261) * 1_260, 9)
    1.0
    """
    return sharpe_error(sharpe, n_periods, shape) ** 2


def deflated_by_luck(
    sharpe: float, n_periods: float, n_trials: float, shape: Moments = NORMAL
) -> float:
    """Return the deflated Sharpe ratio with the variance that luck alone gives its trials.

    Parameters
    ----------
    sharpe : float
        Per period, of the chosen cell.
    n_periods : float
    n_trials : float
        Effective trials, from all cells ever run; see `effective_trials`.
    shape : Moments
        Of the chosen cell's returns.

    Notes
    -----
    The trap is in V: taken over the trials it is too small where they are correlated (of 100
    trials with correlation 0.9 noise then passes 0.95 in 5 % of sweeps, uncorrelated in none) and
    too large where costs spread them.

    References
    ----------
    Bailey and Lopez de Prado (2014), as `deflated_sharpe`, V by `null_variance`.
    """
    return deflated_sharpe(sharpe, n_periods, n_trials, null_variance(n_periods), shape)


def _standardised(pnl: Floats) -> Floats:
    """Return the columns that move, with mean 0 and length 1."""
    pnl = np.asarray(pnl, dtype=np.float64)
    if pnl.ndim != 2 or pnl.shape[0] < 3 or not np.isfinite(pnl).all():
        raise DataError(
            "effective trials need finite P&L of shape (n_periods, n_cells) with at least 3 "
            f"periods, received shape {pnl.shape}; sessions without a position are 0, not NaN."
        )
    centred = pnl - pnl.mean(axis=0)
    length = np.sqrt(np.sum(centred**2, axis=0))
    # Below this the column is constant but for rounding.
    moves = length > 1e-12 * np.sqrt(np.sum(pnl**2, axis=0))
    out: Floats = centred[:, moves] / length[moves]
    return out


def _best_cut(distance: Floats) -> int:
    """Join the nearest clusters one by one and return the number with the best silhouettes."""
    n: int = distance.shape[0]
    tree = linkage(squareform(distance, checks=False), "average")
    # Column c holds each cell's summed distance to cluster c; joined clusters share the first's.
    to_cluster, size = distance.copy(), np.ones(n)
    own, column = np.arange(n), {k: k for k in range(n)}
    best, answer = -math.inf, n
    for step, (a, b) in enumerate(tree[:-1, :2].astype(np.int64).tolist()):
        kept, gone = column[a], column[b]
        to_cluster[:, kept] += to_cluster[:, gone]
        to_cluster[:, gone], size[kept], size[gone] = np.inf, size[kept] + size[gone], 1.0
        own[own == gone], column[n + step] = kept, kept
        quality = _quality(to_cluster, size, own)
        if quality > best:
            best, answer = quality, n - 1 - step
    return answer


def _quality(to_cluster: Floats, size: Floats, own: Ints) -> float:
    """Return mean over standard deviation of the silhouettes; a cell on its own has 0."""
    rows = np.arange(own.size)
    within = to_cluster[rows, own] / np.maximum(size[own] - 1.0, 1.0)
    mean = to_cluster / size
    mean[rows, own] = np.inf
    nearest = mean.min(axis=1)
    widest = np.maximum(within, nearest)
    apart = (size[own] > 1.0) & (widest > 0.0)
    silhouette = np.where(apart, (nearest - within) / np.where(apart, widest, 1.0), 0.0)
    spread = float(silhouette.std())
    return float(silhouette.mean()) / max(spread, 1e-12)
