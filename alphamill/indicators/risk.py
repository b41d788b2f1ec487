"""What was earned for the risk taken, and how much was lost on the way.

Returns are simple ones of a bar, x[t] / x[t-1] - 1, and ratios are those of a bar: nothing is
annualised. Prices must be above 0; what reads another is NaN.
"""

from statistics import NormalDist

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import roc
from alphamill.indicators.rolling import column, rolling_mean, rolling_std
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


@memoised
def sharpe_ratio(x: Floats, n_bars: int, rate: float = 0.0, ddof: int = 1) -> Floats:
    """Return mean over standard deviation of the last ``n_bars`` returns.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of returns, more than ``ddof``.
    rate : float
        Riskless return of a bar, a fraction.
    ddof : int
        1 for the sample deviation, 0 for the population's.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars`` rows and where returns do not vary.

    References
    ----------
    Sharpe (1994), The Sharpe Ratio, Journal of Portfolio Management 21:1.

    Examples
    --------
    >>> sharpe_ratio(np.array([8.0, 8.0, 16.0]), 2, ddof=0).tolist()
    [nan, nan, 1.0]
    """
    returns = _returns(x)
    return _ratio(rolling_mean(returns, n_bars) - rate, rolling_std(returns, n_bars, ddof))


@memoised
def sortino_ratio(x: Floats, n_bars: int, rate: float = 0.0) -> Floats:
    """Return mean excess over the downside deviation of the last ``n_bars`` returns.

    The deviation is the root of the mean square of what each return fell short of ``rate``, over
    all ``n_bars``, those that did not fall short included.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of returns, at least 1.
    rate : float
        Return of a bar below which it counts as a loss, a fraction.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars`` rows and where nothing fell short.

    References
    ----------
    Sortino and Price (1994), Performance Measurement in a Downside Risk Framework, Journal of
    Investing 3:3.

    Examples
    --------
    >>> sortino_ratio(np.array([8.0, 16.0, 8.0]), 2).round(4).tolist()
    [nan, nan, 0.7071]
    """
    excess = _returns(x) - rate
    short = np.minimum(excess, 0.0)
    return _ratio(rolling_mean(excess, n_bars), np.sqrt(rolling_mean(short**2, n_bars)))


@memoised
def value_at_risk(x: Floats, n_bars: int, confidence: float) -> Floats:
    """Return the return that is undercut in 1 - ``confidence`` of all bars, if they were normal.

    mean + z s over the last returns, z the normal quantile of 1 - ``confidence`` and s the sample
    deviation. ``rolling_quantile`` of the returns is the same without the normal distribution.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of returns, at least 2.
    confidence : float
        In (0, 1), such as 0.95.

    Returns
    -------
    ndarray of shape (n,)
        Fraction, a loss being negative; NaN in the first ``n_bars`` rows.

    References
    ----------
    J.P. Morgan (1996), RiskMetrics Technical Document.

    Examples
    --------
    >>> value_at_risk(np.array([8.0, 8.0, 16.0]), 2, 0.95).round(4).tolist()
    [nan, nan, -0.6631]
    """
    returns = _returns(x)
    z = NormalDist().inv_cdf(1.0 - confidence)
    return rolling_mean(returns, n_bars) + z * rolling_std(returns, n_bars)


@memoised
def drawdown(x: Floats) -> Floats:
    """Return how far each value lies below the highest so far; it depends on the whole history.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices or equity without NaN, oldest first.

    Returns
    -------
    ndarray of shape (n,)
        Fraction of that high, 0 at a new one; NaN where the high is not above 0.

    Examples
    --------
    >>> drawdown(np.array([4.0, 3.0, 5.0])).tolist()
    [0.0, 0.25, 0.0]
    """
    highest = np.maximum.accumulate(x)
    return _ratio(highest - x, highest)


@memoised
def rolling_drawdown(x: Floats, n_bars: int) -> Floats:
    """Return the deepest fall from a high to a later low within the last ``n_bars`` values.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices or equity, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Fraction of the high, at least 0; NaN in the first ``n_bars - 1`` rows and where the window
        holds a NaN or its first value is not above 0.

    Examples
    --------
    >>> rolling_drawdown(np.array([4.0, 3.0, 5.0, 6.0]), 3).tolist()
    [nan, nan, 0.25, 0.0]
    """
    out = np.full(x.size, np.nan)
    window_fall(column(x), n_bars, out)
    return out


def _returns(x: Floats) -> Floats:
    return roc(x, 1) / 100.0


def _ratio(x: Floats, y: Floats) -> Floats:
    out = np.full(x.size, np.nan)
    np.divide(x, y, out=out, where=y > 0.0)
    return out


@jit
def window_fall(x: Floats, n_bars: int, out: Floats) -> None:
    for t in range(n_bars - 1, x.size):
        highest, deepest = x[t - n_bars + 1], 0.0
        is_known = highest > 0.0
        if not is_known:
            continue
        for at in range(t - n_bars + 2, t + 1):
            is_known &= not np.isnan(x[at])
            highest = max(highest, x[at])
            deepest = max(deepest, (highest - x[at]) / highest)
        if is_known:
            out[t] = deepest
