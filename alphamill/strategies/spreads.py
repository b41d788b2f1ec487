"""What rules over two series share: prices on one clock, hedge ratios, and targets from a score."""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Bars, Flags, Floats, Ints, as_of, last_closed
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# A spread with less than this share of the variance is a series against itself: rounding.
ROUNDING = 1e-12


class Spread(NamedTuple):
    """What is known of a spread at each close, shape (n_bars,); NaN until it is.

    ``score`` is how many deviations the first series lies above what the other says; ``hedge`` is
    the money of the other series that offsets one unit of money of the first.
    """

    score: Floats
    hedge: Floats


def log_paths(bars: Bars, other: Bars) -> tuple[Floats, Floats]:
    """Return the log prices of two series at the closes of the first, each from an own level.

    A move is a percent of the price that was traded, so that rolls leave no step in prices to which
    an adjustment added a constant; only differences within one path mean something. The other
    series is read at its last bar closed by then.

    Returns
    -------
    tuple of two ndarray of shape (n_bars,)
        NaN at a move from or to a price of 0 or below, and before the other series began.
    """
    own = _log_path(bars.close, bars.raw_close, bars.adjusted == "add")
    its = _log_path(other.close, other.raw_close, other.adjusted == "add")
    return own, _on_clock(its, bars.close_ns, other.close_ns)


def targets(spread: Spread, enter: float, leave: float) -> Floats:
    """Return the exposures of a rule that sells a rich spread and buys a cheap one.

    A spread is bought where its score comes to -``enter`` or below and left where it comes back to
    -``leave`` or above; selling mirrors it. Between these closes nothing is said (NaN), so what was
    wanted stands and the hedge is that of the entry.

    Parameters
    ----------
    spread : Spread
    enter, leave : float
        Deviations, ``leave`` below ``enter``.

    Returns
    -------
    ndarray of shape (n_bars, 2)
        Money of each leg for one unit of the first, as ``Strategy.targets`` takes it.
    """
    score, hedge = spread
    out = np.full((score.size, 2), np.nan)
    out[_comes(score >= -leave) | _comes(score <= leave)] = 0.0
    one = np.column_stack([np.ones(score.size), -hedge])
    buys, sells = _comes(score <= -enter), _comes(score >= enter)
    out[buys], out[sells] = one[buys], -one[sells]
    return out


@memoised
def regression_spread(y: Floats, x: Floats, n_bars: int) -> Spread:
    """Return the last residual of the least-squares line of ``y`` on ``x`` over ``n_bars``.

    Parameters
    ----------
    y, x : ndarray of shape (n,)
        For example log prices; adding a constant to either changes nothing.
    n_bars : int
        Window, at least 3; its last bar is the current one.

    Returns
    -------
    Spread
        ``score`` in standard deviations (ddof 1) of the window's residuals, ``hedge`` the slope;
        NaN where the window holds a NaN, ``x`` stands still or the fit is perfect.
    """
    score, hedge = np.full((2, y.size), np.nan)
    regress(y, x, n_bars, score, hedge)
    return Spread(score, hedge)


@memoised
def kalman_spread(y: Floats, x: Floats, delta: float, noise: float) -> Spread:
    """Return the forecast errors of a regression whose slope and level wander.

    Parameters
    ----------
    y, x : ndarray of shape (n,)
        Log prices. The filter sees both as prices that start at 100 at their first common bar,
        on a slope of 1: its two constants speak of price units, and a filter that starts from
        nothing would take its first bars for a signal.
    delta : float
        How much the state may wander: its noise has the covariance delta / (1 - delta) x I.
    noise : float
        Variance of the observation in squared price units.

    Returns
    -------
    Spread
        ``score`` is the forecast error over its own standard deviation, ``hedge`` the slope after
        the bar, in money. A bar with a NaN says nothing and teaches nothing.

    References
    ----------
    Chan (2013), Algorithmic Trading, chapter 3: dynamic linear regression by Kalman filter.
    """
    score, hedge = np.full((2, y.size), np.nan)
    known = np.flatnonzero(~np.isnan(y + x))
    if known.size:
        first = known[0]
        index = 100.0 * np.exp(y - y[first]), 100.0 * np.exp(x - x[first])
        kalman(*index, delta / (1.0 - delta), noise, score, hedge)
    return Spread(score, hedge)


@memoised
def _log_path(close: Floats, raw_close: Floats, added: bool) -> Floats:
    price = raw_close if added else close
    known = price > 0.0
    before, was_known = price[:-1], known[:-1] & known[1:]
    moves = np.divide(np.diff(close), before, out=np.zeros(before.size), where=was_known)
    was_known &= moves > -1.0
    path = np.append(0.0, np.cumsum(np.log1p(np.where(was_known, moves, 0.0))))[: close.size]
    return np.where(np.append(known[:1], was_known), path, np.nan)


@memoised
def _on_clock(path: Floats, close_ns: Ints, other_close_ns: Ints) -> Floats:
    return as_of(path, last_closed(close_ns, other_close_ns))


def _comes(is_so: Flags) -> Flags:
    """Return where something is so that was not so, or not known, one bar before."""
    fresh: Flags = is_so & (previous(is_so.astype(np.float64)) != 1.0)
    return fresh


@jit
def regress(y: Floats, x: Floats, n_bars: int, score: Floats, hedge: Floats) -> None:
    for t in range(n_bars - 1, y.size):
        mean_y = mean_x = 0.0
        for i in range(t - n_bars + 1, t + 1):
            mean_y += y[i]
            mean_x += x[i]
        mean_y /= n_bars
        mean_x /= n_bars
        yy = xx = xy = 0.0
        for i in range(t - n_bars + 1, t + 1):
            dy, dx = y[i] - mean_y, x[i] - mean_x
            yy += dy * dy
            xx += dx * dx
            xy += dx * dy
        # Written so that a NaN in the window answers no.
        if not xx > 0.0:
            continue
        slope = xy / xx
        left = yy - slope * xy
        if left > ROUNDING * yy:
            hedge[t] = slope
            deviation = np.sqrt(left / (n_bars - 1))
            score[t] = (y[t] - mean_y - slope * (x[t] - mean_x)) / deviation


@jit
def kalman(y: Floats, x: Floats, wander: float, noise: float, score: Floats, hedge: Floats) -> None:
    slope, level = 1.0, 0.0
    # The state's covariance: of the slope, of both, of the level.
    p, q, r = 0.0, 0.0, 0.0
    for t in range(y.size):
        if np.isnan(y[t]) or np.isnan(x[t]):
            continue
        p, r = p + wander, r + wander
        error = y[t] - (slope * x[t] + level)
        of_slope, of_level = p * x[t] + q, q * x[t] + r
        variance = of_slope * x[t] + of_level + noise
        slope += of_slope / variance * error
        level += of_level / variance * error
        p -= of_slope * of_slope / variance
        q -= of_slope * of_level / variance
        r -= of_level * of_level / variance
        score[t] = error / np.sqrt(variance)
        hedge[t] = slope * x[t] / y[t]
