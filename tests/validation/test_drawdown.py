from itertools import permutations

import numpy as np
import pytest

from alphamill.backtest.metrics import max_drawdown
from alphamill.core.errors import DataError
from alphamill.validation.drawdown import LEVELS, block_bands, trade_order_bands


def losing_streaks(n: int = 1_000) -> np.ndarray:
    """Return P&L whose losses come in runs of twenty."""
    bad = np.random.default_rng(0).random(n // 20) < 0.3
    return np.repeat(np.where(bad, -1.0, 0.6), 20)


def test_bands_of_four_trades_are_those_of_all_their_orders():
    trades = np.array([3.0, -2.0, 1.0, -4.0])
    every = np.array([max_drawdown(np.cumsum(order)) for order in permutations(trades)])
    levels = (0.2, 0.4, 0.6, 0.9)

    bands = trade_order_bands(trades, np.random.default_rng(0), 20_000, levels)

    assert bands.observed == max_drawdown(np.cumsum(trades)) == 5.0
    assert bands.depth.tolist() == np.quantile(every, levels, method="inverted_cdf").tolist()
    assert len(set(bands.depth)) > 1
    assert bands.share_deeper == pytest.approx(np.mean(every > 5.0), abs=0.01)


def test_a_loss_at_the_very_start_counts_from_zero():
    bands = trade_order_bands(np.array([-7.0]), np.random.default_rng(0), 10)

    assert bands.observed == 7.0
    assert bands.depth.tolist() == [7.0] * len(LEVELS)
    assert bands.share_deeper == 0.0


def test_the_kindest_and_the_unkindest_order_are_named():
    wins_and_losses = np.tile([1.0, -0.9], 100)
    rng = np.random.default_rng(0)

    kind = trade_order_bands(wins_and_losses, rng, 500)
    unkind = trade_order_bands(np.sort(wins_and_losses), rng, 500)

    assert kind.observed == pytest.approx(0.9)
    assert kind.share_deeper == 1.0
    assert unkind.observed == pytest.approx(90.0)
    assert unkind.share_deeper == 0.0


def test_rounding_is_not_called_deeper():
    bands = trade_order_bands(np.tile([-0.1, -0.2, -0.3], 17), np.random.default_rng(0), 200)

    assert bands.share_deeper == 0.0


def test_blocks_keep_the_streaks_that_shuffling_breaks_up():
    pnl = losing_streaks()

    shuffled = trade_order_bands(pnl, np.random.default_rng(1), 500)
    in_blocks = block_bands(pnl, 40.0, np.random.default_rng(1), 500)
    singly = block_bands(pnl, 1.0, np.random.default_rng(1), 500)

    assert (in_blocks.depth > 1.8 * shuffled.depth).all()
    assert singly.depth[0] == pytest.approx(shuffled.depth[0], rel=0.15)
    assert in_blocks.observed == shuffled.observed == max_drawdown(np.cumsum(pnl))


def test_block_drawdowns_agree_with_the_law_of_a_random_walk():
    # Without drift the expected deepest fall of n steps tends to sqrt(pi n / 2).
    pnl = np.random.default_rng(2).standard_normal(2_000)
    pnl = (pnl - pnl.mean()) / pnl.std()

    bands = block_bands(pnl, 1.0, np.random.default_rng(1), 1_000, np.linspace(0.01, 0.99, 99))

    assert bands.depth.mean() == pytest.approx(np.sqrt(np.pi * 2_000 / 2), rel=0.05)


def test_deeper_levels_are_deeper_and_a_seed_repeats():
    a, b, c = (block_bands(losing_streaks(), 9.0, np.random.default_rng(s), 300) for s in (1, 1, 2))

    assert (np.diff(a.depth) > 0.0).all()
    assert np.array_equal(a.depth, b.depth)
    assert not np.array_equal(a.depth, c.depth)


def test_many_draws_are_made_piece_by_piece():
    # 1,000 sessions go 1,000 at a time; the third piece holds what is left.
    bands = block_bands(losing_streaks(), 9.0, np.random.default_rng(1), 2_003, (0.5,))

    assert bands.share_deeper * 2_003 == pytest.approx(round(bands.share_deeper * 2_003), abs=1e-9)
    assert bands.share_deeper not in (0.0, 1.0)


def test_without_a_trade_there_is_no_drawdown():
    bands = trade_order_bands(np.zeros(0), np.random.default_rng(0))

    assert bands.observed == bands.share_deeper == 0.0
    assert bands.depth.tolist() == [0.0] * 4


def test_holes_in_the_profits_and_levels_in_percent_are_refused():
    rng = np.random.default_rng(0)

    with pytest.raises(DataError, match="one series of finite P&L"):
        trade_order_bands(np.array([1.0, np.nan]), rng)
    with pytest.raises(DataError, match=r"levels between 0 and 1, received 10 draws and \(95,\)"):
        block_bands(np.ones(5), 2.0, rng, 10, levels=(95,))
