"""The models of a search: fitted once for each split, and used again wherever they serve.

A forest that was grown for one trial serves every other that reads as many of its trees at another
depth, and one that reads more goes on growing where it stopped.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.learning import boosting, linear
from alphamill.learning.bundle_models import Model
from alphamill.learning.folds import Folds
from alphamill.learning.forest import (
    DEPTHS,
    TREES,
    Binned,
    Growth,
    Learner,
    add_scores,
    binned,
    grown,
)
from alphamill.learning.rows import Rows
from alphamill.learning.screening import screened
from alphamill.learning.space import Forest, Setting
from alphamill.workshop.parallel import Executor

# Sums over trees that are kept for later trials, bytes.
KEPT_BYTES: Final = 300_000_000


class Sums(NamedTuple):
    """Summed answers of the first trees of a forest at a fold's tested rows, by depth."""

    n_trees: int
    by_depth: Floats


class Growing(NamedTuple):
    """A forest of one fold that has to grow, and what it grows on."""

    growth: Growth
    fold: int
    n_trees: int
    so_far: Sums


@dataclass(frozen=True, eq=False)
class Fits:
    """Fitted models of one training set.

    Attributes
    ----------
    rows : Rows
    folds : Folds
    data : Binned
        Codes of all features, shared by all splits.
    columns : tuple of int64 arrays
        Features of each fold, chosen on its training rows alone.
    n_features, seed : int
    work : Executor
        Threads; scores do not depend on their number.
    """

    rows: Rows
    folds: Folds
    data: Binned
    columns: tuple[Ints, ...]
    n_features: int
    seed: int
    work: Executor
    _known: "OrderedDict[tuple[Growth, int, int], Floats]" = field(default_factory=OrderedDict)
    _latest: dict[tuple[Growth, int], Sums] = field(default_factory=dict)
    _fitted: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Rows, folds: Folds, n_features: int, seed: int, work: Executor) -> Self:
        """Return the fits of a training set: none yet, but every fold's features are chosen."""
        bare = cls(rows, folds, binned(rows.x), (), n_features, seed, work)
        chosen = work.map(_chosen, [fold.train for fold in folds.each], work.put(bare))
        return cls(rows, folds, bare.data, tuple(chosen), n_features, seed, work)

    def scores(self, setting: Setting, folds: Iterable[int]) -> list[Floats]:
        """Return what a setting, fitted on each fold's training rows, says of its tested rows."""
        wanted = list(folds)
        if isinstance(setting, Forest):
            return self._of_forests(setting, wanted)
        self._fitted.extend(wanted)
        tasks = [(setting, k) for k in wanted]
        return list(self.work.map(_plain_scores, tasks, self.work.put(self)))

    def first_scores(self, setting: Setting, folds: Sequence[int]) -> list[Floats]:
        """Return the same at a first look, which reads the fewest trees only."""
        if isinstance(setting, Forest):
            setting = setting._replace(n_trees=TREES[0])
        return self.scores(setting, folds)

    def whole(self, setting: Setting) -> tuple[Ints, Model]:
        """Return a setting fitted on all rows, and the features that were chosen on all rows."""
        rows = np.arange(len(self.rows))
        columns = _chosen(self, rows)
        if isinstance(setting, Forest):
            learner = Learner(self.rows.y, self.rows.weight, setting.growth, self.seed)
            size = setting.n_trees, setting.depth
            return columns, grown(self.data, learner, rows, columns, *size)
        return columns, _plain(self, setting, rows, columns)

    def newly_fitted(self) -> int:
        """Return how many models were fitted or grown further since this was asked last."""
        n = len(self._fitted)
        self._fitted.clear()
        return n

    def _of_forests(self, setting: Forest, folds: list[int]) -> list[Floats]:
        growth, n_trees = setting.growth, setting.n_trees
        lacking = [k for k in folds if (growth, k, n_trees) not in self._known]
        tasks = [self._growing(growth, k, n_trees) for k in lacking]
        for task, sums in zip(
            tasks, self.work.map(_grown_further, tasks, self.work.put(self)), strict=True
        ):
            self._latest[growth, task.fold] = sums
            # Half as many bits tell one trial from another as well.
            self._known[growth, task.fold, n_trees] = (sums.by_depth / n_trees).astype(np.float32)
            self._fitted.append(task.fold)
        depth = DEPTHS.index(setting.depth)
        out = [self._known[growth, k, n_trees][depth].astype(np.float64) for k in folds]
        self._forget()
        return out

    def _growing(self, growth: Growth, fold: int, n_trees: int) -> Growing:
        latest = self._latest.get((growth, fold))
        if latest is None or latest.n_trees > n_trees:
            latest = Sums(0, np.zeros((len(DEPTHS), self.folds.each[fold].test.size)))
        return Growing(growth, fold, n_trees, latest)

    def _forget(self) -> None:
        """Let the oldest go where more is kept than is of use."""
        while sum(kept.nbytes for kept in self._known.values()) > KEPT_BYTES:
            growth, fold, _ = next(iter(self._known))
            self._known.popitem(last=False)
            self._latest.pop((growth, fold), None)


def _grown_further(fits: Fits, task: Growing) -> Sums:
    fold, sums = fits.folds.each[task.fold], task.so_far.by_depth.copy()
    learner = Learner(fits.rows.y, fits.rows.weight, task.growth, fits.seed)
    trees = range(task.so_far.n_trees, task.n_trees)
    add_scores(fits.data, learner, fold.train, fold.test, fits.columns[task.fold], trees, sums)
    return Sums(task.n_trees, sums)


def _chosen(fits: Fits, train: Ints) -> Ints:
    rows = fits.rows
    # Rows that begin while one trade lasts know of its outcome.
    lasting = np.searchsorted(rows.start_ns, rows.end_ns, side="right") - np.arange(len(rows)) - 1
    return screened(
        rows.x[train],
        rows.y[train],
        rows.weight[train],
        fits.n_features,
        seed=fits.seed,
        gap_rows=min(int(lasting.max()), train.size // 10),
    )


def _plain_scores(fits: Fits, task: tuple[Setting, int]) -> Floats:
    setting, k = task
    fold, columns = fits.folds.each[k], fits.columns[k]
    model = _plain(fits, setting, fold.train, columns)
    found: Floats = model.predict_proba(fits.rows.x[np.ix_(fold.test, columns)])[:, 1]
    return found


def _plain(fits: Fits, setting: Setting, train: Ints, columns: Ints) -> Model:
    x, y = fits.rows.x[np.ix_(train, columns)], fits.rows.y[train].astype(np.float64)
    weight = fits.rows.weight[train] / fits.rows.weight[train].mean()
    if isinstance(setting, boosting.Boosting):
        return boosting.fitted(x, y, weight, setting, fits.seed)
    assert isinstance(setting, linear.Logistic)
    return linear.fitted(x, y, weight, setting)
