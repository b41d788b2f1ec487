"""Check numbers of specs/statistics.md, C1 to C3, and slow twins of the fast formulas."""

import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.statistics import (
    Moments,
    deflated_sharpe,
    expected_maximum,
    minimum_track_record,
    moments,
    noise_sharpe,
    probabilistic_sharpe,
    recognition_power,
    sharpe_error,
    sharpe_from_sums,
)

FUND = Moments(-2.448, 10.164)
BOOK = {"sharpe": 2.5 / math.sqrt(250), "n_periods": 1_250, "trials_variance": 0.5 / 250}
BOOK_SHAPE = Moments(-3.0, 10.0)


def annual(pnl: np.ndarray, per_year: float) -> float:
    return float(pnl.mean() / pnl.std(ddof=1) * math.sqrt(per_year))


def test_sharpe_from_sums_equals_the_plain_one_with_days_without_pnl():
    pnl = np.random.default_rng(1).normal(0.1, 1.0, (5, 300))
    pnl[:, ::3] = 0.0

    fast = sharpe_from_sums(pnl.sum(axis=1), (pnl**2).sum(axis=1), 300, 252)

    np.testing.assert_allclose(fast, [annual(row, 252) for row in pnl], rtol=1e-12)


def test_sharpe_from_sums_is_zero_where_the_pnl_never_moves():
    constant = np.full(100, 0.1)

    found = sharpe_from_sums([0.0, constant.sum(), 5.0], [0.0, (constant**2).sum(), 25.0], 100, 252)

    assert found[:2].tolist() == [0.0, 0.0]
    assert found[2] == pytest.approx(annual(np.append(5.0, np.zeros(99)), 252))
    assert sharpe_from_sums(1.0, 1.0, 1, 252) == 0.0


@pytest.mark.parametrize(("shape", "printed"), [(Moments(0, 3), 0.98167), (FUND, 0.91336)])
def test_probabilistic_sharpe_gives_the_papers_fund(shape, printed):
    assert round(probabilistic_sharpe(0.458, 24, shape=shape), 5) == printed


def test_an_excess_kurtosis_is_refused_and_the_remedy_given():
    with pytest.raises(DataError, match="add 3 to an excess kurtosis"):
        probabilistic_sharpe(0.458, 24, shape=Moments(0.0, 0.0))


def test_moments_that_no_distribution_has_are_refused():
    with pytest.raises(DataError, match=r"at least 1 \+ skew\^2 = 6\.993"):
        sharpe_error(3.0, 24, Moments(-2.448, 6.9))


def test_one_period_is_refused():
    with pytest.raises(DataError, match="at least 2 periods, received 1"):
        probabilistic_sharpe(0.5, 1)


@pytest.mark.parametrize(
    ("per_year", "periods", "years"),
    [(250, 682.80, 2.731), (52, 147.10, 2.829), (12, 38.88, 3.240)],
)
def test_minimum_track_record_gives_the_papers_years(per_year, periods, years):
    found = minimum_track_record(2 / math.sqrt(per_year), benchmark=1 / math.sqrt(per_year))

    assert round(found, 2) == periods
    assert round(found / per_year, 3) == years


@pytest.mark.parametrize(("shape", "months"), [(FUND, 34.56), (Moments(0, 3), 15.25)])
def test_minimum_track_record_of_the_fund(shape, months):
    assert round(minimum_track_record(0.458, shape=shape), 2) == months


@pytest.mark.parametrize("sharpe", [0.1, 0.0999, -1.0])
def test_minimum_track_record_says_never_at_or_below_the_benchmark(sharpe):
    assert minimum_track_record(sharpe, benchmark=0.1) == math.inf


@pytest.mark.parametrize(
    ("n", "printed"),
    [
        (2, 0.5198),
        (5, 1.1926),
        (10, 1.5746),
        (45, 2.2356),
        (100, 2.5306),
        (1_000, 3.2551),
        (10_000, 3.8607),
    ],
)
def test_expected_maximum_gives_the_printed_table(n, printed):
    assert round(expected_maximum(n), 4) == printed


