"""More draws of nothing: each keeps part of a market or of a rule, and breaks the rest.

What is to be shown decides (specs, statistics C8): `block_permuted_bars` for rules driven by
volatility, `slot_permuted_bars` for intraday rules, both with the whole sweep run again;
`shifted` for the timing of one fixed rule; `random_entries` for the entry over the same exit.
`noisy_bars` is no null: a real edge survives it.
"""

from typing import NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.validation.permutation import Permuted, moves_scale, prices_of


class Entries(NamedTuple):
    """Bars of entry and exit (n_trades,), rising; ``source[i]`` is the trade moved to place i."""

    entry: Ints
    exit: Ints
    source: Ints


class _Parts(NamedTuple):
    """Bars taken apart: gap to the open, then high, low and close from it; logs or differences."""

    gap: Floats
    high: Floats
    low: Floats
    close: Floats


def block_permuted_bars(
    prices: tuple[Floats, Floats, Floats, Floats],
    block_bars: int,
    rng: np.random.Generator,
    first: int = 0,
    additive: bool = False,
) -> Permuted:
    """Return the bars with blocks of them in another order.

    Keeps what happens within a block (volatility clusters, the link of gap and bar), the moves,
    start and end. Breaks what reaches further than a block.

    Parameters
    ----------
    prices : tuple of ndarray of shape (n_bars,)
        Open, high, low, close, oldest first.
    block_bars : int
        Bars of a block; where the first one ends is drawn, so that no seam stays in its place.
    rng : numpy.random.Generator
    first : int
        This bar and those before it stay: the last bar of the training segment, to permute the
        test segment only.
    additive : bool
        Differences instead of log returns, for additively adjusted prices.

    Returns
    -------
    Permuted
        ``source[t]`` is the bar whose gap and inner part stand at t.

    Raises
    ------
    DataError

    Notes
    -----
    A rule that lives on a pattern shorter than a block keeps its edge in most of the draw, and
    the test loses its power: blocks must be longer than what the rule is forgiven (clustering)
    and shorter than what it claims. With one block per history nothing is permuted.

    References
    ----------
    Masters (2020), Permutation and Randomization Tests for Trading System Development; the
    blocks as Künsch (1989), Annals of Statistics 17(3), without replacement.
    """
    n = _length(prices)
    if block_bars < 1:
        raise DataError(f"a block needs at least one bar, received {block_bars!r}.")
    free = np.arange(_first(first, n) + 1, n)
    cut = np.arange(int(rng.integers(1, block_bars + 1)), free.size, block_bars)
    blocks = np.split(free, cut)
    order = [blocks[i] for i in rng.permutation(len(blocks))]
    source = np.concatenate([np.arange(first + 1), *order])
    return _rebuilt(prices, source, source, first, additive)


def slot_permuted_bars(
    prices: tuple[Floats, Floats, Floats, Floats],
    slot: Ints,
    rng: np.random.Generator,
    first: int = 0,
    additive: bool = False,
) -> Permuted:
    """Return the bars in another order, each staying at its time of the day.

    Keeps the intraday pattern of volatility and drift, gaps at the open included, and the moves
    of each slot. Breaks the order of days, and what bars of one day have in common.

    Parameters
    ----------
    prices, rng, first, additive
        As `block_permuted_bars`.
    slot : int64 of shape (n_bars,)
        Time of the day, for example ``Bars.minute``; half days fall into place by themselves.

    Returns
    -------
    Permuted
        Gaps are shuffled apart from inner parts, both within their slot; ``source`` tells the
        inner part.

    Raises
    ------
    DataError

    Notes
    -----
    Volatility that lasts for days is destroyed; combine with dated regimes or use blocks of whole
    sessions where that matters. A slot that occurs once stays in its place.

    References
    ----------
    Masters (2020), as `block_permuted_bars`; Aronson (2006), Evidence-Based Technical Analysis.
    """
    n = _length(prices)
    if slot.shape != (n,):
        raise DataError(f"slots must be ({n},), one a bar, received {slot.shape}.")
    free = np.arange(_first(first, n) + 1, n)
    gap, inner = np.arange(n), np.arange(n)
    for value in np.unique(slot[free]):
        places = free[slot[free] == value]
        gap[places] = rng.permutation(places)
        inner[places] = rng.permutation(places)
    return _rebuilt(prices, gap, inner, first, additive)


def shifted(position: Floats, rng: np.random.Generator, shortest: int = 1) -> Floats:
    """Return positions turned round the end of history against the market's moves.

    Keeps the positions, their order, turnover and exposure, and the market whole. Breaks their
    alignment.

    Parameters
    ----------
    position : ndarray of shape (n_bars,) or (n_bars, n_rules)
        Position or signal of each bar; all columns are turned alike.
    rng : numpy.random.Generator
    shortest : int
        Smallest shift either way, in bars; at least as long as the rule's memory, or the draw
        still knows what the rule knew.

    Raises
    ------
    DataError
        Where the history is too short for any such shift.

    Notes
    -----
    Tests one fixed rule. The best of a sweep must be shifted with all of its grid, and the best
    chosen anew. There are only n - 2 shortest + 1 different draws.

    References
    ----------
    Andrzejak, Kraskov, Stögbauer, Mormann and Kreuz (2003), Bivariate surrogate techniques,
    Physical Review E 68, on shifted surrogates; specs, statistics C8.
    """
    n = position.shape[0]
    if shortest < 1 or n < 2 * shortest:
        raise DataError(
            f"a shift of at least {shortest} bars (1 or more) either way needs "
            f"{2 * shortest} bars, received {n}."
        )
    return np.roll(position, int(rng.integers(shortest, n - shortest + 1)), axis=0)


