"""Whether scores mean what they say: of the rows scored 0.6, have 60 % won."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints

CONFIDENCE: Final = 0.95
TOLERANCE: Final = 0.05  # of probability: what `is_calibrated` lets pass


class Bin(NamedTuple):
    """Rows of like score; ``low`` and ``high`` hold their true share of wins in 95 of 100."""

    mean_score: float
    won: float
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Reliability:
    """How scores and outcomes agree.

    Attributes
    ----------
    bins : tuple of Bin
        From low scores to high ones.
    ece : float
        Expected calibration error: the mean distance of a row's bin from the diagonal. Chance
        alone makes it `noise`.
    brier : float
        Mean squared distance of score and outcome.
    base_rate : float
        Share of rows that won; ``base_rate * (1 - base_rate)`` is the Brier score of a model
        that always answers it.
    noise : float
        Expected ``ece`` of scores that are exactly right, on as many rows.
    """

    bins: tuple[Bin, ...]
    ece: float
    brier: float
    base_rate: float
    noise: float

    @property
    def is_calibrated(self) -> bool:
        """Whether scores may be called probabilities.

        The calibration error is at most `TOLERANCE`, and no bin is further from the diagonal
        than that beyond what chance explains at 95 % over all bins together. A few hundred rows
        cannot show the first, so of few rows nothing is claimed.
        """
        each = 1 - (1 - CONFIDENCE) / len(self.bins)
        intervals = [(b, *wilson(b.won * b.n, b.n, each)) for b in self.bins]
        return self.ece <= TOLERANCE and all(
            low - TOLERANCE <= b.mean_score <= high + TOLERANCE for b, low, high in intervals
        )


def reliability(score: Floats, won: Ints | Flags, n_bins: int = 10) -> Reliability:
    """Return how scores and outcomes agree, in bins of equal numbers of rows.

    Rows with one score are never parted: a forest of few leaves may get fewer bins than asked.

    Parameters
    ----------
    score : ndarray of shape (n_rows,)
        Probabilities, of rows that the model was not trained on.
    won : ndarray of shape (n_rows,)
        0 or 1.
    n_bins : int

    Raises
    ------
    DataError
        When there are fewer rows than bins, or anything is no probability or no outcome.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian
    binning, AAAI, section 4 (ECE; there in bins of equal width).

    Examples
    --------
    >>> score, won = np.array([0.2, 0.2, 0.2, 0.2, 0.8, 0.8]), np.array([0, 0, 1, 0, 1, 1])
    >>> found = reliability(score, won, n_bins=2)
    >>> [(b.mean_score, b.won, b.n) for b in found.bins]
    [(0.2, 0.25, 4), (0.8, 1.0, 2)]
    >>> round(found.ece, 4)
    0.1
    """
    p, y = np.asarray(score, dtype=np.float64), np.asarray(won, dtype=np.float64)
    if p.ndim != 1 or p.shape != y.shape or p.size < n_bins or n_bins < 1:
        raise DataError(
            f"reliability needs one outcome a score and a row a bin, received shapes {p.shape} "
            f"and {y.shape} for {n_bins} bins. Score more rows."
        )
    if not ((p >= 0) & (p <= 1)).all() or not np.isin(y, (0, 1)).all():
        raise DataError(
            "reliability needs scores between 0 and 1 and outcomes of 0 or 1, received others. "
            "Leave out the rows without a score."
        )
    at = _bin_of(p, n_bins)
    n = np.bincount(at)
    mean_score, share = np.bincount(at, p) / n, np.bincount(at, y) / n
    bins = tuple(
        Bin(float(s), float(w), int(k), *wilson(float(w * k), int(k), CONFIDENCE))
        for s, w, k in zip(mean_score, share, n, strict=True)
    )
    # Mean absolute error of a share of n draws, as if normal: sqrt(2 v / (pi n)).
    by_chance = np.sqrt(2 * np.bincount(at, p * (1 - p)) / math.pi)
    return Reliability(
        bins=bins,
        ece=float(np.abs(mean_score - share) @ n / p.size),
        brier=float(((p - y) ** 2).mean()),
        base_rate=float(y.mean()),
        noise=float(by_chance.sum() / p.size),
    )


def calibration_error(score: Floats, won: Ints | Flags, n_bins: int = 10) -> float:
    """Return the expected calibration error; arguments are those of `reliability`."""
    return reliability(score, won, n_bins).ece


def wilson(n_won: float, n: int, confidence: float) -> tuple[float, float]:
    """Return the interval that holds the true share of wins with about this confidence.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22.

    Examples
    --------
    >>> [round(limit, 4) for limit in wilson(8, 10, 0.95)]
    [0.4902, 0.9433]
    """
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    centre = (n_won + z2 / 2) / (n + z2)
    spread = math.sqrt(z2 * (n_won * (n - n_won) / n + z2 / 4)) / (n + z2)
    # Rounding must not leave the range.
    return max(centre - spread, 0.0), min(centre + spread, 1.0)


def _bin_of(p: Floats, n_bins: int) -> Ints:
    """Return each row's bin, by the middle rank of its score, numbered without gaps."""
    _, group, size = np.unique(p, return_inverse=True, return_counts=True)
    middle = np.cumsum(size) - size / 2
    wanted = np.floor(middle * n_bins / p.size)
    return np.asarray(np.unique(wanted, return_inverse=True)[1][group], dtype=np.int64)
