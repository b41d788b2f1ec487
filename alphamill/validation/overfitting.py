"""PBO: how often the cell that was best in one half of history is below the middle in the other.

It is relative, so it informs and never decides: a pool of losers can have a low PBO, and costs that
differ between cells keep the ranks and so bring it near 0 on noise. Read it beside the probability
that the chosen cell loses money out of sample, and beside its noise band.
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.validation.gates import Condition, Verdict, missed
from alphamill.validation.statistics import Interval, sharpe_from_sums
from alphamill.validation.thresholds import OverfittingThresholds
from alphamill.validation.walk import BlockSums

# 20 groups have 184,756 splits; more only cost time.
_MOST_GROUPS = 20
# Working arrays of one piece of the splits stay near 8 MB each.
_PIECE = 1_000_000


@dataclass(frozen=True, eq=False)
class Overfitting:
    """What combinatorially symmetric cross-validation found, one entry a split.

    Attributes
    ----------
    pbo : float
        Share of splits with a logit of 0 or less.
    loss_probability : float
        Share of splits in which the chosen cell's out-of-sample Sharpe ratio is below 0.
    slope : float
        Performance degradation: least-squares slope of the chosen cell's out-of-sample ratio on
        its in-sample one; NaN where the latter is the same in all splits. Negative even for pure
        noise, because the two halves add up to one history.
    chosen : int64 of shape (n_splits,)
        Cell with the best in-sample ratio; of equals the lowest index.
    logits : float64 of shape (n_splits,)
        ln(w / (1 - w)) with w = rank / (n_cells + 1), the chosen cell's out-of-sample rank.
    in_sample, out_of_sample : float64 of shape (n_splits,)
        Its annualised Sharpe ratios.
    pool_mean : float64 of shape (n_splits,)
        Mean out-of-sample ratio over all cells: what choosing blindly would have given.
    n_blocks_left_out : int
        Oldest blocks that did not fill groups of equal size.
    """

    pbo: float
    loss_probability: float
    slope: float
    chosen: Ints
    logits: Floats
    in_sample: Floats
    out_of_sample: Floats
    pool_mean: Floats
    n_blocks_left_out: int

    @property
    def dominates_first_order(self) -> bool:
        """Whether the choice beats blind choice at every quantile over the splits.

        Rare even for a true edge, for a mean over many cells varies less than any one of them.
        """
        ahead = np.sort(self.out_of_sample) - np.sort(self.pool_mean)
        return bool(np.all(ahead >= 0.0) and np.any(ahead > 0.0))

    @property
    def dominates_second_order(self) -> bool:
        """Whether everyone averse to risk would prefer the choice to blind choice."""
        # With as many splits on both sides the integrals of the distributions are these sums.
        ahead = np.cumsum(np.sort(self.out_of_sample) - np.sort(self.pool_mean))
        return bool(np.all(ahead >= 0.0) and np.any(ahead > 0.0))


def probability_of_overfitting(sums: BlockSums, n_groups: int = 16) -> Overfitting:
    """Return the probability of backtest overfitting by CSCV, with what belongs beside it.

    Parameters
    ----------
    sums : BlockSums
        P&L of *every* cell tried, by block; cells left out on account of their results spoil it.
        Cells that never trade have a ratio of 0 and beat a pool of losers: leave those out.
    n_groups : int
        Even. Blocks are joined to that many groups, each of the same number of blocks; all
        C(n_groups, n_groups / 2) halves are in-sample once. 16 have 12,870 splits.

    Raises
    ------
    DataError
        For fewer than two cells, fewer blocks than groups, or a number of groups that is odd,
        below 2 or above 20.

    Notes
    -----
    Equal out-of-sample ratios share their mean rank. Groups must be long against the
    autocorrelation of the P&L, and a grid of near-duplicates makes PBO jump between runs, as its
    `noise_band` shows.

    References
    ----------
    Bailey, Borwein, Lopez de Prado and Zhu (2017), The Probability of Backtest Overfitting,
    Journal of Computational Finance 20(4), section 2. PBO counts logits of exactly 0.
    """
    total, squares, n = _groups(sums, n_groups)
    return _cscv(total, squares, n, sums, _halves(n_groups))


def noise_band(
    sums: BlockSums,
    rng: np.random.Generator,
    n_groups: int = 10,
    n_draws: int = 200,
    level: float = 0.90,
) -> Interval:
    """Return the range in which PBO falls when no cell is better than another.

    In each draw every cell's P&L is freed of its mean and whole groups change sign, the same ones
    for all cells: edges go, correlation between cells and the size of moves stay.

    Parameters
    ----------
    sums, n_groups
        As for `probability_of_overfitting`; compare bands and PBO of the same number of groups.
    rng : numpy.random.Generator
    n_draws : int
        Each costs as much as one PBO.
    level : float
        Share of the draws inside; the tails outside are equal.

    Notes
    -----
    Our own; checked against 2,000 simulated matrices of independent noise (50 cells, 1,000
    sessions, 10 groups), 90 % of which lie between 0.23 and 0.80.
    """
    total, squares, n = _groups(sums, n_groups)
    mean = (total.sum(axis=1) / n.sum())[:, None]
    squares = squares - 2.0 * mean * total + n * mean**2
    total = total - n * mean
    halves = _halves(n_groups)
    found = [
        _cscv(total * rng.choice([-1.0, 1.0], n_groups), squares, n, sums, halves).pbo
        for _ in range(n_draws)
    ]
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(found, [tail, 1.0 - tail])
    return Interval(float(low), float(high))


def overfitting_gate(
    pbo: float, loss_probability: float, band: Interval, limits: OverfittingThresholds
) -> Verdict:
    """Say whether the choice within the grid carries over to the other half of history.

    Costs that differ between cells bring PBO near 0 on noise, so the probability of a loss out of
    sample is asked too, and PBO must lie below what noise gives this grid.

    Parameters
    ----------
    pbo, loss_probability : float
        From `overfitting.probability_of_overfitting`.
    band : Interval
        From `overfitting.noise_band`, of the same number of groups.
    limits : OverfittingThresholds
    """
    failed = missed(
        (
            Condition("PBO", pbo, "at most", limits.max_pbo),
            Condition("PBO beside its noise band", pbo, "at most", band.low),
            Condition("loss probability", loss_probability, "at most", limits.max_loss_probability),
        )
    )
    detail = (
        f"PBO {pbo:.2f} (noise {band.low:.2f} to {band.high:.2f}), the best in sample loses "
        f"out of sample in {loss_probability:.0%} of splits"
    )
    detail = "; ".join([*failed, detail])
    return Verdict("overfitting", not failed, 1.0 - pbo, 1.0 - limits.max_pbo, detail)


def _groups(sums: BlockSums, n_groups: int) -> tuple[Floats, Floats, Floats]:
    if n_groups % 2 or not 2 <= n_groups <= _MOST_GROUPS:
        raise DataError(
            f"PBO needs an even number of groups from 2 to {_MOST_GROUPS}, received {n_groups!r}."
        )
    n_cells, n_blocks = sums.total.shape
    if n_cells < 2 or n_blocks < n_groups:
        raise DataError(
            f"PBO needs at least 2 cells and as many blocks as groups, received {n_cells} cells, "
            f"{n_blocks} blocks and {n_groups} groups; lower n_groups or load more history."
        )
    kept = slice(n_blocks % n_groups, None)
    total = sums.total[:, kept].reshape(n_cells, n_groups, -1).sum(axis=2)
    squares = sums.squares[:, kept].reshape(n_cells, n_groups, -1).sum(axis=2)
    n = sums.n_sessions[kept].reshape(n_groups, -1).sum(axis=1).astype(np.float64)
    return total, squares, n


def _halves(n_groups: int) -> Flags:
    """Return the halves that hold group 0; the others are their complements, in reverse order."""
    rest = np.array(list(combinations(range(1, n_groups), n_groups // 2 - 1)), dtype=np.int64)
    rest = rest.reshape(math.comb(n_groups - 1, n_groups // 2 - 1), n_groups // 2 - 1)
    halves = np.zeros((rest.shape[0], n_groups), dtype=np.bool_)
    halves[:, 0] = True
    np.put_along_axis(halves, rest, True, axis=1)
    return halves


def _cscv(total: Floats, squares: Floats, n: Floats, sums: BlockSums, halves: Flags) -> Overfitting:
    per_piece = max(1, _PIECE // total.shape[0])
    forth, back = [], []
    for first in range(0, halves.shape[0], per_piece):
        piece = halves[first : first + per_piece].astype(np.float64)
        one, other = (
            sharpe_from_sums(
                half @ total.T, half @ squares.T, (half @ n)[:, None], sums.periods_per_year
            )
            for half in (piece, 1.0 - piece)
        )
        forth.append(_judged(one, other))
        back.append(_judged(other, one))
    chosen, rank, inside, outside, pool_mean = (
        np.concatenate([*(f[k] for f in forth), *(b[k][::-1] for b in reversed(back))])
        for k in range(5)
    )
    logits = np.log(rank / (total.shape[0] + 1.0 - rank))
    spread = inside - inside.mean()
    slope = spread @ outside / (spread @ spread) if inside.min() < inside.max() else math.nan
    return Overfitting(
        pbo=float(np.mean(logits <= 0.0)),
        loss_probability=float(np.mean(outside < 0.0)),
        slope=float(slope),
        chosen=chosen.astype(np.int64),
        logits=logits,
        in_sample=inside,
        out_of_sample=outside,
        pool_mean=pool_mean,
        n_blocks_left_out=sums.total.shape[1] % n.size,
    )


def _judged(inside: Floats, outside: Floats) -> tuple[Floats, ...]:
    """Return by row the chosen column, its rank outside, its two ratios and the mean outside."""
    chosen = np.argmax(inside, axis=1)
    at = np.arange(chosen.size)
    ratio = outside[at, chosen]
    below = np.count_nonzero(outside < ratio[:, None], axis=1)
    equal = np.count_nonzero(outside == ratio[:, None], axis=1)
    rank = below + (equal + 1.0) / 2.0
    return chosen.astype(np.float64), rank, inside[at, chosen], ratio, outside.mean(axis=1)