def random_entries(entry: Ints, exit_: Ints, n_bars: int, rng: np.random.Generator) -> Entries:
    """Return the same trades at random places: as many, as long, never two at a time.

    Keeps number, holding times and exposure (and, through ``source``, side and size). Breaks when
    they happen; every arrangement is equally likely.

    Parameters
    ----------
    entry, exit_ : int64 of shape (n_trades,)
        Bars of entry and exit, entry <= exit < n_bars; one may begin in the bar in which
        another ends.
    n_bars : int
        Length of the history.
    rng : numpy.random.Generator

    Raises
    ------
    DataError
        For trades outside the history, overlapping, or filling more bars than there are.

    Notes
    -----
    Judges the entry, not the exit: the holding times came from the real market's path. With
    little free time the draws are near-copies of the original, and the test has no power.

    References
    ----------
    Aronson (2006), Evidence-Based Technical Analysis, chapter 5; specs, statistics C8. Uniform
    over arrangements by stars and bars.
    """
    held = np.asarray(exit_ - entry)
    order = np.argsort(entry, kind="stable")
    overlap = bool((entry[order][1:] < exit_[order][:-1]).any())
    if held.size and (overlap or min(held.min(), entry.min()) < 0 or exit_.max() >= n_bars):
        raise DataError(f"trades must follow each other within {n_bars} bars, entry before exit.")
    source = rng.permutation(held.size)
    # A trade within one bar takes that bar up.
    busy = np.maximum(held[source], 1)
    free = n_bars - 1 - int(busy.sum())
    if free < 0:
        raise DataError(f"the trades fill more than {n_bars} bars; they cannot be moved.")
    place = np.sort(rng.choice(free + held.size, held.size, replace=False))
    moved = place - np.arange(held.size) + np.cumsum(busy) - busy
    return Entries(moved, moved + held[source], source)


def noisy_bars(
    prices: tuple[Floats, Floats, Floats, Floats],
    noise_frac: float,
    rng: np.random.Generator,
    additive: bool = False,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the bars with noise on every open and close, in fractions of a usual move.

    Keeps path, drift, volatility and seasons, and each bar's wicks beyond its body. An edge that
    dies under noise of a tenth of a bar's move sits on single ticks.

    Parameters
    ----------
    prices, rng, additive
        As `block_permuted_bars`.
    noise_frac : float
        Standard deviation of the noise over that of the moves from close to close. The moves'
        variance grows by 1 + 2 noise_frac^2.

    Returns
    -------
    tuple of ndarray of shape (n_bars,)
        Open, high, low, close.

    Raises
    ------
    DataError

    Notes
    -----
    Independent noise on levels gives the moves an autocorrelation of
    -noise_frac^2 / (1 + 2 noise_frac^2), which fades reversal rules profit from: keep it small.

    References
    ----------
    Roll (1984), Journal of Finance 39(4), for the autocorrelation.
    """
    n = _length(prices)
    if not noise_frac >= 0.0:
        raise DataError(f"noise must be a fraction of 0 or more, received {noise_frac!r}.")
    o, h, lo, c = (moves_scale(p, additive) for p in prices)
    scale = noise_frac * float(np.diff(c).std()) if n > 1 else 0.0
    new_open = o + scale * rng.standard_normal(n)
    new_close = c + scale * rng.standard_normal(n)
    new_high = np.maximum(new_open, new_close) + h - np.maximum(o, c)
    new_low = np.minimum(new_open, new_close) + lo - np.minimum(o, c)
    return _held(*(prices_of(p, additive) for p in (new_open, new_high, new_low, new_close)))


def _rebuilt(
    prices: tuple[Floats, Floats, Floats, Floats],
    gap_source: Ints,
    source: Ints,
    first: int,
    additive: bool,
) -> Permuted:
    """Put gaps and inner parts of other bars together after bar ``first``."""
    o, h, lo, c = (moves_scale(p, additive) for p in prices)
    parts = _Parts(np.append(0.0, o[1:] - c[:-1]), h - o, lo - o, c - o)
    inner = parts.close[source]
    move = (parts.gap[gap_source] + inner)[first + 1 :]
    # Each bar opens where all gaps up to it and all inner parts before it have led.
    start = c[first] + np.cumsum(move) - inner[first + 1 :]
    shapes = (0.0, parts.high[source], parts.low[source], inner)
    drawn = (prices_of(start + np.broadcast_to(s, o.size)[first + 1 :], additive) for s in shapes)
    whole = (np.append(p[: first + 1], d) for p, d in zip(prices, drawn, strict=True))
    return Permuted(*_held(*whole), source)


def _held(
    open_: Floats, high: Floats, low: Floats, close: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    # exp need not be monotone in its last bit, and Bars refuse a close a hair above its high.
    highest = np.maximum(high, np.maximum(open_, close))
    return open_, highest, np.minimum(low, np.minimum(open_, close)), close


def _length(prices: tuple[Floats, Floats, Floats, Floats]) -> int:
    shapes = {p.shape for p in prices}
    n = prices[0].size
    if shapes != {(n,)} or n == 0:
        raise DataError(f"prices must be four columns of one length, received {sorted(shapes)}.")
    return n


def _first(first: int, n: int) -> int:
    if not 0 <= first < n:
        raise DataError(f"the last bar to stay must be one of {n}, received {first!r}.")
    return first
