"""Holding equals the plain account: shares, cash, trades at closes, costs of each."""

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.portfolio.allocate.hold import Terms, held


def account(returns, targets, terms, cash):
    """Keep one account day by day, in money."""
    n_days, n = returns.shape
    values, money = np.zeros(n), 1.0
    net, traded, weights = np.zeros(n_days), np.zeros(n_days), np.zeros((n_days, n))
    target, due = np.zeros(n), None
    for day in range(n_days):
        before = values.sum() + money
        weights[day] = values / before
        values, money = values * (1 + returns[day]), money * (1 + cash[day])
        equity = values.sum() + money
        share = values / equity
        band = np.where(target > 0, (terms.drift_band or 1e9) * target, 0.0)
        off = np.any(np.abs(share - target) > band + 1e-12)
        if day in targets:
            target, due = targets[day], day
        elif off and due is None and day + terms.lag < n_days - 1:
            due = day + terms.lag
        if due == day:
            turned = np.abs(target * equity - values).sum() / equity
            after = equity * (1 - turned * terms.cost_bps / 1e4)
            values, money = target * after, (1 - target.sum()) * after
            traded[day], due = turned, None
        net[day] = (values.sum() + money) / before - 1
    return net, traded, weights


@pytest.fixture
def history():
    rng = np.random.default_rng(11)
    returns = rng.normal(0.0005, 0.02, (60, 4))
    pick = lambda budget: rng.dirichlet(np.ones(4)) * budget  # noqa: E731
    return returns, {5: pick(1.0), 20: pick(0.7), 21: pick(1.0), 44: np.zeros(4)}


@pytest.mark.parametrize("band", [None, 0.03, 0.08])
@pytest.mark.parametrize("lag", [0, 1, 3])
def test_it_equals_the_account_kept_day_by_day(history, band, lag):
    returns, targets = history
    terms, cash = Terms(25.0, band, lag), np.full(60, 1e-4)

    found = held(returns, targets, terms, cash)

    net, traded, weights = account(returns, targets, terms, cash)
    np.testing.assert_allclose(found.net, net, atol=1e-14)
    np.testing.assert_allclose(found.traded, traded, atol=1e-14)
    np.testing.assert_allclose(found.weights, weights, atol=1e-14)


def test_a_narrow_band_trades_more_often(history):
    returns, targets = history

    trades = [
        np.count_nonzero(held(returns, targets, Terms(10.0, band)).traded)
        for band in (None, 0.08, 0.03)
    ]

    assert trades[0] == len(targets) < trades[1] < trades[2]


def test_costs_are_what_the_free_account_has_more(history):
    returns, targets = history

    dear, free = (held(returns, targets, Terms(bps)) for bps in (50.0, 0.0))

    assert not free.cost.any()
    np.testing.assert_allclose((1 + free.net) * (1 - dear.traded * 0.005) - 1, dear.net)
    np.testing.assert_allclose(dear.cost, free.net - dear.net)


def test_the_first_purchase_of_everything_counts_one():
    found = held(np.zeros((4, 2)), {1: np.array([0.5, 0.5])}, Terms(10.0))

    assert found.traded.tolist() == [0.0, 1.0, 0.0, 0.0]
    np.testing.assert_allclose(found.net, [0.0, -0.001, 0.0, 0.0])


def test_a_held_name_without_a_return_is_refused_and_one_not_held_is_not():
    returns = np.array([[np.nan, 0.01], [np.nan, 0.01], [0.02, np.nan]])

    with pytest.raises(DataError, match="column 1 is held on row 2"):
        held(returns, {0: np.array([0.0, 1.0])}, Terms())
    earned = held(returns[:2], {0: np.array([0.0, 1.0])}, Terms(0.0)).net
    np.testing.assert_allclose(earned, [0.0, 0.01])
