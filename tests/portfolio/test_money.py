"""Money: the formulas of this folder are the backtest's, to the bit."""

import numpy as np
import pytest

from alphamill.backtest import costs
from alphamill.backtest.kernel import paid as backtest_paid
from alphamill.backtest.state import Terms
from alphamill.portfolio.account.money import TERMS, fee, gain, paid


@pytest.mark.parametrize("tick", [0.0, 0.25, 0.1, 0.00005, 5.0])
def test_worth_and_costs_are_those_of_the_backtest(tick):
    rng = np.random.default_rng(1)
    terms = Terms(tick, 50.0, 0.0, 1.25, 0.0003)
    row = np.array([(tick, 50.0, 1.25, 0.0003, 0.0, 0.0)], dtype=TERMS)[0]

    for entry, price, units in rng.uniform(-5.0, 500.0, (200, 3)):
        assert gain(-1, entry, price, units, row) == costs.gain(-1, entry, price, units, terms)
        assert fee(price, units, row) == costs.fee(price, units, terms)
        assert paid(price, 1, tick, 2 * tick, 0.0) == backtest_paid(price, 1, tick, 2 * tick, 0.0)
        assert paid(price, -1, tick, 0.0, 0.01) == backtest_paid(price, -1, tick, 0.0, 0.01)
