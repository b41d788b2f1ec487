"""The figures of a row equal their slow twins, and luck is charged as it should be."""

import numpy as np
import pytest

from alphamill.portfolio.allocate.allocator import Allocator
from alphamill.portfolio.allocate.contributions import risk_of
from alphamill.portfolio.allocate.hold import Terms
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.standing import (
    deepest_fall,
    difference,
    figures,
    luck,
    mean_block,
    mean_tail_loss,
)
from alphamill.portfolio.allocate.walk import walk
from alphamill.validation.bootstrap import stationary_weights

from .markets import market, returns


def drawn(n_days, n_draws=400, seed=1):
    return stationary_weights(n_days, n_draws, 10.0, np.random.default_rng(seed))


def test_figures_equal_a_slow_reading_of_the_days():
    found = walk(market(), Allocator("hrp"), Plan(window=60, terms=Terms(20.0)))
    net = found.net

    said = figures(found, 252.0)

    wealth, peak, deepest = 1.0, 1.0, 0.0
    for day in net:
        wealth *= 1 + day
        peak = max(peak, wealth)
        deepest = max(deepest, 1 - wealth / peak)
    years = net.size / 252
    assert said.annual_return == pytest.approx(wealth ** (1 / years) - 1)
    assert said.max_drawdown == pytest.approx(deepest)
    assert said.volatility == pytest.approx(np.std(net, ddof=1) * 252**0.5)
    assert said.sharpe == pytest.approx(net.mean() / np.std(net, ddof=1) * 252**0.5)
    assert said.turnover == pytest.approx(found.held.traded.sum() / years)
    assert said.cost == pytest.approx(said.turnover * 0.002, rel=0.05)
    assert 1.0 < said.effective_n < 5.0
    assert (said.cash, said.fallbacks) == (pytest.approx(0.0, abs=1e-12), 0.0)


def test_the_tail_is_the_mean_of_the_worst_days():
    net = np.array([0.02, -0.05, 0.01, -0.01, 0.03, -0.03] * 10)

    assert mean_tail_loss(net, 0.1) == pytest.approx(0.05)
    assert mean_tail_loss(net, 0.25) == pytest.approx((10 * 0.05 + 5 * 0.03) / 15)
    assert deepest_fall(np.array([0.1, 0.1])) == 0.0


def test_the_difference_is_paired():
    rng = np.random.default_rng(4)
    base = rng.normal(0.0003, 0.01, 2_000)
    net = base + 0.0001 + rng.normal(0.0, 0.0005, 2_000)

    found = difference(net, base, drawn(2_000), 252.0, 0.9)

    assert found.mean_interval.low < found.mean_return < found.mean_interval.high
    assert found.mean_return == pytest.approx(0.0252, abs=0.006)
    # Unpaired, either Sharpe ratio alone is unsure by more than 1.
    assert found.sharpe_interval.high - found.sharpe_interval.low < 0.3
    assert found.sharpe_interval.low > 0.0


def test_the_best_of_many_that_are_no_better_is_rarely_called_better():
    ps, gaps = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        base = rng.normal(0.0004, 0.01, 1_000)
        nets = {str(k): base + rng.normal(0.0, 0.004, 1_000) for k in range(8)}
        found = luck(nets, base, drawn(1_000, 200, seed), 252.0)
        ps.append(found.p_value)
        gaps.append(found.difference - found.expected)

    assert np.mean(np.array(ps) <= 0.1) <= 0.2
    assert abs(np.mean(gaps)) < 0.15
    assert found.n_compared == 8


def test_a_true_edge_is_found_among_the_others():
    rng = np.random.default_rng(2)
    base = rng.normal(0.0002, 0.01, 2_500)
    nets = {str(k): base + rng.normal(0.0, 0.003, 2_500) for k in range(7)}
    nets["edge"] = base + rng.normal(0.0006, 0.003, 2_500)

    found = luck(nets, base, drawn(2_500), 252.0)

    assert found.best == "edge"
    assert found.p_value < 0.02
    assert found.difference > 3 * found.expected


def test_without_another_there_is_no_luck():
    assert luck({}, np.zeros(30), drawn(30), 252.0) is None


def test_blocks_grow_with_what_moves_the_ratio():
    rng = np.random.default_rng(6)
    noise = rng.normal(0.0, 0.01, 2_000)
    slow = np.convolve(rng.normal(0.0, 0.01, 2_060), np.ones(61) / 61, "valid")

    assert mean_block([noise]) == 10.0
    assert mean_block([noise, slow]) > 40.0


def test_contributions_add_up_to_the_variance():
    weights = np.array([0.4, 0.3, 0.2, 0.1, 0.0])

    found = risk_of(weights, returns().to_numpy())

    whole = returns().cov().to_numpy()
    slow = [w * sum(whole[i, j] * weights[j] for j in range(5)) for i, w in enumerate(weights)]
    np.testing.assert_allclose(found.contributions, np.array(slow) / sum(slow))
    assert found.diversification > 1.0
    alone = risk_of(np.array([1.0, 0, 0, 0, 0]), returns().to_numpy())
    assert alone.diversification == pytest.approx(1.0)
    assert not risk_of(np.zeros(5), returns().to_numpy()).contributions.any()
