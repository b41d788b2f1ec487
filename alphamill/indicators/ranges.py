"""How much prices move: volatility from ranges, and how it changes.

Volatilities are standard deviations of logarithmic returns of one bar: a fraction, not a percent,
and not annualised (times the square root of the bars in a year). They need prices above 0; a
window with another is NaN.
"""

import math

import numpy as np

from alphamill.core.market import Floats
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import log_return, roc
from alphamill.indicators.rolling import (
    previous,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_std,
)
from alphamill.indicators.trend import ema, sma
from alphamill.indicators.volatility import atr, true_range


@memoised
def natr(high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return the average true range in percent of the close (TA-Lib's ``NATR`` but for its seed).

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Wilder's length.

    Returns
    -------
    ndarray of shape (n,)
        Percent; NaN in the first ``n_bars - 1`` rows and where the close is not above 0.

    Examples
    --------
    >>> natr(np.array([3.0]), np.array([1.0]), np.array([2.0]), 1).tolist()
    [100.0]
    """
    return 100.0 * _quotient(atr(high, low, close, n_bars), close)


@memoised
def average_range(high: Floats, low: Floats, n_bars: int) -> Floats:
    """Return the simple average of high less low, gaps left out: on daily bars the ADR.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Quote currency; NaN in the first ``n_bars - 1`` rows.

    Examples
    --------
    >>> average_range(np.array([3.0, 9.0]), np.array([2.0, 6.0]), 2).tolist()
    [nan, 2.0]
    """
    return sma(high - low, n_bars)


@memoised
def realised_volatility(x: Floats, n_bars: int, ddof: int = 1) -> Floats:
    """Return the standard deviation of the last ``n_bars`` logarithmic returns.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of returns, more than ``ddof``.
    ddof : int
        1 for the sample deviation, 0 for the population's.

    Returns
    -------
    ndarray of shape (n,)
        Fraction a bar; NaN in the first ``n_bars`` rows.

    Examples
    --------
    >>> realised_volatility(np.exp(np.array([0.0, 1.0, 0.0])), 2, ddof=0).round(12).tolist()
    [nan, nan, 1.0]
    """
    return rolling_std(log_return(x), n_bars, ddof)


@memoised
def price_spike(x: Floats, n_bars: int, ddof: int = 0) -> Floats:
    """Return Augen's price spike: the change of a bar in deviations usual before it.

    (x[t] / x[t-1] - 1) over ``realised_volatility`` at t - 1.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of returns before the present one, more than ``ddof``.
    ddof : int
        0 for the population's deviation, 1 for the sample's.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars + 1`` rows and where the returns before did not vary.

    References
    ----------
    Augen (2008), The Volatility Edge in Options Trading.

    Examples
    --------
    >>> price_spike(np.exp(np.array([0.0, 1.0, 0.0, np.log(3.0)])), 2).round(9).tolist()
    [nan, nan, nan, 2.0]
    """
    usual = previous(realised_volatility(x, n_bars, ddof))
    return _quotient(roc(x, 1) / 100.0, usual)


@memoised
def parkinson(high: Floats, low: Floats, n_bars: int) -> Floats:
    """Return Parkinson's volatility: from the range alone, five times as efficient as closes.

    sqrt(mean(ln(high / low)^2) / (4 ln 2)). It takes a driftless walk without gaps for granted.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Fraction a bar; NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Parkinson (1980), The Extreme Value Method, Journal of Business 53:1.

    Examples
    --------
    >>> parkinson(np.array([2.0]), np.array([1.0]), 1).round(4).tolist()
    [0.4163]
    """
    return _root(rolling_mean(_log_ratio(high, low) ** 2, n_bars) / (4.0 * math.log(2.0)))


@memoised
def garman_klass(open_: Floats, high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return the volatility of Garman and Klass: range, less what open to close explains.

    sqrt(mean(ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2)), for a driftless walk
    without gaps.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Fraction a bar; NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Garman and Klass (1980), On the Estimation of Security Price Volatilities from Historical Data,
    Journal of Business 53:1.

    Examples
    --------
    >>> one = np.ones(1)
    >>> garman_klass(one, 2 * one, one, one, 1).round(4).tolist()
    [0.4901]
    """
    reach, body = _log_ratio(high, low), _log_ratio(close, open_)
    variance = 0.5 * reach**2 - (2.0 * math.log(2.0) - 1.0) * body**2
    return _root(rolling_mean(variance, n_bars))


@memoised
def rogers_satchell(open_: Floats, high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return the volatility of Rogers and Satchell: from ranges, right also under a drift.

    sqrt(mean(ln(high / close) ln(high / open) + ln(low / close) ln(low / open))).

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Fraction a bar; NaN in the first ``n_bars - 1`` rows.

    References
    ----------
    Rogers and Satchell (1991), Estimating Variance from High, Low and Closing Prices, Annals of
    Applied Probability 1:4.

    Examples
    --------
    >>> one = np.ones(1)
    >>> rogers_satchell(one, 2 * one, one, one, 1).round(4).tolist()
    [0.6931]
    """
    return _root(rolling_mean(_drift_free(open_, high, low, close), n_bars))


@memoised
def yang_zhang(open_: Floats, high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return the volatility of Yang and Zhang: gaps, bodies and ranges, right under a drift.

    sqrt(V_gap + k V_body + (1 - k) V_rs): sample variances of ln(open / previous close) and of
    ln(close / open), and the variance of ``rogers_satchell``, with
    k = 0.34 / (1.34 + (n + 1) / (n - 1)).

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        Fraction a bar; NaN in the first ``n_bars`` rows.

    References
    ----------
    Yang and Zhang (2000), Drift-Independent Volatility Estimation Based on High, Low, Open, and
    Close Prices, Journal of Business 73:3.

    Examples
    --------
    >>> up = np.array([1.0, 2.0, 4.0])
    >>> yang_zhang(up, up, up, up, 2).tolist()
    [nan, nan, 0.0]
    """
    weight = 0.34 / (1.34 + (n_bars + 1.0) / (n_bars - 1.0))
    gap, body = (
        rolling_std(_log_ratio(after, before), n_bars) ** 2
        for after, before in ((open_, previous(close)), (close, open_))
    )
    reach = rolling_mean(_drift_free(open_, high, low, close), n_bars)
    return _root(gap + weight * body + (1.0 - weight) * reach)


@memoised
def chaikin_volatility(high: Floats, low: Floats, n_bars: int, lag_bars: int) -> Floats:
    """Return how far the average range has grown: the change of ``ema(high - low)`` in percent.

    Parameters
    ----------
    high, low : ndarray of shape (n,)
        Prices, oldest first.
    n_bars, lag_bars : int
        Span of the average, and over how many bars it is compared.

    Returns
    -------
    ndarray of shape (n,)
        Percent; NaN in the first ``n_bars + lag_bars - 1`` rows and where there was no range.

    References
    ----------
    Achelis (2000), Technical Analysis from A to Z, Chaikin's volatility.

    Examples
    --------
    >>> chaikin_volatility(np.array([3.0, 4.0]), np.array([1.0, 1.0]), 1, 1).tolist()
    [nan, 50.0]
    """
    usual = ema(high - low, n_bars)
    return 100.0 * (_quotient(usual, previous(usual, lag_bars)) - 1.0)


@memoised
def choppiness(high: Floats, low: Floats, close: Floats, n_bars: int) -> Floats:
    """Return Dreiss' choppiness index: the way walked against the ground covered.

    100 log10(sum of true ranges / (highest high - lowest low)) / log10(``n_bars``): near 100 the
    market goes sideways, near 0 straight on.

    Parameters
    ----------
    high, low, close : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window, at least 2.

    Returns
    -------
    ndarray of shape (n,)
        NaN in the first ``n_bars - 1`` rows and where the window has no range. A gap into the
        window lifts it above 100.

    Examples
    --------
    >>> high = np.array([2.0, 2.0])
    >>> choppiness(high, high - 1, high, 2).tolist()
    [nan, 100.0]
    """
    walked = n_bars * sma(true_range(high, low, close), n_bars)
    way = _quotient(walked, rolling_max(high, n_bars) - rolling_min(low, n_bars))
    return 100.0 * np.log10(way) / math.log10(n_bars)


@memoised
def ulcer_index(x: Floats, n_bars: int) -> Floats:
    """Return Martin's ulcer index: how deep prices lay under their latest high, on average.

    The root of the mean square, over ``n_bars``, of the distance in percent from the highest of
    the ``n_bars`` values up to each.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Prices, oldest first.
    n_bars : int
        Window of highs and of distances, at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Percent, at least 0; NaN in the first ``2 * n_bars - 2`` rows and where a high is not
        above 0.

    References
    ----------
    Martin and McCann (1989), The Investor's Guide to Fidelity Funds.

    Examples
    --------
    >>> ulcer_index(np.array([8.0, 10.0, 9.0]), 2).round(3).tolist()
    [nan, nan, 7.071]
    """
    highest = rolling_max(x, n_bars)
    depth = 100.0 * _quotient(x - highest, highest)
    return _root(rolling_mean(depth**2, n_bars))


def _drift_free(open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    up = _log_ratio(high, close) * _log_ratio(high, open_)
    return up + _log_ratio(low, close) * _log_ratio(low, open_)


def _root(variance: Floats) -> Floats:
    # In a market at rest rounding may leave a variance just below 0.
    out: Floats = np.sqrt(np.maximum(variance, 0.0))
    return out


def _log_ratio(x: Floats, y: Floats) -> Floats:
    known = (x > 0.0) & (y > 0.0)
    out = np.full(x.size, np.nan)
    np.divide(x, y, out=out, where=known)
    np.log(out, out=out)
    return out


def _quotient(x: Floats, y: Floats) -> Floats:
    out = np.full(x.size, np.nan)
    np.divide(x, y, out=out, where=y > 0.0)
    return out
