"""Does the best of many models beat a benchmark? Reality check, SPA and the stepwise test.

All read gains over the benchmark, one column a model, and one matrix of bootstrap weights. They
ask for *every* model that was tried: a list of survivors makes each of these tests worthless.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.validation.bootstrap import Weights
from alphamill.validation.permutation import p_value

# Columns of one matrix product: 1,000 draws of them stay within a processor's cache.
_COLUMNS = 512


class Superior(NamedTuple):
    """p-values that no model beats the benchmark; ``lower <= consistent <= upper``.

    ``consistent`` is the one to use. ``upper`` lets hopeless models make the test harder,
    ``lower`` forgives every model below the benchmark; far apart, they say that most models lose.
    """

    lower: float
    consistent: float
    upper: float
    best: int


class _Family(NamedTuple):
    """Means (n_models,), their scale, and how far below 0 each recentring leaves a draw."""

    mean: Floats
    scale: Floats
    left: Floats


def reality_check(gains: Floats, weights: Weights) -> float:
    """Return White's p-value that no model has a mean gain above 0.

    V = max_k sqrt(n) mean(d_k) against max_k sqrt(n) (mean*(d_k) - mean(d_k)).

    Parameters
    ----------
    gains : ndarray of shape (n_sessions, n_models)
        P&L over the benchmark (losses of the benchmark less those of the model), finite.
    weights : ndarray of shape (n_draws, n_sessions)
        From `bootstrap.stationary_weights`.

    Returns
    -------
    float
        With the +1 of Phipson and Smyth; 1 where no mean gain is above 0.

    Raises
    ------
    DataError

    Notes
    -----
    Not studentised: the model with the largest swings decides, and adding hopeless models raises
    p. Prefer `superior_ability`.

    References
    ----------
    White (2000), A Reality Check for Data Snooping, Econometrica 68(5).
    """
    _check(gains, weights)
    mean = gains.mean(axis=0)
    family = _Family(mean, np.ones(mean.size), np.zeros((1, mean.size)))
    return _p(family, _maxima(gains, weights, family, np.ones(mean.size, dtype=np.bool_))[0])


def superior_ability(
    gains: Floats, weights: Weights, mean_block: float, studentised: bool = True
) -> Superior:
    """Return Hansen's three p-values that no model has a mean gain above 0.

    T = max_k sqrt(n) mean(d_k) / s_k. A draw is recentred at the model's own mean, unless that
    mean lies below -w_k sqrt(2 log log n / n) (consistent) or below 0 (lower): such a model then
    keeps its bad mean and cannot make the largest draw. s_k is the ordinary standard deviation,
    w_k that of `long_run_deviation`.

    Parameters
    ----------
    gains : ndarray of shape (n_sessions, n_models)
        P&L over the benchmark, finite. A benchmark of 0 is wrong where the market drifts: use
        buy-and-hold, or take the drift out of the P&L (`maximum.skill`).
    weights : ndarray of shape (n_draws, n_sessions)
        From `bootstrap.stationary_weights` with the same ``mean_block``.
    mean_block : float
        Sessions.
    studentised : bool
        False compares plain means, as ``arch`` does whatever its own flag says.

    Returns
    -------
    Superior
        Each with the +1 of Phipson and Smyth; all 1 where no mean gain is above 0. A model that
        never moves says nothing.

    Raises
    ------
    DataError

    Notes
    -----
    Differs from Hansen in dividing by s_k, where he has w_k: any scale that is the same in all
    draws is valid, and w_k is so much noisier that the maximum picks models whose w_k is small
    by luck. On the best of 45 moving-average crosses of 1,000 bars of noise, block 10, he rejects
    8 % at a nominal 5 %, s_k 4 %.

    References
    ----------
    Hansen (2005), A Test for Superior Predictive Ability, Journal of Business & Economic
    Statistics 23(4), section 2.
    """
    _check(gains, weights)
    family = _family(gains, mean_block, studentised)
    everyone = np.ones(family.mean.size, dtype=np.bool_)
    lower, consistent, upper = (
        _p(family, drawn) for drawn in _maxima(gains, weights, family, everyone)
    )
    return Superior(lower, consistent, upper, int(np.argmax(family.mean / family.scale)))


def superior_models(
    gains: Floats,
    weights: Weights,
    mean_block: float,
    level: float = 0.05,
    studentised: bool = True,
) -> Ints:
    """Return the models that beat the benchmark, at a family-wise error of ``level``.

    Models whose statistic exceeds what the largest of all shows by chance are set aside, the
    largest of the rest is drawn again, until nothing more is found.

    Parameters
    ----------
    gains, weights, mean_block, studentised
        As `superior_ability`; draws are recentred consistently.
    level : float

    Returns
    -------
    int64, rising
        Columns of ``gains``.

    Raises
    ------
    DataError

    References
    ----------
    Romano and Wolf (2005), Stepwise Multiple Testing as Formalized Data Snooping, Econometrica
    73(4), the basic StepM; Hsu, Hsu and Kuan (2010), Journal of Empirical Finance 17(3), for the
    consistent recentring.
    """
    _check(gains, weights)
    family = _family(gains, mean_block, studentised)
    family = family._replace(left=family.left[1:2])
    statistic = family.mean / family.scale
    left = np.ones(statistic.size, dtype=np.bool_)
    while left.any():
        drawn = _maxima(gains, weights, family, left)[0]
        # The largest whole number of draws that may reach a statistic for p <= level.
        allowed = math.floor(level * (1 + drawn.size) + 1e-9) - 1
        if allowed < 0:
            break
        bar = max(0.0, float(np.sort(drawn)[::-1][allowed]))
        found = left & (statistic > bar)
        if not found.any():
            break
        left &= ~found
    return np.flatnonzero(~left)


def long_run_deviation(gains: Floats, mean_block: float) -> Floats:
    """Return sqrt(n) times the stationary bootstrap's standard deviation of each mean.

    Parameters
    ----------
    gains : ndarray of shape (n_sessions, n_models)
    mean_block : float
        Sessions, at least 1; with 1 it is the ordinary standard deviation (ddof 0).

    Returns
    -------
    float64 of shape (n_models,)

    References
    ----------
    Politis and Romano (1994), lemma 1: C(0) + 2 sum_i (1 - i/n) (1 - 1/b)^i C(i), C the circular
    autocovariance.
    """
    n = gains.shape[0]
    lag = np.arange(n)
    kernel = 2.0 * (1.0 - lag / n) * (1.0 - 1.0 / mean_block) ** lag
    kernel[0] = 1.0
    # The sum over lags of kernel times autocovariance is one over frequencies of their transforms:
    # nothing has to be transformed back. All but the first and, of an even number, the last of the
    # frequencies stand for their mirror image too.
    share = np.fft.rfft(kernel).real
    share[1 : (n + 1) // 2] *= 2.0
    variance = np.empty(gains.shape[1])
    for start in range(0, gains.shape[1], _COLUMNS):
        piece = gains[:, start : start + _COLUMNS]
        transform = np.fft.rfft(piece - piece.mean(axis=0), axis=0)
        power = np.square(transform.real) + np.square(transform.imag)
        variance[start : start + _COLUMNS] = share @ power / n**2
    return np.sqrt(np.maximum(variance, 0.0))


def _family(gains: Floats, mean_block: float, studentised: bool) -> _Family:
    n = gains.shape[0]
    mean = gains.mean(axis=0, dtype=np.float64)
    long_run, deviation = long_run_deviation(gains, mean_block), gains.std(axis=0)
    # Rounding leaves a constant P&L a deviation of its last bit; it says nothing.
    moves = np.ptp(gains, axis=0) > 0.0
    mean[~moves] = 0.0
    bound = -long_run * math.sqrt(2.0 * math.log(math.log(max(n, 3))) / n)
    left = np.stack([np.minimum(mean, 0.0), np.where(mean < bound, mean, 0.0), 0.0 * mean])
    scale = np.where(moves, deviation, 1.0) if studentised else np.ones(mean.size)
    return _Family(mean, scale, left)


def _maxima(gains: Floats, weights: Weights, family: _Family, among: Flags) -> NDArray[np.float64]:
    """Return the largest of some models in each draw, one row a recentring."""
    n = gains.shape[0]
    columns = np.flatnonzero(among)
    largest = np.full((family.left.shape[0], weights.shape[0]), -np.inf)
    for start in range(0, columns.size, _COLUMNS):
        here = columns[start : start + _COLUMNS]
        scaled = (gains[:, here] - gains[:, here].mean(axis=0)) / (n * family.scale[here])
        moved = weights @ scaled.astype(np.float32)
        for row, left in zip(largest, family.left[:, here] / family.scale[here], strict=True):
            np.maximum(row, (moved + left.astype(np.float32)).max(axis=1), out=row)
    return largest


def _p(family: _Family, drawn: Floats) -> float:
    best = float((family.mean / family.scale).max())
    return p_value(best, drawn) if best > 0.0 else 1.0


def _check(gains: Floats, weights: Weights) -> None:
    if gains.ndim != 2 or gains.shape[1] == 0 or weights.shape[1:] != gains.shape[:1]:
        raise DataError(
            "gains must be (n_sessions, n_models) and weights (n_draws, n_sessions), received "
            f"{gains.shape} and {weights.shape}."
        )
    if not np.isfinite(gains).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(gains))[0])
        raise DataError(f"gains must be finite, session {at[0]} of model {at[1]} is not.")
