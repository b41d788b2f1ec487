import math
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.overfitting import (
    noise_band,
    overfitting_gate,
    probability_of_overfitting,
)
from alphamill.validation.splits import walk_forward
from alphamill.validation.thresholds import Thresholds, WalkForwardThresholds, thresholds
from alphamill.validation.walk import NO_CELL, BlockSums, walk_forward_gate

LIMITS = WalkForwardThresholds()
CALIBRATED = thresholds("calibrated", 4_780, 10).walk_forward


def block_sums(daily: np.ndarray, n_blocks: int, trades: int = 20) -> BlockSums:
    """Return the sums of daily P&L of shape (n_cells, n_days) in equal blocks."""
    by_block = daily.reshape(daily.shape[0], n_blocks, -1)
    return BlockSums(
        by_block.sum(axis=2),
        (by_block**2).sum(axis=2),
        np.full(by_block.shape[:2], trades),
        np.full(n_blocks, by_block.shape[2]),
        252.0,
    )


def noise(seed: int, n_cells: int = 40, n_days: int = 2_400) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n_cells, n_days))


def annual(pnl: np.ndarray) -> float:
    return float(pnl.mean() / pnl.std(ddof=1) * math.sqrt(252))


@pytest.mark.parametrize("anchored", [False, True])
def test_the_walk_forward_equals_a_plain_loop_over_days(anchored):
    daily, per_block = noise(1, 30, 42 * 60), 60
    daily[:, ::4] = 0.0
    folds = walk_forward(42, 12, 4, anchored)

    fast = walk_forward_gate(block_sums(daily, 42), folds, LIMITS)

    chosen, train, stitched = [], [], []
    for fold in folds:
        a, b, c = (at * per_block for at in (fold.train_start, fold.train_stop, fold.test_stop))
        ratios = [annual(row[a:b]) for row in daily]
        chosen.append(int(np.argmax(ratios)))
        train.append(max(ratios))
        stitched.append(daily[chosen[-1], b:c])
    last = slice(0 if anchored else -12 * per_block, None)
    assert fast.chosen.tolist() == chosen
    assert fast.final_cell == np.argmax([annual(row[last]) for row in daily])
    assert fast.n_sessions == 30 * per_block
    np.testing.assert_allclose(fast.train_sharpe, train)
    np.testing.assert_allclose(fast.test_sharpe, [annual(part) for part in stitched])
    assert fast.stitched_sharpe == pytest.approx(annual(np.concatenate(stitched)))
    assert fast.mean_train_sharpe == pytest.approx(np.mean(train))
    assert fast.degradation == pytest.approx(fast.stitched_sharpe / np.mean(train))
    assert fast.positive_share == np.mean([part.sum() > 0 for part in stitched])


def test_the_choice_does_not_see_the_test_window():
    daily = noise(2)
    folds = walk_forward(40, 12, 4)
    before = walk_forward_gate(block_sums(daily, 40), folds, LIMITS)
    daily[7, 12 * 60 : 16 * 60] += 5.0

    after = walk_forward_gate(block_sums(daily, 40), folds, LIMITS)

    assert before.chosen[0] == after.chosen[0] != 7
    assert after.chosen[1] == 7


def test_of_equal_cells_the_first_is_chosen():
    daily = noise(3)
    daily[[5, 11, 30]] = np.abs(daily[5])

    found = walk_forward_gate(block_sums(daily, 40), walk_forward(40, 12, 4), LIMITS)

    assert found.chosen.tolist() == [5] * 7
    assert found.final_cell == 5


def test_a_cell_with_too_few_trades_in_the_training_window_is_not_chosen():
    daily = noise(4)
    daily[9] += 1.0
    sums = block_sums(daily, 40)
    sums.trades[9, :12] = 0
    sums.trades[9, 0] = 9

    found = walk_forward_gate(sums, walk_forward(40, 12, 4), LIMITS)

    assert found.chosen[0] != 9
    assert found.chosen[1:].tolist() == [9] * 6


