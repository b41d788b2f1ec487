import math
from itertools import product

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.plateau import Plateau, plateau, plateau_gate
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.validation.thresholds import PlateauThresholds

LIMITS = PlateauThresholds()
FAST, SLOW = (3, 5, 8, 12, 18, 25), (30, 45, 60, 90, 120, 160, 200, 250)
POINTS = [{"fast": fast, "slow": slow} for fast, slow in product(FAST, SLOW)]


def at(**params) -> int:
    return POINTS.index(params)


def test_neighbours_lie_one_step_of_the_grid_away_diagonals_included():
    scores = np.zeros(len(POINTS))
    scores[at(fast=8, slow=90)] = 1.0
    near = product((5, 8, 12), (60, 90, 120))
    for k, (fast, slow) in enumerate(p for p in near if p != (8, 90)):
        scores[at(fast=fast, slow=slow)] = 0.1 * (k + 1)

    found = plateau(POINTS, scores, at(fast=8, slow=90))

    # 0.1 .. 0.8: median 0.45, three above a half.
    assert found.n_neighbours == 8
    assert found.median_ratio == pytest.approx(0.45)
    assert found.worst_ratio == pytest.approx(0.1)
    assert found.share == 3 / 8
    assert found.edges == ()


def test_the_corner_of_a_grid_has_three_neighbours_and_two_edges():
    found = plateau(POINTS, np.ones(len(POINTS)), at(fast=3, slow=250))

    assert found.n_neighbours == 3
    assert found.edges == ("fast=3 (lowest)", "slow=250 (highest)")
    detail = plateau_gate(found, LIMITS).detail
    assert detail.endswith("; at the edge of the grid: fast=3 (lowest), slow=250 (highest)")


def test_exits_are_dimensions_and_no_exit_is_the_step_beyond_the_highest():
    points = [
        {"n": n, "stop_loss_atr": stop, "max_bars_held": bars}
        for n, stop, bars in product((10,), (1.0, 2.0, None), (5, 20))
    ]
    scores = np.arange(1.0, 7.0)

    tight, wide, none = (plateau(points, scores, k) for k in (0, 2, 4))

    # Stop 1: its own other holding time and both of stop 2. Stop 2: everything else.
    assert (tight.n_neighbours, tight.worst_ratio) == (3, 2.0)
    assert (wide.n_neighbours, wide.worst_ratio) == (5, 1.0 / 3.0)
    assert (none.n_neighbours, none.worst_ratio) == (3, 3.0 / 5.0)
    assert tight.edges == ("stop_loss_atr=1 (lowest)", "max_bars_held=5 (lowest)")
    assert wide.edges == none.edges == ("max_bars_held=5 (lowest)",)


def test_a_switch_or_a_name_makes_another_rule_and_no_neighbour():
    points = [
        {"n": n, "use_trend": flag, "other": name}
        for n, flag, name in product((1, 2, 3), (False, True), ("ES", "NQ"))
    ]
    scores = np.array([1.0 + p["use_trend"] * 10.0 + (p["other"] == "NQ") * 100.0 for p in points])

    found = plateau(points, scores, points.index({"n": 2, "use_trend": False, "other": "ES"}))

    assert found.n_neighbours == 2
    assert found.worst_ratio == found.median_ratio == 1.0


def test_numbers_of_a_parameter_may_be_few_and_its_steps_uneven():
    points = [{"n": n} for n in (200, 2, 20)]

    found = plateau(points, np.array([1.0, 3.0, 2.0]), 2)

    assert found.n_neighbours == 2
    assert (found.median_ratio, found.worst_ratio) == (1.0, 0.5)
    assert found.share == 0.5


def test_a_grid_of_one_point_is_not_asked_and_has_not_passed():
    verdict = plateau_gate(plateau([{"n": 5}], np.array([2.0]), 0), LIMITS)

    assert (verdict.passed, verdict.asked) == (False, False)
    assert verdict.detail == "the grid has no neighbour of the chosen cell"


