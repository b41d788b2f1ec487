"""Histories that could have been: the stationary bootstrap, and the studentised one for trades.

A resampled history is kept as counts: how often each session was drawn. One matrix of counts
serves every cell of a sweep, so a mean over all draws and cells is one matrix product.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.validation.permutation import p_value
from alphamill.validation.statistics import Interval, sharpe_from_sums

Weights = NDArray[np.float32]

# Working arrays of one piece of a long resampling stay near 10 MB.
_PIECE = 1_000_000
_FEWEST_SESSIONS = 16


class MeanTest(NamedTuple):
    """Whether trades make money: ``p_value`` against a mean of 0 or less, ``interval`` of it."""

    p_value: float
    interval: Interval


def stationary_rows(
    n_sessions: int, n_draws: int, mean_block: float, rng: np.random.Generator
) -> Ints:
    """Return resampled histories as rows of the original, shape (n_draws, n_sessions).

    Blocks begin anywhere, have geometric lengths of ``mean_block`` on average and run on from the
    last session to the first.

    Parameters
    ----------
    n_sessions, n_draws : int
    mean_block : float
        At least 1 (which resamples single sessions), in sessions; see `block_length`.
    rng : numpy.random.Generator

    Raises
    ------
    DataError
        For an empty history or a block below one session.

    References
    ----------
    Politis and Romano (1994), The Stationary Bootstrap, JASA 89(428), section 2.
    """
    if n_sessions < 1 or n_draws < 1 or not mean_block >= 1.0:
        raise DataError(
            "a stationary bootstrap needs at least one session, one draw and a mean block of 1, "
            f"received {n_sessions}, {n_draws} and {mean_block!r}."
        )
    at = np.arange(n_sessions)
    begins = rng.random((n_draws, n_sessions)) < 1.0 / mean_block
    origin = rng.integers(0, n_sessions, (n_draws, n_sessions))
    # The last beginning at or before each place; the first place begins one in any case.
    since = np.maximum.accumulate(np.where(begins, at, 0), axis=1)
    rows: Ints = (np.take_along_axis(origin, since, axis=1) + at - since) % n_sessions
    return rows


def stationary_weights(
    n_sessions: int, n_draws: int, mean_block: float, rng: np.random.Generator
) -> Weights:
    """Return how often each resampled history holds each session.

    Returns
    -------
    float32 of shape (n_draws, n_sessions)
        Whole numbers; each row adds up to ``n_sessions``. ``weights @ pnl / n_sessions`` are the
        resampled means of all columns of ``pnl``.

    Notes
    -----
    The order within a draw is lost: right for means and Sharpe ratios, useless for drawdowns,
    which need `stationary_rows`. Draw the matrix once and use it for every cell: cells that are
    judged together must be resampled together, or their correlation is lost and the maximum
    over them comes out too large.

    References
    ----------
    Politis and Romano (1994), as `stationary_rows`.

    Examples
    --------
    >>> stationary_weights(3, 2, 2.0, np.random.default_rng(0)).sum(axis=1).tolist()
    [3.0, 3.0]
    """
    per_piece = max(1, _PIECE // max(n_sessions, 1))
    pieces = [
        _counts(
            stationary_rows(n_sessions, min(per_piece, n_draws - start), mean_block, rng),
            n_sessions,
        )
        for start in range(0, max(n_draws, 1), per_piece)
    ]
    return np.concatenate(pieces)


def block_length(pnl: Floats) -> float:
    """Return the mean block, in sessions, that fits the autocorrelation of one series.

    Parameters
    ----------
    pnl : ndarray of shape (n_sessions,)
        Finite, oldest first, at least 16 sessions.

    Returns
    -------
    float
        At least 1, and at most min(3 sqrt(n), n / 3).

    Raises
    ------
    DataError

    Notes
    -----
    The rule looks at linear autocorrelation only: series whose volatility clusters get a short
    block, which is right for a mean and optimistic for a variance or a Sharpe ratio.

    References
    ----------
    Politis and White (2004), Automatic Block-Length Selection for the Dependent Bootstrap,
    Econometric Reviews 23(1); Patton, Politis and White (2009), correction in
    Econometric Reviews 28(4): the constant of the stationary bootstrap is 2 g(0)^2.
    """
    x = _series(pnl, _FEWEST_SESSIONS, "a block length")
    n = x.size
    run = max(5, int(math.log10(n)))
    last = math.ceil(math.sqrt(n)) + run
    centred = x - x.mean()
    autocovariance = np.array([centred[k:] @ centred[: n - k] for k in range(last + 1)]) / n
    if autocovariance[0] <= 0.0:
        return 1.0
    quiet = np.abs(autocovariance) < 2.0 * math.sqrt(math.log10(n) / n) * autocovariance[0]
    runs = np.lib.stride_tricks.sliding_window_view(quiet[:-1], run).all(axis=1)
    first_quiet = int(np.argmax(runs)) if runs.any() else last
    lags = np.arange(1, min(2 * first_quiet, last) + 1)
    taper = np.minimum(1.0, 2.0 * (1.0 - lags / lags.size))
    tapered = taper * autocovariance[lags]
    slope = 2.0 * float(tapered @ lags)
    spectrum = float(autocovariance[0]) + 2.0 * float(tapered.sum())
    if spectrum == 0.0:
        return 1.0
    longest = math.ceil(min(3.0 * math.sqrt(n), n / 3.0))
    wanted = ((slope / spectrum) ** 2 * n) ** (1.0 / 3.0)
    return float(min(max(wanted, 1.0), longest))


def mean_interval(pnl: Floats, weights: Weights, level: float = 0.90) -> Interval:
    """Return a confidence interval of the mean P&L of a session.

    Parameters
    ----------
    pnl : ndarray of shape (n_sessions,)
        Finite; sessions without a position as 0.
    weights : ndarray of shape (n_draws, n_sessions)
        From `stationary_weights`.
    level : float
        Coverage; equal tails, percentile method.

    Raises
    ------
    DataError

    References
    ----------
    Politis and Romano (1994), as `stationary_rows`.
    """
    x = _matching(pnl, weights)
    return _between(weights @ x / x.size, level)


def sharpe_interval(
    pnl: Floats, weights: Weights, periods_per_year: float, level: float = 0.90
) -> Interval:
    """Return a confidence interval of the annualised Sharpe ratio.

    As `mean_interval`; the ratio is formed anew in each resampled history. It says how uncertain
    the ratio of *one* rule is, chosen beforehand: the interval of the best of many is centred at
    a figure that luck has lifted.

    References
    ----------
    Politis and Romano (1994), as `stationary_rows`; Ledoit and Wolf (2008), Robust performance
    hypothesis testing with the Sharpe ratio, Journal of Empirical Finance 15(5), on why blocks.
    """
    x = _matching(pnl, weights)
    drawn = sharpe_from_sums(weights @ x, weights @ np.square(x), x.size, periods_per_year)
    return _between(drawn, level)


def studentised_mean(
    trades: Floats,
    rng: np.random.Generator,
    n_draws: int = 2_000,
    block_trades: int = 1,
    level: float = 0.90,
) -> MeanTest:
    """Test whether the mean of a list of trades is above 0.

    t = sqrt(n) mean / std is compared with t* = sqrt(n) (mean* - mean) / std* of resampled lists:
    the skewness of the trades moves both alike, which the normal table and random signs miss.

    Parameters
    ----------
    trades : ndarray of shape (n_trades,)
        Profit of each trade, finite, in order of entry.
    rng : numpy.random.Generator
    n_draws : int
    block_trades : int
        Successive trades resampled as one, where neighbours overlap or depend on each other; the
        oldest ones that fill no block are left out.
    level : float
        Coverage of the interval, equal tails.

    Returns
    -------
    MeanTest
        One-sided p with the +1 of Phipson and Smyth. With fewer than two blocks, or trades that
        are all alike, nothing is known: p is 1 and the interval infinite.

    Notes
    -----
    Says nothing about the choice of the best of many rules. Random signs are not offered: on
    many small wins and rare large losses they reject 18.5 % at a nominal 5 %.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, equations 12.20 and 12.22; Hall
    (1992), The Bootstrap and Edgeworth Expansion, section 3.3.
    """
    if block_trades < 1:
        raise DataError(f"a block needs at least one trade, received {block_trades!r}.")
    x = _series(trades, 0, "a test of trades")
    unit = x[x.size % block_trades :].reshape(-1, block_trades).mean(axis=1)
    if unit.size < 2 or np.ptp(unit) == 0.0:
        return MeanTest(1.0, Interval(-math.inf, math.inf))
    per_piece = max(1, _PIECE // unit.size)
    drawn = np.concatenate(
        [
            _t_of_draws(unit, min(per_piece, n_draws - start), rng)
            for start in range(0, n_draws, per_piece)
        ]
    )
    mean, error = float(unit.mean()), float(unit.std(ddof=1)) / math.sqrt(unit.size)
    tail = (1.0 - level) / 2.0
    # Draws without spread are infinite: an order statistic, not a mixture of two, is wanted.
    low, high = np.quantile(drawn, [tail, 1.0 - tail], method="inverted_cdf")
    interval = Interval(mean - float(high) * error, mean - float(low) * error)
    return MeanTest(p_value(mean / error, drawn), interval)


def _t_of_draws(unit: Floats, n_draws: int, rng: np.random.Generator) -> Floats:
    drawn = unit[rng.integers(0, unit.size, (n_draws, unit.size))]
    moved = drawn.mean(axis=1) - unit.mean()
    error = drawn.std(axis=1, ddof=1) / math.sqrt(unit.size)
    # A draw of one value over and over again: rounding must not give it a finite ratio.
    error[np.ptp(drawn, axis=1) == 0.0] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num(moved / error, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return np.asarray(t)


def _counts(rows: Ints, n_sessions: int) -> Weights:
    first = np.arange(rows.shape[0])[:, None] * n_sessions
    counts = np.bincount((rows + first).ravel(), minlength=rows.size)
    return counts.reshape(rows.shape).astype(np.float32)


def _between(drawn: Floats, level: float) -> Interval:
    if not 0.0 < level < 1.0:
        raise DataError(f"the level of an interval must lie between 0 and 1, received {level!r}.")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return Interval(float(low), float(high))


def _matching(pnl: Floats, weights: Weights) -> Floats:
    x = _series(pnl, 2, "an interval")
    if weights.ndim != 2 or weights.shape[1] != x.size:
        raise DataError(
            f"weights must be (n_draws, {x.size}), one column a session, received {weights.shape}."
        )
    return x


def _series(values: Floats, fewest: int, purpose: str) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.size < fewest:
        raise DataError(f"{purpose} needs a series of at least {fewest}, received {x.shape}.")
    bad = np.flatnonzero(~np.isfinite(x))
    if bad.size:
        at = int(bad[0])
        raise DataError(f"{purpose} needs finite values, entry {at} is {float(x[at])!r}.")
    return x
