"""Reliability: by hand, against a plain loop, and what counts as calibrated."""

import numpy as np
import pytest
from scipy.stats import binomtest

from alphamill.core.errors import DataError
from alphamill.learning.reliability import calibration_error, reliability, wilson


def scored(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-0.3 * rng.standard_normal(n) + 0.2))
    return p, rng.random(n) < p


def test_bins_hold_equal_numbers_and_their_own_means():
    score = np.array([0.9, 0.1, 0.3, 0.7, 0.2, 0.8])
    won = np.array([1, 0, 1, 0, 0, 1])

    found = reliability(score, won, 3)

    assert [b.n for b in found.bins] == [2, 2, 2]
    assert [b.mean_score for b in found.bins] == pytest.approx([0.15, 0.5, 0.85])
    assert [b.won for b in found.bins] == [0.0, 0.5, 1.0]
    assert found.ece == pytest.approx((0.15 + 0.0 + 0.15) / 3)
    # 0.01 twice from the ends, 0.04 from 0.8 and 0.2, 0.49 from 0.3 and 0.7.
    assert found.brier == pytest.approx((0.01 + 0.01 + 0.04 + 0.04 + 0.49 + 0.49) / 6)
    assert found.base_rate == 0.5


def test_bins_equal_those_of_a_plain_loop():
    p, won = scored(1003)
    rank = {i: k for k, i in enumerate(sorted(range(1003), key=lambda i: p[i]))}

    total = 0.0
    for b in range(10):
        rows = [i for i in range(1003) if int((rank[i] + 0.5) * 10 / 1003) == b]
        gap = sum(p[i] for i in rows) - sum(bool(won[i]) for i in rows)
        total += abs(gap) / 1003

    assert calibration_error(p, won) == pytest.approx(total, abs=1e-12)


def test_rows_of_one_score_stay_together_whatever_their_order():
    score = np.repeat([0.4, 0.5, 0.6], [50, 900, 50])
    won = np.arange(1000) % 2

    found, other = reliability(score, won), reliability(score[::-1], won[::-1])

    assert [b.n for b in found.bins] == [50, 900, 50]
    assert [b.mean_score for b in found.bins] == pytest.approx([0.4, 0.5, 0.6])
    assert found == other


@pytest.mark.parametrize(("n_won", "n"), [(0, 10), (3, 10), (10, 10), (470, 900)])
def test_intervals_are_wilsons(n_won, n):
    peer = binomtest(n_won, n).proportion_ci(0.9, method="wilson")

    assert wilson(n_won, n, 0.9) == pytest.approx((peer.low, peer.high), abs=1e-12)


def test_the_error_of_exact_scores_is_the_noise_that_is_stated():
    found = [reliability(*scored(2000, seed)) for seed in range(100)]

    stated = np.mean([r.noise for r in found])
    assert np.mean([r.ece for r in found]) == pytest.approx(stated, rel=0.07)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p, True),
        (lambda p: p + 0.02, True),
        (lambda p: p + 0.08, False),
        (lambda p: 0.45 + 4 * (p - 0.45), False),
    ],
    ids=["exact", "slightly off", "too high", "too bold"],
)
def test_scores_are_calibrated_when_they_mean_what_they_say(change, expected):
    p, won = scored(5000)

    assert reliability(np.clip(change(p), 0, 1), won).is_calibrated is expected


def test_one_bin_far_off_is_enough_to_refuse():
    p, won = scored(5000)
    wrong = p.copy()
    wrong[p > np.quantile(p, 0.9)] += 0.3

    found = reliability(wrong, won)

    assert found.ece < 0.05
    assert not found.is_calibrated


def test_of_few_rows_nothing_is_claimed():
    # Chance alone makes an error of about 0.09.
    assert sum(reliability(*scored(200, seed)).is_calibrated for seed in range(50)) <= 2


@pytest.mark.parametrize(
    ("score", "won", "n_bins", "words"),
    [
        ([0.5] * 3, [1, 0, 1], 4, "a row a bin"),
        ([0.5] * 3, [1, 0], 2, "one outcome a score"),
        ([0.5, 1.1], [1, 0], 2, "between 0 and 1"),
        ([0.5, np.nan], [1, 0], 2, "between 0 and 1"),
        ([0.5, 0.6], [1, 2], 2, "outcomes of 0 or 1"),
        ([], [], 0, "a row a bin"),
    ],
)
def test_what_is_no_score_or_no_outcome_is_refused(score, won, n_bins, words):
    with pytest.raises(DataError, match=words):
        reliability(np.array(score), np.array(won), n_bins)
