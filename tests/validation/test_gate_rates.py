"""How often noise and a planted edge pass each gate of gates.py; others beside their own files."""

import math

import numpy as np

from alphamill.validation.bootstrap import stationary_weights
from alphamill.validation.discovery import adjusted
from alphamill.validation.drawdown import block_bands, drawdown_gate, trade_order_bands
from alphamill.validation.gates import (
    Tried,
    Verdict,
    basic,
    chance_gate,
    deflated_gate,
    fdr_gate,
    luck_gate,
)
from alphamill.validation.maximum import chunk_maximum, judged
from alphamill.validation.statistics import moments
from alphamill.validation.thresholds import BasicThresholds, Thresholds, thresholds

LIMITS = Thresholds()
CALIBRATED = thresholds("calibrated", 4_780, 10)
YEAR = 252


def figures_of(trades: np.ndarray, years: float, capital: float = 100.0) -> dict[str, float]:
    equity = np.append(0.0, np.cumsum(trades))
    gain, loss = trades[trades > 0].sum(), -trades[trades < 0].sum()
    return {
        "total_trades": trades.size,
        "sharpe_ratio": trades.mean() / trades.std(ddof=1) * math.sqrt(trades.size / years),
        "profit_factor": gain / loss,
        "max_drawdown_frac": (np.maximum.accumulate(equity) - equity).max() / capital,
        "win_rate": float(np.mean(trades > 0)),
    }


def basic_rate(mean: float, limits: BasicThresholds) -> float:
    rng = np.random.default_rng(11)
    found = [basic(figures_of(rng.normal(mean, 1.0, 1_000), 15), limits) for _ in range(400)]
    return float(np.mean([v.passed for v in found]))


def test_a_twentieth_of_noise_passes_the_seeds_basic_gate_and_all_of_it_the_calibrated():
    # 1,000 trades in 15 years without an edge; the calibrated gate counts trades only.
    assert basic_rate(0.0, LIMITS.basic) <= 0.05
    assert basic_rate(0.0, CALIBRATED.basic) == 1.0


def test_an_edge_passes_the_basic_gate():
    # 67 trades a year of mean 0.18 deviations: a Sharpe ratio of 1.5.
    assert basic_rate(0.18, LIMITS.basic) >= 0.95


def chance_rate(edge: float, n: int = 2_000) -> float:
    draws = np.random.default_rng(12).normal(size=(n, 100))
    found = [chance_gate(row[0] + edge, row[1:], LIMITS.chance) for row in draws]
    return float(np.mean([v.passed for v in found]))


def test_five_in_a_hundred_noise_grids_pass_the_chance_gate():
    # 5 % +- 2.6 standard errors.
    assert 0.037 <= chance_rate(0.0) <= 0.063


def test_an_edge_passes_the_chance_gate():
    assert chance_rate(3.5) >= 0.90


def bands_of(pnl: np.ndarray, seed: int):
    rng = np.random.default_rng(seed)
    return trade_order_bands(pnl, rng, 100), block_bands(pnl, 10.0, rng, 100)


def drawdown_rate(edge: float) -> float:
    found = []
    for seed in range(120):
        pnl = np.random.default_rng(seed).normal(edge, 1.0, 250)
        found.append(drawdown_gate(*bands_of(pnl, seed), LIMITS.drawdown).passed)
    return float(np.mean(found))


def test_the_drawdown_gate_passes_noise_as_often_as_an_edge_for_it_shows_no_skill():
    noise, edge = drawdown_rate(0.0), drawdown_rate(0.1)

    # One order in twenty is too kind, whatever the trades.
    assert 0.89 <= noise <= 0.99
    assert abs(noise - edge) < 0.06


def test_a_kind_order_fails_the_drawdown_gate():
    # Losses spread out one by one never add up; in any other order they do.
    kind = np.tile([2.0, -1.0], 250)

    verdict = drawdown_gate(*bands_of(kind, 1), LIMITS.drawdown)

    assert not verdict.passed
    assert verdict.score < 0.05
    assert "fell 1; 50% to 99% of draws" in verdict.detail
    assert "100% of orders fall deeper" in verdict.detail


def test_the_score_of_the_drawdown_gate_changes_with_the_draw():
    # The order of trades changes it, which their Sharpe ratio never could.
    pnl = np.random.default_rng(3).normal(0.0, 1.0, 500)

    scores = {drawdown_gate(*bands_of(pnl, seed), LIMITS.drawdown).score for seed in range(4)}

    assert len(scores) > 1


def best_cell(seed: int, edge: float) -> Verdict:
    """Return the verdict on 20 cells of 300 sessions, one of which may have an edge."""
    rng = np.random.default_rng(seed)
    gains = rng.normal(size=(300, 20))
    gains[:, 7] += edge / math.sqrt(YEAR)
    found = judged(chunk_maximum(gains, stationary_weights(300, 99, 5.0, rng)))
    p = float(found.p_value.min())
    return luck_gate(p, float(found.p_value[7]), Tried(20, 1, 99), LIMITS.luck)


def test_at_most_one_in_twenty_noise_sweeps_passes_the_luck_gate():
    passed = [best_cell(seed, 0.0).passed for seed in range(400)]

    # 99 % of exact tests pass at most 7.75 % of 400; of 1,500 markets 5.0 % passed.
    assert 0.0 < np.mean(passed) <= 0.0775


def test_an_edge_passes_the_luck_gate():
    assert np.mean([best_cell(seed, 5.0).passed for seed in range(40)]) >= 0.95


def test_the_p_value_of_luck_changes_with_the_draw():
    assert len({best_cell(seed, 0.0).p_value for seed in range(5)}) > 2


def fdr_found(edge: float, n_edges: int, seed: int) -> list[bool]:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=100) + np.where(np.arange(100) < n_edges, edge, 0.0)
    p = np.array([0.5 * math.erfc(v / math.sqrt(2)) for v in z])
    return [fdr_gate(q, q, 100, 9_999, LIMITS.fdr).passed for q in adjusted(p)]


def test_at_most_one_in_twenty_sets_of_noise_families_has_a_discovery():
    found = [any(fdr_found(0.0, 0, seed)) for seed in range(400)]

    # As above.
    assert 0.0 < np.mean(found) <= 0.0775


def test_families_with_an_edge_are_discovered():
    found = np.array([fdr_found(4.0, 10, seed)[:10] for seed in range(100)])

    assert found.mean() >= 0.85


def deflated(seed: int, edge: float, years: int) -> Verdict:
    pnl = np.random.default_rng(seed).normal(size=(100, years * YEAR))
    pnl[17] += edge / math.sqrt(YEAR)
    ratio = pnl.mean(axis=1) / pnl.std(axis=1, ddof=1)
    best = int(np.argmax(ratio))
    return deflated_gate(
        float(ratio[best]),
        years * YEAR,
        moments(pnl[best]),
        100,
        0.0,
        100,
        LIMITS.deflated_sharpe,
    )


def test_hardly_any_noise_passes_the_deflated_sharpe_gate():
    # The best of 100 cells passes in none of 2,000 by the specification.
    assert sum(deflated(seed, 0.0, 5).passed for seed in range(200)) <= 1


def test_an_edge_passes_the_deflated_sharpe_gate():
    # 0.983 by the specification, with the variance over the trials.
    assert np.mean([deflated(seed, 2.0, 10).passed for seed in range(60)]) >= 0.90


def test_the_deflated_sharpe_ratio_changes_with_the_draw():
    assert deflated(1, 0.0, 5).score != deflated(2, 0.0, 5).score
