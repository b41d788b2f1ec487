import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.holdout import holdout_gate, needed_sharpe
from alphamill.validation.thresholds import HoldoutThresholds

LIMITS = HoldoutThresholds()
YEARS = 2
N = YEARS * 252


def pnl_of(seed: int, edge: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(N) + edge / math.sqrt(252)


def rate(edge: float, n_looks: int, n: int = 2_000) -> float:
    found = [holdout_gate(pnl_of(seed, edge), 252.0, n_looks, LIMITS) for seed in range(n)]
    return float(np.mean([v.passed for v in found]))


@pytest.mark.parametrize("n_looks", [1, 2, 10])
def test_the_kth_look_passes_noise_at_a_half_over_k(n_looks):
    nominal = 0.5 / n_looks

    # 2.6 standard errors of 2,000.
    assert abs(rate(0.0, n_looks) - nominal) <= 2.6 * math.sqrt(nominal * (1 - nominal) / 2_000)


def test_an_edge_passes_the_first_look():
    assert rate(2.0, 1, 300) >= 0.98
    assert rate(2.0, 10, 300) < rate(2.0, 1, 300)


def test_needed_ratios_rise_with_the_looks_and_fall_with_the_history():
    # Quantiles 0.5, 0.75 and 0.95 of a normal with the error of two years, 0.708.
    error = math.sqrt(252 / (N - 1))
    needed = [needed_sharpe(k, N, 252.0) for k in (1, 2, 10)]

    assert needed == pytest.approx([0.0, 0.674490 * error, 1.644854 * error], abs=1e-5)
    assert needed_sharpe(2, 4 * N, 252.0) < needed[1]
    assert needed_sharpe(1, N, 252.0, 0.05) == pytest.approx(needed[2])


def test_looks_add_up_to_the_chance_that_the_page_states():
    charged, free = (1 - np.prod([1 - size(k) for k in range(1, 11)]) for size in SIZES)

    assert round(float(charged), 2) == 0.82
    assert round(float(free), 3) == 0.999


SIZES = (lambda k: 0.5 / k, lambda k: 0.5)


def test_the_verdict_shows_what_the_look_costs():
    pnl = pnl_of(1)
    pnl += 0.03 - pnl.mean()
    ratio = 0.03 / pnl.std(ddof=1) * math.sqrt(252)

    first, second = (holdout_gate(pnl, 252.0, k, LIMITS) for k in (1, 3))

    assert first.passed
    assert not second.passed
    assert first.score == second.score == pytest.approx(ratio)
    assert (first.threshold, second.threshold) == (0.0, needed_sharpe(3, N, 252.0))
    assert first.detail == f"504 sealed sessions earned {0.03 * N:,.0f}, look 1 at them"
    assert "look 3 at them; the first look would have needed 0.00" in second.detail
    # The p-value is below 0.5 / k where the look passes.
    assert 0.5 / 3 < first.p_value < 0.5


def test_a_ratio_of_nought_fails_and_a_bar_of_the_users_holds():
    flat = holdout_gate(np.zeros(N), 252.0, 1, LIMITS)
    good = pnl_of(1, 3.0)
    asked = HoldoutThresholds(min_sharpe=9.0)

    assert (flat.passed, flat.score) == (False, 0.0)
    assert holdout_gate(good, 252.0, 1, LIMITS).passed
    assert not holdout_gate(good, 252.0, 1, asked).passed


@pytest.mark.parametrize(
    ("pnl", "n_looks", "words"),
    [
        (np.empty(0), 0, "the end of history is sealed"),
        (np.array([1.0, 2.0, 1.5]), 0, "the end of history is sealed"),
        (np.ones(1), 1, "1 sealed sessions"),
    ],
)
def test_a_sealed_end_is_not_asked_and_has_not_passed(pnl, n_looks, words):
    verdict = holdout_gate(pnl, 252.0, n_looks, LIMITS)

    assert (verdict.passed, verdict.asked, verdict.detail) == (False, False, words)


def test_what_is_no_look_is_refused():
    with pytest.raises(DataError, match="finite P&L"):
        holdout_gate(np.array([1.0, np.nan]), 252.0, 1, LIMITS)
    with pytest.raises(DataError, match="received -1 and 0.5"):
        holdout_gate(np.ones(5), 252.0, -1, LIMITS)
    with pytest.raises(DataError, match="received 1 and 1.0"):
        needed_sharpe(1, 500, 252.0, 1.0)


def test_the_score_changes_with_the_draw():
    first, second = (holdout_gate(pnl_of(seed), 252.0, 1, LIMITS) for seed in (1, 2))

    assert first.score != second.score
