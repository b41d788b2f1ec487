"""The parameter plateau: whether the neighbours in the grid earn too, or the cell is a peak."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.core.params import Value
from alphamill.validation.gates import Condition, Verdict, missed
from alphamill.validation.thresholds import PlateauThresholds

# A neighbour above this part of the chosen score belongs to the plateau.
_PART = 0.5


@dataclass(frozen=True)
class Plateau:
    """A cell among its neighbours in the grid.

    Attributes
    ----------
    score : float
        Of the chosen cell.
    n_neighbours : int
    median_ratio, worst_ratio : float
        Median and least score of the neighbours over the chosen one's; NaN without neighbours, or
        where the chosen score is not above 0.
    share : float
        Part of the neighbours whose score exceeds half the chosen one's; NaN likewise.
    edges : tuple of str
        Parameters whose chosen value is the lowest or highest of the grid: beyond it nothing was
        tried, and the best may lie there.
    """

    score: float
    n_neighbours: int
    median_ratio: float
    worst_ratio: float
    share: float
    edges: tuple[str, ...]


def plateau(points: Sequence[Mapping[str, Value | None]], scores: Floats, chosen: int) -> Plateau:
    """Return how the neighbours of a cell did.

    Parameters
    ----------
    points : sequence of mapping
        Parameters of every cell of the grid, exits included, all with the same names. None means
        "no such exit" and counts as the step beyond the highest value.
    scores : ndarray of shape (n_cells,)
        Finite; annualised Sharpe ratios as a rule.
    chosen : int

    Raises
    ------
    DataError

    Notes
    -----
    Neighbours lie at most one step of the grid away in every dimension, diagonals included, and
    exist: sets that are impossible or equal to others are no neighbours. Switches and names have
    no order, so a cell with another one is not a neighbour but another rule. The specification's
    further steps of 10 and 20 % are left to finer grids: they would need cells that were not run.

    References
    ----------
    Specs, statistics C9; there is no standard formula.
    """
    n = len(points)
    if scores.shape != (n,) or not 0 <= chosen < n or not np.isfinite(scores).all():
        raise DataError(
            f"a plateau needs one finite score a cell and a chosen cell, received {n} cells, "
            f"scores {scores.shape} and cell {chosen}."
        )
    near, edges = np.ones(n, dtype=np.bool_), []
    for name in points[chosen]:
        values = [point[name] for point in points]
        if isinstance(values[chosen], (bool, str)):
            near &= np.array([value == values[chosen] for value in values])
            continue
        rank = _ranks(values)
        near &= np.abs(rank - rank[chosen]) <= 1
        edges += _edge(name, values, chosen)
    near[chosen] = False
    score, there = float(scores[chosen]), scores[near]
    if there.size == 0 or not score > 0.0:
        return Plateau(score, there.size, math.nan, math.nan, math.nan, tuple(edges))
    return Plateau(
        score=score,
        n_neighbours=there.size,
        median_ratio=float(np.median(there)) / score,
        worst_ratio=float(there.min()) / score,
        share=float(np.mean(there > _PART * score)),
        edges=tuple(edges),
    )


def plateau_gate(found: Plateau, limits: PlateauThresholds) -> Verdict:
    """Judge whether the chosen cell stands on a plateau.

    A grid without neighbours is not asked, and has not passed; a score that is not above 0 fails.
    Where the chosen cell lies at the edge of the grid the detail warns. The score is the share.

    Notes
    -----
    Neighbours share most of their trades, so the best cell of a smooth grid stands on a plateau on
    noise as well: the gate tells spikes from plateaus and not luck from skill.
    """
    edges = f"; at the edge of the grid: {', '.join(found.edges)}" if found.edges else ""
    if found.n_neighbours == 0:
        detail = f"the grid has no neighbour of the chosen cell{edges}"
        return Verdict("plateau", False, math.nan, limits.min_share, detail, asked=False)
    failed = missed(
        (
            Condition("share of good neighbours", found.share, "at least", limits.min_share),
            Condition(
                "median of the neighbours over the chosen",
                found.median_ratio,
                "at least",
                limits.min_median_ratio,
            ),
        )
    )
    # Limits that ask nothing must not let a loss pass.
    if not found.score > 0.0:
        failed = [f"the chosen score {found.score:.3g} is not above 0"]
    detail = "; ".join(failed) or (
        f"{found.share:.0%} of {found.n_neighbours} neighbours above half the score, median "
        f"{found.median_ratio:.0%} of it, worst {found.worst_ratio:.0%}"
    )
    return Verdict("plateau", not failed, found.share, limits.min_share, detail + edges)


def _ranks(values: Sequence[Value | None]) -> Ints:
    numbers = [math.inf if value is None else float(value) for value in values]
    return np.asarray(np.unique(numbers, return_inverse=True)[1], dtype=np.int64)


def _edge(name: str, values: Sequence[Value | None], chosen: int) -> list[str]:
    value = values[chosen]
    tried = {float(v) for v in values if v is not None}
    if value is None or len(tried) < 2:
        return []
    if value == min(tried):
        return [f"{name}={value:g} (lowest)"]
    # Beyond the highest lies "none", where that was tried.
    if value == max(tried) and None not in values:
        return [f"{name}={value:g} (highest)"]
    return []
