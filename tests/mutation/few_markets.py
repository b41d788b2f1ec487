"""A few random markets through the engine and its twin, for one look at one mutant."""

from tests.backtest.markets import random_market
from tests.backtest.test_parity import first_difference
from tests.backtest.ways import by_engine, by_twin

N_MARKETS = 100


def test_a_few_random_markets_run_as_in_the_twin() -> None:
    for seed in range(N_MARKETS):
        market = random_market(seed)
        assert first_difference(by_twin(market), by_engine(market)) == "", f"market {seed}"
