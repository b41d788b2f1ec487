"""Bar by bar, with everything remembered put away between bars, a cell trades as in the loop."""

import pytest

from .markets import random_market
from .replay import replay
from .test_parity import first_difference
from .ways import by_engine

N_MARKETS = 1_000
BLOCK = 100


@pytest.mark.parametrize("first", range(0, N_MARKETS, BLOCK))
def test_replay_trades_as_the_loop(first: int) -> None:
    parted = {}
    for seed in range(first, first + BLOCK):
        market = random_market(seed)
        trades, equity = by_engine(market)
        difference = first_difference(replay(market), (trades, equity))
        if difference:
            parted[seed] = difference

    assert parted == {}
