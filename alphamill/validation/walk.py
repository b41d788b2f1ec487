"""Walk-forward with re-optimisation: choose in each training window, judge the stitched tests."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.validation.gates import Condition, Verdict, missed
from alphamill.validation.splits import Fold, next_training
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.validation.thresholds import WalkForwardThresholds

NO_CELL = -1


@dataclass(frozen=True, eq=False)
class BlockSums:
    """What is kept of each cell, by block of sessions.

    Attributes
    ----------
    total, squares : float64 of shape (n_cells, n_blocks)
        Sum of session P&L and of its square; sessions without a position are 0.
    trades : int of shape (n_cells, n_blocks)
        Trades entered in the block.
    n_sessions : int64 of shape (n_blocks,)
        All sessions of the block, with P&L or without.
    periods_per_year : float
    """

    total: Floats
    squares: Floats
    trades: Ints
    n_sessions: Ints
    periods_per_year: float

    def __post_init__(self) -> None:
        shapes = {a.shape for a in (self.total, self.squares, self.trades)}
        if len(shapes) != 1 or self.total.shape[1:] != self.n_sessions.shape:
            raise DataError(
                "block sums must be (n_cells, n_blocks) with n_sessions (n_blocks,), received "
                f"total {self.total.shape}, squares {self.squares.shape}, trades "
                f"{self.trades.shape}, n_sessions {self.n_sessions.shape}."
            )
        if not (np.isfinite(self.total).all() and np.isfinite(self.squares).all()):
            raise DataError("block sums must be finite; a cell's P&L holds NaN or infinity.")

    def sharpe(self, blocks: slice) -> Floats:
        """Return each cell's annualised Sharpe ratio over some blocks, shape (n_cells,)."""
        return sharpe_from_sums(
            self.total[:, blocks].sum(axis=1),
            self.squares[:, blocks].sum(axis=1),
            self.n_sessions[blocks].sum(),
            self.periods_per_year,
        )

    def best(self, blocks: slice, min_trades: float) -> tuple[int, float]:
        """Return the cell with the best Sharpe ratio over some blocks, and that ratio.

        Of equals the lowest index; (`NO_CELL`, NaN) where no cell traded often enough.
        """
        enough = self.trades[:, blocks].sum(axis=1) >= max(min_trades, 1)
        if not enough.any():
            return NO_CELL, math.nan
        ratio = np.where(enough, self.sharpe(blocks), -np.inf)
        cell = int(np.argmax(ratio))
        return cell, float(ratio[cell])


@dataclass(frozen=True, eq=False)
class WalkForward:
    """How the rule "always run the cell that was best so far" would have done.

    Attributes
    ----------
    chosen : int64 of shape (n_folds,)
        Cell chosen in each training window; `NO_CELL` where none traded enough: the test window
        is then spent flat.
    train_sharpe, test_sharpe : float64 of shape (n_folds,)
        Of the chosen cell in its two windows; NaN in training and 0 in the test without a cell.
    stitched_sharpe : float
        Annualised, over all sessions of the test windows put end to end.
    mean_train_sharpe : float
        Over the folds in which a cell was chosen.
    degradation : float
        stitched over mean in-sample; NaN where the latter is not above 0.
    positive_share : float
        Share of test windows that made money.
    final_cell : int
        The cell for the time after the last test, chosen in the last training window.
    n_sessions : int
        Sessions behind ``stitched_sharpe``.
    """

    chosen: Ints
    train_sharpe: Floats
    test_sharpe: Floats
    stitched_sharpe: float
    mean_train_sharpe: float
    degradation: float
    positive_share: float
    final_cell: int
    n_sessions: int
    verdict: Verdict


def walk_forward_gate(
    sums: BlockSums, folds: Sequence[Fold], limits: WalkForwardThresholds
) -> WalkForward:
    """Choose the best cell in each training window and judge the stitched test windows.

    The choice sees the training blocks only. The test windows of all folds are put end to end, so
    each session counts once, and the ratio over them is what the procedure would have earned.
    """
    picks = [sums.best(fold.train, limits.min_train_trades) for fold in folds]
    chosen = np.array([cell for cell, _ in picks], dtype=np.int64)
    train = np.array([ratio for _, ratio in picks])
    total, squares = (
        np.array([_of(a, cell, fold) for cell, fold in zip(chosen, folds, strict=True)])
        for a in (sums.total, sums.squares)
    )
    n = np.array([sums.n_sessions[fold.test].sum() for fold in folds])
    stitched = float(sharpe_from_sums(total.sum(), squares.sum(), n.sum(), sums.periods_per_year))
    mean_train = float(train[chosen != NO_CELL].mean()) if (chosen != NO_CELL).any() else math.nan
    ratio = stitched / mean_train if mean_train > 0.0 else math.nan
    positive = float(np.mean(total > 0.0))
    return WalkForward(
        chosen=chosen,
        train_sharpe=train,
        test_sharpe=sharpe_from_sums(total, squares, n, sums.periods_per_year),
        stitched_sharpe=stitched,
        mean_train_sharpe=mean_train,
        degradation=ratio,
        positive_share=positive,
        final_cell=sums.best(next_training(folds), limits.min_train_trades)[0],
        n_sessions=int(n.sum()),
        verdict=_judged(stitched, mean_train, ratio, positive, limits),
    )


def _judged(
    stitched: float,
    mean_train: float,
    ratio: float,
    positive: float,
    limits: WalkForwardThresholds,
) -> Verdict:
    failed = missed(
        (
            Condition("mean in-sample Sharpe", mean_train, "at least", limits.min_train_sharpe),
            Condition(
                "stitched out-of-sample Sharpe", stitched, "at least", limits.min_test_sharpe
            ),
            Condition("out-of-sample over in-sample", ratio, "at least", limits.min_ratio),
            Condition(
                "share of positive test windows", positive, "at least", limits.min_positive_share
            ),
        )
    )
    # A threshold set to 0 or below must not let a loss pass.
    if not failed and not stitched > 0.0:
        failed = [f"stitched out-of-sample Sharpe {stitched:.3g} is not above 0"]
    kept = "" if math.isnan(ratio) else f", {ratio:.0%} kept"
    detail = "; ".join(failed) or (
        f"in-sample {mean_train:.3g}, out-of-sample {stitched:.3g}{kept}, {positive:.0%} of the "
        "test windows made money"
    )
    return Verdict("walk_forward", not failed, stitched, limits.min_test_sharpe, detail)


def _of(by_block: Floats, cell: np.int64, fold: Fold) -> float:
    return 0.0 if cell == NO_CELL else float(by_block[cell, fold.test].sum())