@pytest.mark.parametrize("score", [0.0, -1.0])
def test_a_cell_that_does_not_earn_stands_on_no_plateau(score):
    scores = np.array([score, score, score])

    found = plateau([{"n": n} for n in (1, 2, 3)], scores, 1)
    verdict = plateau_gate(found, PlateauThresholds(-math.inf, -math.inf))

    assert math.isnan(found.share)
    assert not verdict.passed
    assert "is not above 0" in verdict.detail


@pytest.mark.parametrize(
    ("share", "median", "passed", "words"),
    [
        (0.7, 0.7, True, "70% of 10 neighbours above half the score, median 70% of it, worst 10%"),
        (0.69, 0.7, False, "share of good neighbours 0.69, needs at least 0.7"),
        (0.7, 0.69, False, "median of the neighbours over the chosen 0.69, needs at least 0.7"),
    ],
)
def test_both_share_and_median_are_asked(share, median, passed, words):
    verdict = plateau_gate(Plateau(1.0, 10, median, 0.1, share, ()), LIMITS)

    assert verdict.passed is passed
    assert verdict.detail == words


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [(np.ones(5), 0), (np.array([1.0, np.nan, 1.0]), 0), (np.ones(3), 3)],
)
def test_scores_that_do_not_fit_the_grid_are_refused(scores, chosen):
    with pytest.raises(DataError, match="one finite score a cell"):
        plateau([{"n": n} for n in (1, 2, 3)], scores, chosen)


def best_of(pnl: np.ndarray) -> Plateau:
    """Return the plateau of the best of cells with P&L (n_cells, n_sessions)."""
    scores = sharpe_from_sums(pnl.sum(axis=1), (pnl**2).sum(axis=1), pnl.shape[1], 252.0)
    return plateau(POINTS, scores, int(np.argmax(scores)))


def crosses(move: np.ndarray) -> np.ndarray:
    """Return the P&L of every moving-average cross of the grid, (n_cells, n_sessions)."""
    price = np.cumsum(move)
    total = np.append(0.0, np.cumsum(price))
    mean = {}
    for n in (*FAST, *SLOW):
        mean[n] = np.full(price.size, np.nan)
        mean[n][n - 1 :] = (total[n:] - total[:-n]) / n
    side = np.array([np.sign(np.nan_to_num(mean[p["fast"]] - mean[p["slow"]])) for p in POINTS])
    return side[:, :-1] * move[1:]


def market(seed: int, trend: float) -> np.ndarray:
    """Return moves whose drift lasts for 60 sessions and then may turn."""
    rng = np.random.default_rng(seed)
    drift = np.repeat(rng.choice([-trend, trend], 42), 60)
    return rng.standard_normal(42 * 60) + drift


def plateau_rate(trend: float) -> float:
    found = [plateau_gate(best_of(crosses(market(seed, trend))), LIMITS) for seed in range(100)]
    return float(np.mean([v.passed for v in found]))


def test_a_sixth_of_noise_passes_for_neighbours_share_their_trades():
    # Smooth grids give false plateaus: the gate tells spikes, not luck, and so only informs.
    assert 0.08 <= plateau_rate(0.0) <= 0.28


def test_an_edge_in_the_market_makes_a_plateau():
    assert plateau_rate(0.2) >= 0.95


def test_the_best_of_unrelated_cells_is_a_spike():
    found = []
    for seed in range(100):
        noise = np.random.default_rng(seed).standard_normal((len(POINTS), 1_000))
        found.append(plateau_gate(best_of(noise), LIMITS).passed)

    assert np.mean(found) <= 0.05


def test_a_planted_spike_fails():
    for seed in range(20):
        noise = np.random.default_rng(seed).standard_normal((len(POINTS), 1_000))
        noise[at(fast=8, slow=90)] += 0.2

        assert not plateau_gate(best_of(noise), LIMITS).passed


def test_the_score_of_the_plateau_changes_with_the_draw():
    scores = {plateau_gate(best_of(crosses(market(s, 0.0))), LIMITS).score for s in range(5)}

    assert len(scores) > 1
