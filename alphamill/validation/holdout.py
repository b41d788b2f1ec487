"""The sealed end of history: opened once is a test, opened often is a search, and so is charged."""

import math

import numpy as np
from scipy.special import ndtr, ndtri

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.validation.gates import Verdict
from alphamill.validation.statistics import sharpe_error, sharpe_from_sums
from alphamill.validation.thresholds import HoldoutThresholds

_FIRST_LOOK = HoldoutThresholds().first_look_size


def needed_sharpe(
    n_looks: int,
    n_sessions: int,
    periods_per_year: float,
    first_look_size: float = _FIRST_LOOK,
) -> float:
    """Return the annual Sharpe ratio that the k-th look at the same sealed bars must exceed.

    Parameters
    ----------
    n_looks : int
        Looks at these bars so far, this one included; whoever looked, and at whatever.
    n_sessions : int
    periods_per_year : float
    first_look_size : float
        Chance that luck passes the first look.

    Returns
    -------
    float
        The 1 - first_look_size / k quantile of annual Sharpe ratios without an edge: with 0.5
        the first look must exceed 0.

    Raises
    ------
    DataError

    Notes
    -----
    Each look is charged for those before it. That slows the growth of the chance that some look
    passes by luck and does not stop it: of ten unrelated looks at noise one passes in 82 % of
    cases (99.9 % if each had to exceed 0 only). A sealed end that was looked at ten times is used
    up; seal new bars. Ratios are taken to be normal, with the error of no edge.

    Examples
    --------
    >>> [round(needed_sharpe(k, 505, 252.0), 2) for k in (1, 2, 10)]
    [0.0, 0.48, 1.16]
    """
    if n_looks < 1 or not 0.0 < first_look_size < 1.0:
        raise DataError(
            "a look at sealed bars has a number from 1 and a size between 0 and 1, received "
            f"{n_looks!r} and {first_look_size!r}."
        )
    error = sharpe_error(0.0, n_sessions) * math.sqrt(periods_per_year)
    return float(ndtri(1.0 - first_look_size / n_looks)) * error


def holdout_gate(
    pnl: Floats, periods_per_year: float, n_looks: int, limits: HoldoutThresholds
) -> Verdict:
    """Judge the chosen cell on bars that nothing was chosen on.

    Parameters
    ----------
    pnl : ndarray of shape (n_sessions,)
        Session P&L on the sealed bars, those without a position as 0; may be empty while sealed.
    periods_per_year : float
    n_looks : int
        Looks at these bars so far, this one included; 0 while they are sealed.
    limits : HoldoutThresholds

    Returns
    -------
    Verdict
        The score is the annual Sharpe ratio. While sealed, or with fewer than two sessions, the
        gate is not asked.

    Raises
    ------
    DataError
        For P&L that is not finite.
    """
    if n_looks == 0 or pnl.size < 2:
        why = "the end of history is sealed" if n_looks == 0 else f"{pnl.size} sealed sessions"
        return Verdict("holdout", False, math.nan, limits.min_sharpe, why, asked=False)
    if pnl.ndim != 1 or not np.isfinite(pnl).all():
        raise DataError(f"the holdout needs one series of finite P&L, received shape {pnl.shape}.")
    needed = needed_sharpe(n_looks, pnl.size, periods_per_year, limits.first_look_size)
    bar = max(limits.min_sharpe, needed)
    ratio = float(sharpe_from_sums(pnl.sum(), pnl @ pnl, pnl.size, periods_per_year))
    error = sharpe_error(0.0, pnl.size) * math.sqrt(periods_per_year)
    detail = f"{pnl.size} sealed sessions earned {pnl.sum():,.0f}, look {n_looks} at them"
    if n_looks > 1:
        detail += f"; the first look would have needed {limits.min_sharpe:.2f}"
    return Verdict("holdout", ratio > bar, ratio, bar, detail, p_value=float(ndtr(-ratio / error)))
