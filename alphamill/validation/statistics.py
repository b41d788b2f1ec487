"""How sure a Sharpe ratio is, and what the best of many tries would show by luck alone.

Sharpes and moments are per period unless a name says annual; kurtosis is raw (3 for a normal).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri, ndtr, ndtri

from alphamill.core.errors import DataError
from alphamill.core.market import Floats


class Moments(NamedTuple):
    """Third and fourth standardised moments; ``kurtosis`` is raw, 3 for a normal."""

    skew: float
    kurtosis: float


class Interval(NamedTuple):
    low: float
    high: float


NORMAL = Moments(0.0, 3.0)


def sharpe_from_sums(
    total: ArrayLike, total_of_squares: ArrayLike, n_periods: ArrayLike, periods_per_year: float
) -> Floats:
    """Return annualised Sharpe ratios from sums of P&L and of its squares.

    Parameters
    ----------
    total, total_of_squares : array-like of any shape
        Sums over all periods; periods without P&L count as 0.
    n_periods : array-like, broadcast against them
        All periods, those without P&L included.
    periods_per_year : float
        Trading days of the market for daily P&L.

    Returns
    -------
    ndarray
        mean / std (ddof 1) x sqrt(periods_per_year); 0 where the P&L never moves.

    Examples
    --------
    >>> sharpe_from_sums([3.0, 0.0], [5.0, 0.0], 3, 1.0).tolist()
    [1.0, 0.0]
    """
    s, ss = np.asarray(total, dtype=np.float64), np.asarray(total_of_squares, dtype=np.float64)
    n = np.asarray(n_periods, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = s / n
        variance = (ss - s * mean) / (n - 1.0)
        # Below this the difference is rounding: the same P&L every period.
        moves = (n > 1.0) & (variance > 1e-12 * ss / n)
        ratio = mean / np.sqrt(variance) * math.sqrt(periods_per_year)
    return np.where(moves, ratio, 0.0)


def moments(returns: Floats) -> Moments:
    """Return skewness and raw kurtosis (population form); those of a normal if nothing moves."""
    centred = returns - returns.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0.0:
        return NORMAL
    return Moments(
        float(np.mean(centred**3)) / variance**1.5, float(np.mean(centred**4)) / variance**2
    )


def sharpe_error(sharpe: float, n_periods: float, shape: Moments = NORMAL) -> float:
    """Return the standard error of a per-period Sharpe ratio of independent returns.

    Raises
    ------
    DataError
        For fewer than two periods, or moments that no distribution has (kurtosis below
        1 + skew squared: most often an excess kurtosis).

    References
    ----------
    Mertens (2002); Lo (2002), Financial Analysts Journal 58(4); Opdyke (2007). With n - 1, as
    Bailey and Lopez de Prado (2012).
    """
    if n_periods < 2:
        raise DataError(f"a Sharpe ratio needs at least 2 periods, received {n_periods!r}.")
    # A sample of two values reaches equality; rounding may fall a little below it.
    if shape.kurtosis < (1.0 + shape.skew**2) * (1.0 - 1e-9):
        raise DataError(
            f"kurtosis must be raw and at least 1 + skew^2 = {1.0 + shape.skew**2:.4g}, received "
            f"{shape.kurtosis!r} with skew {shape.skew!r}; add 3 to an excess kurtosis."
        )
    return math.sqrt(_spread(sharpe, shape) / (n_periods - 1.0))


def probabilistic_sharpe(
    sharpe: float, n_periods: float, benchmark: float = 0.0, shape: Moments = NORMAL
) -> float:
    """Return the probability that the true Sharpe ratio exceeds ``benchmark``.

    References
    ----------
    Bailey and Lopez de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2).

    Examples
    --------
    >>> round(probabilistic_sharpe(0.458, 24), 5)
    0.98167
    """
    return float(ndtr((sharpe - benchmark) / sharpe_error(sharpe, n_periods, shape)))


def minimum_track_record(
    sharpe: float, benchmark: float = 0.0, shape: Moments = NORMAL, confidence: float = 0.95
) -> float:
    """Return the periods after which ``sharpe`` beats ``benchmark`` at ``confidence``, one-sided.

    Infinite, that is never, where the Sharpe ratio does not exceed the benchmark.

    References
    ----------
    Bailey and Lopez de Prado (2012), as `probabilistic_sharpe`.
    """
    if sharpe <= benchmark:
        return math.inf
    return 1.0 + _spread(sharpe, shape) * (float(ndtri(confidence)) / (sharpe - benchmark)) ** 2


def expected_maximum(n_trials: float) -> float:
    """Return the expected largest of ``n_trials`` independent standard normals.

    0 for a single one, where the formula would give minus infinity.

    References
    ----------
    Bailey, Borwein, Lopez de Prado and Zhu (2014), Notices of the AMS 61(5), proposition 1.

    Examples
    --------
    >>> round(expected_maximum(10), 4)
    1.5746
    """
    if n_trials <= 1:
        return 0.0
    gamma = float(np.euler_gamma)
    return float(
        (1.0 - gamma) * ndtri(1.0 - 1.0 / n_trials) + gamma * ndtri(1.0 - 1.0 / (n_trials * math.e))
    )


def noise_sharpe(n_trials: float, trials_variance: float) -> float:
    """Return the Sharpe ratio that the best of ``n_trials`` shows without any edge.

    ``trials_variance`` is the variance of the per-period Sharpe ratios over *all* trials ever
    run: that of the survivors alone is too small.
    """
    return math.sqrt(trials_variance) * expected_maximum(n_trials)


def deflated_sharpe(
    sharpe: float,
    n_periods: float,
    n_trials: float,
    trials_variance: float,
    shape: Moments = NORMAL,
) -> float:
    """Return the probability that the chosen Sharpe ratio is more than the luck of the draw.

    With one trial it is the probabilistic Sharpe ratio against 0.

    References
    ----------
    Bailey and Lopez de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio
    Management 40(5).
    """
    return probabilistic_sharpe(sharpe, n_periods, noise_sharpe(n_trials, trials_variance), shape)


def recognition_power(
    annual_sharpe: float,
    n_periods: int,
    periods_per_year: float,
    n_trials: int,
    confidence: float = 0.95,
) -> float:
    """Return how often one true edge among ``n_trials`` is chosen and recognised.

    "With this much data and this many trials, an edge of Sharpe 1 would be recognised 9 % of the
    time": it must show the best Sharpe ratio of all, and a deflated one above ``confidence``. The
    other trials are independent noise; returns are normal. The variance over the trials includes
    the edge itself, as it does in practice.

    Notes
    -----
    The edge's observed Sharpe ratio x is integrated over a grid, the noise variance of the other
    trials over midpoint quantiles of its chi-square law. Agrees within 0.05 with the simulated
    table of the specification (statistics C3).
    """
    error = 1.0 / math.sqrt(n_periods - 1.0)
    z = np.linspace(-8.0, 8.0, 2_001)
    true = annual_sharpe / math.sqrt(periods_per_year)
    x = true + z * error * math.sqrt(1.0 + true**2 / 2.0)
    weight = np.exp(-(z**2) / 2.0)
    weight /= weight.sum()
    chosen = ndtr(x / error) ** (n_trials - 1)
    noise = _noise_variance(n_trials - 1, error)
    spread = ((n_trials - 2) * noise[:, None] + (1.0 - 1.0 / n_trials) * x**2) / max(
        n_trials - 1, 1
    )
    bar = np.sqrt(spread) * expected_maximum(n_trials)
    needed = float(ndtri(confidence)) * error * np.sqrt(1.0 + x**2 / 2.0)
    return float(np.mean((x - bar > needed) @ (weight * chosen)))


def _spread(sharpe: float, shape: Moments) -> float:
    return 1.0 - shape.skew * sharpe + (shape.kurtosis - 1.0) / 4.0 * sharpe**2


def _noise_variance(n_noise: int, error: float) -> Floats:
    """Return 32 equally likely sample variances of ``n_noise`` Sharpe ratios without an edge."""
    if n_noise < 2:
        return np.zeros(1)
    upper_tail = (np.arange(32) + 0.5) / 32.0
    quantiles = np.asarray(chdtri(n_noise - 1, upper_tail), dtype=np.float64)
    return quantiles / (n_noise - 1) * error**2
