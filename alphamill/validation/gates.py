"""Gates: questions with a threshold. They know numbers and arrays, no strategy and no bar.

Figures that are not known (NaN) fail: a gate is passed by evidence, never by its absence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.validation.splits import Fold, next_training
from alphamill.validation.statistics import sharpe_from_sums

NO_CELL = -1

# The seed documents ask for 1,000 trades of 489,234 fifteen-minute bars (15 years).
_SEED_TRADES_PER_BAR = 1_000 / 489_234
# Under 30 trades neither a win rate nor a profit factor says anything (specs, statistics C8).
_FEWEST_TRADES = 30
_CALIBRATED_TRADES_PER_YEAR = 5


@dataclass(frozen=True)
class Verdict:
    """What a gate answered; ``score`` is compared with ``threshold``, ``detail`` says why."""

    gate: str
    passed: bool
    score: float
    threshold: float
    detail: str

    def __str__(self) -> str:
        mark = "pass" if self.passed else "FAIL"
        return f"{mark} {self.gate}: {self.score:.3f} (needs {self.threshold:.3f}); {self.detail}"


@dataclass(frozen=True)
class BasicThresholds:
    """Gate 1 of the seed documents; drawdown and win rate are fractions."""

    min_trades: float = 1_000.0
    min_sharpe: float = 0.2
    min_profit_factor: float = 1.15
    max_drawdown_frac: float = 0.30
    min_win_rate: float = 0.35


@dataclass(frozen=True)
class WalkForwardThresholds:
    """Gate 2; Sharpes are annual, ``min_ratio`` is stitched over mean in-sample Sharpe.

    ``min_train_trades`` is how many entries a cell needs in a training window to be chosen there.
    """

    min_train_sharpe: float = 0.30
    min_test_sharpe: float = 0.15
    min_ratio: float = 0.5
    min_positive_share: float = 0.5
    min_train_trades: float = 10.0


@dataclass(frozen=True)
class Thresholds:
    """All gates' thresholds of one run."""

    basic: BasicThresholds
    walk_forward: WalkForwardThresholds


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


def thresholds(
    preset: str,
    n_bars: int,
    years: float,
    overrides: Mapping[str, Mapping[str, float]] | None = None,
) -> Thresholds:
    """Return the thresholds of a preset, with single ones replaced.

    Parameters
    ----------
    preset : str
        ``seed``: those of the seed documents, the 1,000 trades scaled to ``n_bars`` from the
        489,234 bars they were meant for. ``calibrated``: the same ratios, and at least 5 trades a
        year (30 at the least), which daily rules can reach.
    n_bars, years : int, float
        Length of the history that is judged.
    overrides : mapping, optional
        By gate (``basic``, ``walk_forward``) and threshold.
    """
    trades = {
        "seed": n_bars * _SEED_TRADES_PER_BAR,
        "calibrated": years * _CALIBRATED_TRADES_PER_YEAR,
    }
    if preset not in trades:
        raise SettingsError(f"gates.preset must be one of {sorted(trades)}, received {preset!r}.")
    basic = BasicThresholds(min_trades=float(max(_FEWEST_TRADES, round(trades[preset]))))
    asked = dict(overrides or {})
    chosen = Thresholds(
        _overridden("basic", basic, asked.pop("basic", {})),
        _overridden("walk_forward", WalkForwardThresholds(), asked.pop("walk_forward", {})),
    )
    if asked:
        raise SettingsError(
            f"gates.thresholds has no gate {min(asked)!r}; the gates are basic, walk_forward."
        )
    return chosen


def basic(metrics: Mapping[str, float], limits: BasicThresholds) -> Verdict:
    """Judge one cell: trades, Sharpe ratio, profit factor, drawdown, win rate.

    ``metrics`` holds total_trades, sharpe_ratio, profit_factor (infinite without a loss),
    max_drawdown_frac and win_rate. The score is how many of the five conditions hold.
    """
    held = {name: bool(ok) for name, ok in _conditions(metrics, limits).items()}
    values = {name: float(metrics[key]) for name, key, _, _ in _asked_for(limits)}
    missed = [
        f"{name} {values[name]:.4g}, needs {'at most' if is_limit else 'at least'} {bar:.4g}"
        for name, _, bar, is_limit in _asked_for(limits)
        if not held[name]
    ]
    detail = "; ".join(missed) or "all five conditions hold"
    return Verdict("basic", not missed, float(sum(held.values())), float(len(held)), detail)


def passes_basic(columns: Mapping[str, Any], limits: BasicThresholds) -> Flags:
    """Return which of many cells pass `basic`; ``columns`` holds its figures as arrays."""
    held = list(_conditions(columns, limits).values())
    return np.asarray(np.logical_and.reduce(held), dtype=np.bool_)


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
    asked = (
        ("mean in-sample Sharpe", mean_train, limits.min_train_sharpe),
        ("stitched out-of-sample Sharpe", stitched, limits.min_test_sharpe),
        ("out-of-sample over in-sample", ratio, limits.min_ratio),
        ("share of positive test windows", positive, limits.min_positive_share),
    )
    missed = [
        f"{name} {value:.3g}, needs at least {bar:.3g}"
        for name, value, bar in asked
        if not value >= bar
    ]
    # A threshold set to 0 or below must not let a loss pass.
    if not missed and not stitched > 0.0:
        missed = [f"stitched out-of-sample Sharpe {stitched:.3g} is not above 0"]
    detail = "; ".join(missed) or (
        f"in-sample {mean_train:.3g}, out-of-sample {stitched:.3g}, {ratio:.0%} kept"
    )
    return Verdict("walk_forward", not missed, stitched, limits.min_test_sharpe, detail)


def _of(by_block: Floats, cell: np.int64, fold: Fold) -> float:
    return 0.0 if cell == NO_CELL else float(by_block[cell, fold.test].sum())


def _asked_for(limits: BasicThresholds) -> tuple[tuple[str, str, float, bool], ...]:
    """Return (name, key of the metric, threshold, whether it is an upper limit)."""
    return (
        ("trades", "total_trades", limits.min_trades, False),
        ("Sharpe", "sharpe_ratio", limits.min_sharpe, False),
        ("profit factor", "profit_factor", limits.min_profit_factor, False),
        ("drawdown", "max_drawdown_frac", limits.max_drawdown_frac, True),
        ("win rate", "win_rate", limits.min_win_rate, False),
    )


def _conditions(columns: Mapping[str, Any], limits: BasicThresholds) -> dict[str, Any]:
    asked = _asked_for(limits)
    missing = sorted({key for _, key, _, _ in asked} - set(columns))
    if missing:
        raise DataError(f"the basic gate needs {missing}, received {sorted(columns)}.")
    return {
        name: np.asarray(columns[key]) <= bar if is_limit else np.asarray(columns[key]) >= bar
        for name, key, bar, is_limit in asked
    }


L = TypeVar("L", BasicThresholds, WalkForwardThresholds)


def _overridden(gate: str, limits: L, asked: Mapping[str, float]) -> L:
    known = [f.name for f in fields(limits)]
    for name, value in asked.items():
        if name not in known:
            raise SettingsError(
                f"gates.thresholds.{gate} has no {name!r}; it has {', '.join(known)}."
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
            raise SettingsError(
                f"gates.thresholds.{gate}.{name} must be a number, received {value!r}."
            )
    return replace(limits, **{name: float(value) for name, value in asked.items()})