def test_a_window_without_an_eligible_cell_is_spent_flat_and_its_days_count():
    daily = noise(5) + 0.3
    sums = block_sums(daily, 40)
    sums.trades[:, :12] = 0

    found = walk_forward_gate(sums, walk_forward(40, 12, 4), LIMITS)

    assert found.chosen[0] == NO_CELL
    assert found.test_sharpe[0] == 0.0
    assert found.n_sessions == 28 * 60
    stitched = [np.zeros(240)]
    stitched += [daily[c, (12 + 4 * k) * 60 :][:240] for k, c in enumerate(found.chosen) if k]
    assert found.stitched_sharpe == pytest.approx(annual(np.concatenate(stitched)))
    assert found.positive_share == pytest.approx(6 / 7)


def test_cells_that_never_trade_fail_the_gate():
    sums = block_sums(np.zeros((3, 2_400)), 40, trades=0)

    found = walk_forward_gate(sums, walk_forward(40, 12, 4), replace(LIMITS, min_train_trades=0))

    assert found.chosen.tolist() == [NO_CELL] * 7
    assert found.final_cell == NO_CELL
    assert not found.verdict.passed


STEADY = np.random.default_rng(8).standard_normal((1, 2_400)) + 0.2


@pytest.mark.parametrize(
    ("threshold", "value", "words"),
    [
        ("min_train_sharpe", 9.0, "mean in-sample Sharpe"),
        ("min_test_sharpe", 9.0, "stitched out-of-sample Sharpe"),
        ("min_ratio", 9.0, "out-of-sample over in-sample"),
        ("min_positive_share", 1.01, "share of positive test windows"),
    ],
)
def test_each_condition_alone_fails_the_walk_forward_and_is_named(threshold, value, words):
    folds, sums = walk_forward(40, 12, 4), block_sums(STEADY, 40)
    assert walk_forward_gate(sums, folds, LIMITS).verdict.passed

    verdict = walk_forward_gate(sums, folds, replace(LIMITS, **{threshold: value})).verdict

    assert not verdict.passed
    assert verdict.detail.startswith(words)
    assert ";" not in verdict.detail


def test_a_stitched_loss_fails_whatever_the_thresholds():
    anything = WalkForwardThresholds(-99.0, -99.0, -99.0, 0.0, 0.0)
    daily = np.concatenate([STEADY[:, :720] + 1.0, STEADY[:, 720:] - 0.6], axis=1)

    found = walk_forward_gate(block_sums(daily, 40), walk_forward(40, 12, 28), anything)

    assert found.stitched_sharpe < 0.0 < found.mean_train_sharpe
    assert not found.verdict.passed
    assert "is not above 0" in found.verdict.detail


def test_a_ratio_to_an_in_sample_loss_is_unknown_and_fails():
    anything = WalkForwardThresholds(-99.0, -99.0, -99.0, 0.0, 0.0)
    daily = np.concatenate([STEADY[:, :720] - 0.6, STEADY[:, 720:] + 1.0], axis=1)

    found = walk_forward_gate(block_sums(daily, 40), walk_forward(40, 12, 28), anything)

    assert found.stitched_sharpe > 0.0 > found.mean_train_sharpe
    assert math.isnan(found.degradation)
    assert not found.verdict.passed


def test_on_noise_the_choice_shines_in_sample_and_earns_nothing_after():
    folds = walk_forward(40, 12, 4)

    found = [walk_forward_gate(block_sums(noise(s), 40), folds, LIMITS) for s in range(200)]

    # Seven years of tests: one stitched Sharpe has an error of 0.39, the mean of 200 one of 0.027.
    assert abs(np.mean([f.stitched_sharpe for f in found])) < 0.08
    assert np.mean([f.mean_train_sharpe for f in found]) > 0.9
    assert np.mean([f.verdict.passed for f in found]) <= 0.05