def test_no_more_than_45_trials_on_5_years():
    assert round(expected_maximum(45) ** 2, 3) == 4.998


def test_expected_maximum_of_one_is_zero():
    assert expected_maximum(1) == 0.0


@pytest.mark.parametrize(
    ("n_trials", "shape", "printed"),
    [(100, BOOK_SHAPE, 0.90040), (46, BOOK_SHAPE, 0.95050), (88, Moments(0, 3), 0.95049)],
)
def test_deflated_sharpe_gives_the_papers_example(n_trials, shape, printed):
    assert round(deflated_sharpe(**BOOK, n_trials=n_trials, shape=shape), 5) == printed


def test_the_best_of_a_hundred_noise_trials_of_the_papers_example():
    assert round(noise_sharpe(100, BOOK["trials_variance"]), 5) == 0.11317


def test_deflated_sharpe_of_a_single_trial_is_the_probabilistic_one():
    assert deflated_sharpe(0.1, 500, 1, 0.01) == probabilistic_sharpe(0.1, 500)


def test_deflated_sharpe_passes_no_noise_winner():
    # K6: 2,000 experiments of 100 noise trials; 0 to 5 of them may pass.
    rng = np.random.default_rng(6)
    trials = rng.standard_normal((2_000, 100)) / math.sqrt(1_259)

    passed = [deflated_sharpe(t.max(), 1_260, 100, t.var(ddof=1)) > 0.95 for t in trials]

    assert sum(passed) <= 5


def test_moments_are_raw_and_of_the_population():
    found = moments(np.array([0.0, 0.0, 0.0, 4.0]))

    assert found == pytest.approx((2 / math.sqrt(3), 7 / 3))
    assert moments(np.zeros(9)) == (0.0, 3.0)


def test_the_standard_error_is_the_spread_of_simulated_sharpes():
    rng = np.random.default_rng(2)
    pnl = rng.exponential(1.0, (20_000, 250)) - 0.9

    simulated = (pnl.mean(axis=1) / pnl.std(axis=1, ddof=1)).std()

    assert sharpe_error(0.1, 250, Moments(2.0, 9.0)) == pytest.approx(simulated, rel=0.03)


@pytest.mark.parametrize(
    ("n_trials", "years", "by_sharpe"),
    [
        (100, 5, {0.5: 0.000, 1.0: 0.015, 1.5: 0.170, 2.0: 0.545, 2.5: 0.885, 3.0: 0.988}),
        (10, 5, {0.5: 0.000, 1.0: 0.033, 1.5: 0.217, 2.0: 0.623}),
        (10, 10, {0.5: 0.010, 1.0: 0.190, 1.5: 0.673, 2.0: 0.983}),
        (100, 10, {0.5: 0.000, 1.0: 0.087, 1.5: 0.657, 2.0: 0.983}),
        (1_000, 10, {0.5: 0.000, 1.0: 0.025, 1.5: 0.425, 2.0: 0.925}),
    ],
)
def test_power_agrees_with_the_simulated_table(n_trials, years, by_sharpe):
    found = [recognition_power(s, 252 * years, 252, n_trials) for s in by_sharpe]

    np.testing.assert_allclose(found, list(by_sharpe.values()), atol=0.03)


def test_power_of_a_single_trial_is_that_of_a_one_sided_test():
    # Observed Sharpe over its error exceeds 1.645 where a normal around 3.16 does: 93.5 %.
    assert recognition_power(1.0, 2_521, 252, 1) == pytest.approx(0.935, abs=0.003)


def test_an_edge_of_zero_is_chosen_no_more_often_than_any_other_trial():
    # At 5 % confidence one in five observed ratios clears the bar, but only 1 in 100 is the best.
    assert recognition_power(0.0, 2_521, 252, 100, confidence=0.05) <= 0.0101
