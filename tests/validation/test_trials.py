"""Effective trials against planted structure, and the measured table of specs/statistics.md, C3."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from alphamill.core.errors import DataError
from alphamill.validation.statistics import (
    Moments,
    deflated_sharpe,
    expected_maximum,
    probabilistic_sharpe,
)
from alphamill.validation.trials import (
    average_correlation,
    deflated_by_luck,
    effective_trials,
    null_variance,
    trials_by_clusters,
    trials_by_correlation,
)


def groups_of_cells(n_groups: int, n_each: int, rho: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = np.repeat(rng.standard_normal((500, n_groups)), n_each, axis=1)
    own = rng.standard_normal((500, n_groups * n_each))
    return 3.0 * (math.sqrt(rho) * shared + math.sqrt(1.0 - rho) * own) + 0.5


def test_average_correlation_is_the_mean_of_the_matrix_off_its_diagonal():
    pnl = groups_of_cells(3, 4, 0.6)

    matrix = np.corrcoef(pnl.T)

    assert average_correlation(pnl) == pytest.approx(matrix[~np.eye(12, dtype=bool)].mean())


def test_columns_that_never_move_are_no_trials():
    pnl = groups_of_cells(3, 4, 0.6)
    still = np.column_stack([pnl, np.zeros(500), np.full(500, 0.1)])

    assert average_correlation(still) == pytest.approx(average_correlation(pnl))
    assert effective_trials(still) == pytest.approx(effective_trials(pnl))
    assert effective_trials(np.zeros((500, 3))) == (1.0, 0)


@pytest.mark.parametrize(
    ("rho", "trials"), [(0.0, 100.0), (0.5, 50.5), (0.9, 10.9), (1.0, 1.0), (-0.01, 100.0)]
)
def test_trials_by_correlation_run_from_all_to_one(rho, trials):
    assert trials_by_correlation(100, rho) == pytest.approx(trials)


@pytest.mark.parametrize(("n", "rho"), [(0.5, 0.0), (math.nan, 0.0), (10, 1.1), (10, math.nan)])
def test_impossible_trials_are_refused(n, rho):
    with pytest.raises(DataError, match="at least one trial and a mean correlation of at most 1"):
        trials_by_correlation(n, rho)


@pytest.mark.parametrize(("n_groups", "n_each"), [(2, 5), (6, 10), (20, 3)])
def test_clusters_find_the_planted_groups(n_groups, n_each):
    assert trials_by_clusters(groups_of_cells(n_groups, n_each, 0.8)) == n_groups


def test_clusters_of_copies_are_counted_once_each():
    three = groups_of_cells(3, 1, 0.0)

    assert trials_by_clusters(np.repeat(three, 4, axis=1)) == 3


def test_opposite_cells_are_different_trials():
    three = np.repeat(groups_of_cells(3, 1, 0.0), 4, axis=1)

    assert trials_by_clusters(np.column_stack([three, -three])) == 6


def test_few_cells_are_not_clustered():
    assert trials_by_clusters(groups_of_cells(2, 1, 0.0)) == 2


def plain_quality(pnl: np.ndarray, own: np.ndarray) -> float:
    distance = np.sqrt((1.0 - np.corrcoef(pnl.T)) / 2.0)
    found = []
    for i, mine in enumerate(own):
        others = [j for j in range(own.size) if own[j] == mine and j != i]
        if not others:
            found.append(0.0)
            continue
        a = distance[i, others].mean()
        b = min(distance[i, own == c].mean() for c in set(own.tolist()) - {mine})
        found.append((b - a) / max(a, b))
    return float(np.mean(found) / np.std(found))


@pytest.mark.parametrize("seed", range(8))
def test_the_number_of_clusters_is_that_of_the_best_plain_silhouettes(seed):
    from scipy.cluster.hierarchy import fcluster, linkage

    pnl = groups_of_cells(4, 3, 0.15, seed)
    condensed = np.sqrt((1.0 - np.corrcoef(pnl.T)) / 2.0)[np.triu_indices(12, 1)]
    tree = linkage(condensed, "average")

    by_number = {
        k: plain_quality(pnl, fcluster(tree, k, criterion="maxclust")) for k in range(2, 12)
    }

    assert trials_by_clusters(pnl) == max(by_number, key=by_number.__getitem__)


def test_effective_trials_report_both_and_the_larger():
    found = effective_trials(groups_of_cells(6, 10, 0.8))

    assert found.by_clusters == 6
    # Nine of the 59 partners share 0.8.
    assert found.by_correlation == pytest.approx(60 - 59 * 0.8 * 9 / 59, abs=1.0)
    assert found.larger == found.by_correlation
    assert effective_trials(groups_of_cells(1, 40, 0.95)).larger < 40 * 0.5


def test_unrelated_trials_all_count():
    assert effective_trials(groups_of_cells(80, 1, 0.0)).larger == pytest.approx(80, abs=1.0)


@pytest.mark.parametrize(
    "pnl", [np.full((50, 3), np.nan), np.zeros(50), np.zeros((2, 3))], ids=["nan", "1d", "short"]
)
def test_what_is_no_pnl_of_cells_is_refused(pnl):
    with pytest.raises(DataError, match="finite P&L of shape"):
        effective_trials(pnl)


def test_too_many_cells_to_cluster_are_refused(monkeypatch):
    monkeypatch.setattr("alphamill.validation.trials._MOST_CLUSTERED", 10)

    with pytest.raises(DataError, match="at most 10 cells, received 12; pass a random sample"):
        trials_by_clusters(groups_of_cells(3, 4, 0.5))


@pytest.mark.parametrize("draw", ["standard_normal", "standard_exponential"])
def test_null_variance_is_the_spread_of_simulated_ratios_whatever_the_shape(draw):
    rng = np.random.default_rng(3)
    pnl = getattr(rng, draw)((8_000, 250))
    pnl -= {"standard_normal": 0.0, "standard_exponential": 1.0}[draw]

    spread = (pnl.mean(axis=1) / pnl.std(axis=1, ddof=1)).var()

    assert null_variance(250) == pytest.approx(spread, rel=0.08)


def test_null_variance_of_a_drift_sees_skew_and_kurtosis():
    # 1 - 2 x 0.5 + (9 - 1) / 4 x 0.25 = 0.5, over 99.
    assert null_variance(100, Moments(2.0, 9.0), sharpe=0.5) == pytest.approx(0.5 / 99)


def test_deflated_by_luck_is_the_deflated_ratio_with_the_null_variance():
    found = deflated_by_luck(0.12, 1_251, 100, Moments(-3.0, 10.0))

    # 2.5306 standard errors of 1 / sqrt(1250) is the best of the noise.
    bar = expected_maximum(100) / math.sqrt(1_250)
    assert found == pytest.approx(probabilistic_sharpe(0.12, 1_251, bar, Moments(-3.0, 10.0)))


# --- what the specification measured -------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "exact"),
    [
        (2, 0.5642),
        (5, 1.1630),
        (10, 1.5388),
        (45, 2.2077),
        (100, 2.5076),
        (1_000, 3.2414),
        (10_000, 3.8516),
    ],
)
def test_the_formula_of_the_maximum_lies_near_the_exact_integral(n, exact):
    x, step = np.linspace(-10.0, 10.0, 40_001, retstep=True)

    integral = np.sum(np.heaviside(np.round(x, 9), 0.5) - ndtr(x) ** n) * step

    assert round(float(integral), 4) == exact
    assert expected_maximum(n) == pytest.approx(exact, abs=0.045)


def noise_sweeps(n_trials: int, n_sweeps: int, rho: float = 0.0) -> np.ndarray:
    """Return per-period Sharpe ratios of 5 years of noise trials, (n_sweeps, n_trials)."""
    rng = np.random.default_rng(n_trials)
    shared, own = rng.standard_normal((n_sweeps, 1)), rng.standard_normal((n_sweeps, n_trials))
    return (math.sqrt(rho) * shared + math.sqrt(1.0 - rho) * own) / math.sqrt(1_259)


def share(sweeps: np.ndarray, level: float) -> float:
    n = sweeps.shape[1]
    return float(
        np.mean([deflated_sharpe(s.max(), 1_260, n, s.var(ddof=1)) > level for s in sweeps])
    )


@pytest.mark.parametrize(
    ("n_trials", "strict", "even", "naive"),
    [(10, 0.0, 0.497, 0.406), (100, 0.0, 0.452, 0.994), (1_000, 0.0025, 0.480, 1.0)],
)
def test_noise_passes_the_deflated_ratio_as_often_as_measured(n_trials, strict, even, naive):
    sweeps = noise_sweeps(n_trials, 800)

    assert share(sweeps, 0.95) == pytest.approx(strict, abs=0.01)
    assert share(sweeps, 0.5) == pytest.approx(even, abs=0.06)
    best = [probabilistic_sharpe(s.max(), 1_260) > 0.95 for s in sweeps]
    assert np.mean(best) == pytest.approx(naive, abs=0.05)


@pytest.mark.parametrize(("rho", "measured"), [(0.5, 0.012), (0.9, 0.050)])
def test_correlated_noise_passes_too_often_with_the_variance_of_its_trials(rho, measured):
    sweeps = noise_sweeps(100, 3_000, rho)

    by_luck = [deflated_by_luck(s.max(), 1_260, trials_by_correlation(100, rho)) for s in sweeps]

    assert share(sweeps, 0.95) == pytest.approx(measured, abs=0.02)
    assert np.mean(np.array(by_luck) > 0.95) < min(share(sweeps, 0.95), 0.01)