def test_a_planted_edge_is_chosen_and_passes():
    folds, passed, chosen = walk_forward(40, 12, 4), [], []

    for seed in range(100):
        daily = noise(seed)
        daily[17] += 2.0 / math.sqrt(252)
        found = walk_forward_gate(block_sums(daily, 40), folds, LIMITS)
        passed.append(found.verdict.passed)
        chosen.append(np.mean(found.chosen == 17))

    assert np.mean(passed) >= 0.80
    assert np.mean(chosen) >= 0.60


def test_the_score_of_noise_changes_with_the_draw():
    folds = walk_forward(40, 12, 4)

    scores = {
        walk_forward_gate(block_sums(noise(s), 40), folds, LIMITS).verdict.score for s in (1, 2)
    }

    assert len(scores) == 2


def test_sums_of_other_shapes_and_unknown_sums_are_refused():
    sums = block_sums(noise(1), 40)

    with pytest.raises(DataError, match=r"n_sessions \(39,\)"):
        replace(sums, n_sessions=sums.n_sessions[1:])
    with pytest.raises(DataError, match="must be finite"):
        replace(sums, total=np.where(sums.total > 9.0, np.nan, sums.total))


def test_the_calibrated_gate_asks_for_a_stitched_profit_only():
    folds = walk_forward(40, 12, 28)
    lucky = np.concatenate([STEADY[:, :720] - 0.6, STEADY[:, 720:] + 1.0], axis=1)

    after_a_loss = walk_forward_gate(block_sums(lucky, 40), folds, CALIBRATED)
    steady = walk_forward_gate(block_sums(STEADY, 40), folds, CALIBRATED).verdict
    losing = walk_forward_gate(block_sums(-STEADY, 40), folds, CALIBRATED).verdict

    assert math.isnan(after_a_loss.degradation)
    assert after_a_loss.verdict.passed
    assert "kept" not in after_a_loss.verdict.detail
    assert steady.detail.endswith("kept, 100% of the test windows made money")
    assert not losing.passed
    assert losing.detail.startswith("stitched out-of-sample Sharpe -")
    flat = walk_forward_gate(block_sums(0.0 * STEADY, 40), folds, CALIBRATED).verdict
    assert (flat.passed, flat.score) == (False, 0.0)


def calibrated_rate(edge: float) -> float:
    folds, passed = walk_forward(40, 12, 4), []
    for seed in range(150):
        daily = noise(seed)
        daily[17] += edge / math.sqrt(252)
        passed.append(walk_forward_gate(block_sums(daily, 40), folds, CALIBRATED).verdict.passed)
    return float(np.mean(passed))


def test_half_of_all_noise_passes_the_calibrated_walk_forward_and_nearly_every_edge():
    # A stitched profit halves what passes the gates before it, no more: 50 % +- 2.6 errors.
    assert 0.39 <= calibrated_rate(0.0) <= 0.61
    assert calibrated_rate(2.0) >= 0.95


def overfitting_rate(edge: float, cost: float) -> float:
    """Return how often 50 cells, their costs spread up to ``cost``, pass the overfitting gate."""
    passed = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        daily = rng.standard_normal((50, 2_400)) - np.linspace(0, cost, 50)[:, None] / 252**0.5
        daily[0] += edge / math.sqrt(252)
        sums = block_sums(daily, 40)
        found, band = probability_of_overfitting(sums, 10), noise_band(sums, rng, 10, 40)
        limits = Thresholds().overfitting
        verdict = overfitting_gate(found.pbo, found.loss_probability, band, limits)
        passed.append(verdict.passed)
    return float(np.mean(passed))


def test_hardly_any_noise_passes_the_overfitting_gate_also_where_costs_bring_pbo_to_nought():
    assert overfitting_rate(0.0, 0.0) <= 0.05
    assert overfitting_rate(0.0, 3.0) <= 0.10


def test_an_edge_passes_the_overfitting_gate():
    assert overfitting_rate(2.0, 0.0) >= 0.90
