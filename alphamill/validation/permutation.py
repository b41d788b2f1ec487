"""Markets without memory: the same bars in another order, to re-run a whole sweep on noise.

Null hypothesis: the moves of the market come in no particular order. Drift, start, end and the
distribution of moves are kept, all serial structure is destroyed, volatility clustering included;
rules driven by volatility or by the hour need blocks or slots instead (specs, statistics C8).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError
from alphamill.core.market import Floats


class Permuted(NamedTuple):
    """New prices of shape (n_bars,); ``source[t]`` is the bar whose inner part stands at t."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    source: NDArray[np.int64]


def permuted_bars(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    rng: np.random.Generator,
    additive: bool = False,
) -> Permuted:
    """Return the bars in another order.

    A bar is taken apart into the gap from the previous close to its open, and its inner part
    (high, low and close from the open). Gaps and inner parts are shuffled separately and put
    together again. The first bar stays, so start and end are those of the original.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n_bars,)
        Prices, oldest first.
    rng : numpy.random.Generator
    additive : bool
        Shuffle differences instead of log returns, for additively adjusted prices (which may be
        negative).

    References
    ----------
    Masters (2020), Permutation and Randomization Tests for Trading System Development; Aronson
    (2006), Evidence-Based Technical Analysis.
    """
    o, h, lo, c = (moves_scale(p, additive) for p in (open_, high, low, close))
    source = np.append(0, 1 + rng.permutation(c.size - 1))
    gap = np.append(0.0, rng.permutation(o[1:] - c[:-1]))
    inner = (c - o)[source]
    # Each bar opens where all gaps up to it and all inner parts before it have led.
    start = o[0] + np.cumsum(gap) + np.cumsum(inner) - inner
    new_open, new_close = prices_of(start, additive), prices_of(start + inner, additive)
    new_high = prices_of(start + (h - o)[source], additive)
    new_low = prices_of(start + (lo - o)[source], additive)
    # exp need not be monotone in its last bit, and Bars refuse a close a hair above its high.
    return Permuted(
        new_open,
        np.maximum(new_high, np.maximum(new_open, new_close)),
        np.minimum(new_low, np.minimum(new_open, new_close)),
        new_close,
        source,
    )


def permuted_closes(close: Floats, rng: np.random.Generator, additive: bool = False) -> Floats:
    """Return closes whose moves come in another order, from the same start to the same end.

    Examples
    --------
    >>> permuted_closes(np.array([1.0, 2.0, 8.0]), np.random.default_rng(3)).round(9).tolist()
    [1.0, 4.0, 8.0]
    """
    c = moves_scale(close, additive)
    return prices_of(c[0] + np.append(0.0, np.cumsum(rng.permutation(np.diff(c)))), additive)


def p_value(actual: float, null_draws: Floats) -> float:
    """Return (1 + b) / (1 + B), b the draws of B that reach ``actual``; never 0.

    A draw that is NaN (nothing traded) does not reach it; an ``actual`` that is NaN gives 1.

    References
    ----------
    Phipson and Smyth (2010), Permutation p-values should never be zero.

    Examples
    --------
    >>> p_value(2.0, np.array([0.5, 2.0, 1.0]))
    0.5
    """
    if np.isnan(actual):
        return 1.0
    return float(1 + np.count_nonzero(null_draws >= actual)) / (1 + null_draws.size)


def moves_scale(price: Floats, additive: bool) -> Floats:
    """Return prices on the scale on which moves add up: logarithms, or as they are."""
    if price.size == 0:
        raise DataError("a permutation needs at least one bar, received none.")
    if additive:
        return np.asarray(price, dtype=np.float64)
    if not (price > 0.0).all():
        at = int(np.argmin(price > 0.0))
        raise DataError(
            f"log returns need prices above 0, bar {at} has {float(price[at])!r}; use additive "
            "draws for additively adjusted prices."
        )
    return np.asarray(np.log(price), dtype=np.float64)


def prices_of(value: Floats, additive: bool) -> Floats:
    """Return what `moves_scale` was given."""
    return value if additive else np.asarray(np.exp(value), dtype=np.float64)
