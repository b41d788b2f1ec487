"""How a setting is judged: out of fold, by the trades that its own thresholds would have kept."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alphamill.core.market import Flags, Floats, Ints
from alphamill.learning.bundle import passes
from alphamill.learning.fits import Fits
from alphamill.learning.folds import Folds
from alphamill.learning.position import taken
from alphamill.learning.rows import Rows
from alphamill.learning.space import Setting
from alphamill.learning.thresholds import GRID, earned

# Fewest trades, in training rows, by which a threshold may be chosen.
MIN_TRADES: Final = 30
# A filter that keeps less than this share of the rule's trades cannot show a hundred in validation.
MIN_KEPT_FRAC: Final = 0.1
# Outer splits of the first look: every group is tested, one twice.
FIRST: Final = ((0, 1), (2, 3), (0, 4))


@dataclass(frozen=True, eq=False)
class Judged:
    """What a setting shows out of fold; a path goes through the whole training history once.

    Attributes
    ----------
    thresholds : float64 of shape (n_outer,)
        Chosen inside each outer split.
    scores : float64 of shape (n_paths, n_rows)
    selected : bool of shape (n_paths, n_rows)
    sharpes : float64 of shape (n_paths,)
        Annual, one position at a time, net, booked in the session of the exit.
    n_trades : int64 of shape (n_paths,)
    """

    thresholds: Floats
    scores: Floats
    selected: Flags
    sharpes: Floats
    n_trades: Ints

    @property
    def sharpe(self) -> float:
        """Return the mean over the paths."""
        return float(self.sharpes.mean())

    @property
    def threshold(self) -> float:
        """Return the median of the thresholds: the one for production."""
        return float(np.median(self.thresholds))


@dataclass(frozen=True, eq=False)
class Judge:
    """Judges settings on one training set; what was fitted for one serves the next."""

    rows: Rows
    folds: Folds
    fits: Fits

    @property
    def floor(self) -> float:
        """Return how many trades a path must keep."""
        n_all = int(taken(self.rows.trades, np.ones(len(self.rows), dtype=np.bool_)).sum())
        return max(float(MIN_TRADES), MIN_KEPT_FRAC * n_all)

    def first_look(self, setting: Setting) -> float:
        """Return the mean Sharpe ratio of the better half by score in a few tested pairs.

        It chooses no threshold and needs no inner models: for pruning only.
        """
        place = {fold.tested: k for k, fold in enumerate(self.folds.each)}
        wanted = [place[pair] for pair in FIRST]
        found = self.fits.first_scores(setting, wanted)
        return float(np.mean([self._upper_half(k, s) for k, s in zip(wanted, found, strict=True)]))

    def judged(self, setting: Setting) -> Judged:
        """Return what a setting shows out of fold, thresholds nested."""
        scores = self.fits.scores(setting, range(len(self.folds.each)))
        n_outer = self.folds.n_outer
        cuts = np.array([self._threshold(k, scores) for k in range(n_outer)])
        outer = scores[:n_outer]
        of_row = [np.full(s.size, cut) for s, cut in zip(outer, cuts, strict=True)]
        paths, needed = self.folds.cv.stitched(outer), self.folds.cv.stitched(of_row)
        selected = passes(paths, needed)
        annual, n_trades = earned(self.rows, selected, self.rows.n_days)
        return Judged(cuts, paths, selected, annual, n_trades)

    def _threshold(self, outer: int, scores: list[Floats]) -> float:
        """Return the threshold of an outer split, chosen on rows that it trains on."""
        inner, train = self.folds.inner(outer), self.folds.each[outer].train
        score = np.full(len(self.rows), np.nan)
        for g, k in inner:
            score[self.folds.rows_of(g)] = scores[k][self.folds.rows_in(k, g)]
        n_days = int(self.folds.days[[g for g, _ in inner]].sum())
        # Not the whole groups: rows whose trades reach into the tested pair were purged.
        purged = np.full_like(score, np.nan)
        purged[train] = score[train]
        annual, n_trades = earned(self.rows, passes(purged, GRID[:, None]), n_days)
        worth = np.where(n_trades >= MIN_TRADES, annual, -np.inf)
        # The first of equals, and the lowest where none keeps enough.
        return float(GRID[int(np.argmax(worth))])

    def _upper_half(self, k: int, scores: Floats) -> float:
        fold = self.folds.each[k]
        n_days = int(self.folds.days[list(fold.tested)].sum())
        better = np.zeros((1, len(self.rows)), dtype=np.bool_)
        better[0, fold.test] = passes(scores, float(np.median(scores)))
        return float(earned(self.rows, better, n_days)[0][0])
