"""How a training set is split for a search whose thresholds are chosen inside each split.

Of five groups every pair is tested once (ten outer splits, four paths through history). The
threshold of an outer split is chosen on its training groups only, each scored by a model that saw
neither it nor the tested pair: those are the splits that test three groups, trained on the other
two, and each serves three outer splits.
"""

from typing import NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Ints
from alphamill.learning.rows import Rows, TooFewError
from alphamill.validation.crossval import CombinatorialPurgedCV

N_GROUPS, N_TESTED = 5, 2
EMBARGO_DAYS = 2
DAY_NS = 86_400 * 10**9


class Fold(NamedTuple):
    """A training set and the rows that it is asked about, group by group."""

    tested: tuple[int, ...]
    train: Ints
    test: Ints


class Folds(NamedTuple):
    """All splits of one training set.

    Attributes
    ----------
    each : tuple of Fold
        Outer splits first, then inner ones.
    n_outer : int
    edges : int64 of shape (n_groups + 1,)
        First row of each group, and the number of rows.
    days : int64 of shape (n_groups,)
        Sessions that belong to each group; they add up to those of the window.
    cv : CombinatorialPurgedCV
        Of the outer splits.
    """

    each: tuple[Fold, ...]
    n_outer: int
    edges: Ints
    days: Ints
    cv: CombinatorialPurgedCV

    def inner(self, outer: int) -> list[tuple[int, int]]:
        """Return, for each training group of an outer split, the fold that scores it."""
        tested = self.each[outer].tested
        place = {fold.tested: k for k, fold in enumerate(self.each)}
        rest = [g for g in range(self.edges.size - 1) if g not in tested]
        return [(g, place[tuple(sorted((*tested, g)))]) for g in rest]

    def rows_of(self, group: int) -> slice:
        """Return the rows of a group."""
        return slice(int(self.edges[group]), int(self.edges[group + 1]))

    def rows_in(self, fold: int, group: int) -> slice:
        """Return where a tested group stands among the tested rows of a fold."""
        tested = self.each[fold].tested
        before = sum(int(self.edges[g + 1] - self.edges[g]) for g in tested if g < group)
        return slice(before, before + int(self.edges[group + 1] - self.edges[group]))


def folds_of(rows: Rows, embargo_days: int = EMBARGO_DAYS) -> Folds:
    """Return the splits of a training set, purged by trade and embargoed.

    Raises
    ------
    TooFewError
        When a split would have nothing to train on, or one class only.
    """
    splits = []
    try:
        cvs = [
            CombinatorialPurgedCV(
                rows.start_ns, rows.end_ns, N_GROUPS, n_tested, embargo_days * DAY_NS
            )
            for n_tested in (N_TESTED, N_TESTED + 1)
        ]
        for cv in cvs:
            folds = zip(cv.tested_groups(), cv.split(rows.x), strict=True)
            splits.append([Fold(tested, *fold) for tested, fold in folds])
    except DataError as e:
        raise TooFewError(f"{e} The training set is too small to be split.") from e
    for fold in (*splits[0], *splits[1]):
        won = rows.y[fold.train]
        if won.min() == won.max():
            raise TooFewError(
                f"the split that tests groups {fold.tested} trains on trades of one kind only. "
                "The training set is too small to be split."
            )
    edges = cvs[0].edges
    firsts = np.append(0, rows.day[edges[1:-1]])
    days = np.diff(np.append(firsts, rows.n_days))
    return Folds((*splits[0], *splits[1]), len(splits[0]), edges, days, cvs[0])
