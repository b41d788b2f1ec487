"""From a Sharpe ratio per period to one a year when returns depend on those before."""

import math

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.validation.statistics import sharpe_from_sums


def annualisation_factor(autocorrelation: Floats, n_periods: int) -> float:
    """Return by what a per-period Sharpe ratio is multiplied for ``n_periods`` together.

    eta(q) = q / sqrt(q + 2 sum over k < q of (q - k) rho_k), which is sqrt(q) without
    autocorrelation.

    Parameters
    ----------
    autocorrelation : ndarray of shape (n_lags,)
        rho_1, rho_2, ... of the returns; later ones count as 0, those from lag q on are not used.
    n_periods : int
        q, for example 12 months or 252 days of a year.

    Raises
    ------
    DataError
        For a value outside [-1, 1] or NaN, q below 1, and autocorrelations that no series has
        (the sum of the periods would have no variance).

    References
    ----------
    Lo (2002), The Statistics of Sharpe Ratios, Financial Analysts Journal 58(4), equation 20.

    Examples
    --------
    >>> round(annualisation_factor(0.2 ** np.arange(1, 12), 12), 3)
    2.879
    """
    rho = np.asarray(autocorrelation, dtype=np.float64)
    if n_periods < 1 or rho.ndim != 1 or not np.all(np.abs(rho) <= 1.0):
        raise DataError(
            "annualisation needs at least one period and a list of autocorrelations from -1 to 1, "
            f"received {n_periods!r} periods and {rho!r}."
        )
    rho = rho[: n_periods - 1]
    variance = n_periods + 2.0 * float((n_periods - np.arange(1, rho.size + 1)) @ rho)
    if variance <= 1e-9 * n_periods:
        raise DataError(
            f"the sum of {n_periods} periods has a variance of {variance:.3g} of theirs: no series "
            "has these autocorrelations; estimate fewer lags."
        )
    return n_periods / math.sqrt(variance)


def autocorrelation(returns: Floats, n_lags: int) -> Floats:
    """Return the sample autocorrelations of lags 1 to ``n_lags``, shape (n_lags,).

    Sums of products over the sum of squares, which keeps them within [-1, 1]; all 0 for returns
    that never move.

    Raises
    ------
    DataError
        For NaN or infinity, or not more returns than lags.

    References
    ----------
    Box, Jenkins and Reinsel, Time Series Analysis, section 2.1.
    """
    r = np.asarray(returns, dtype=np.float64)
    if r.ndim != 1 or r.size <= n_lags or n_lags < 0 or not np.isfinite(r).all():
        raise DataError(
            f"{n_lags!r} autocorrelations need more finite returns than that, received shape "
            f"{r.shape}; periods without a position are 0, not NaN."
        )
    centred = r - r.mean()
    power = float(centred @ centred)
    if power <= 1e-24 * float(r @ r):
        return np.zeros(n_lags)
    return np.array([float(centred[k:] @ centred[:-k]) for k in range(1, n_lags + 1)]) / power


def annual_sharpe(returns: Floats, periods_per_year: int, n_lags: int | None = None) -> float:
    """Return the annualised Sharpe ratio with Lo's correction for autocorrelation.

    Parameters
    ----------
    returns : ndarray of shape (n_periods,)
        P&L or returns of every period, those without a position as 0, oldest first. Of periods,
        never of trades: the square root of 252 has no meaning there.
    periods_per_year : int
    n_lags : int, optional
        How many autocorrelations to estimate; by default 4 (n / 100)^(2/9), rounded down.

    Returns
    -------
    float
        0 where the P&L never moves.

    Notes
    -----
    The formula runs over all lags below a year. Estimated to the end they are noise that adds up
    (to -1/2 over all lags of a sample), so only the first few are; an uncorrected ratio is too high
    for trending P&L and too low for alternating P&L, and so is its standard error.

    References
    ----------
    Lo (2002), as `annualisation_factor`; number of lags as Newey and West (1994), RES 61(4).
    """
    r = np.asarray(returns, dtype=np.float64)
    if n_lags is None:
        n_lags = min(int(4.0 * (r.size / 100.0) ** (2.0 / 9.0)), max(r.size - 1, 0))
    rho = autocorrelation(r, n_lags)
    ratio = float(sharpe_from_sums(r.sum(), r @ r, r.size, 1.0))
    return ratio * annualisation_factor(rho, periods_per_year)
