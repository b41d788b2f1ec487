"""One position at a time: the rows that are kept are the trades a masked backtest makes."""

from types import SimpleNamespace

import numpy as np
import pytest

from alphamill.backtest.engine import backtest
from alphamill.core.errors import DataError
from alphamill.learning.position import taken
from tests.backtest.markets import random_market
from tests.learning.test_labels import led

SHARES = (1.0, 0.7, 0.3)
NONE = np.zeros(0, dtype=np.int64)


def masked(market, trades, selected, also=NONE):
    """Return the trades of a backtest that hears the selected rows only, and the bars ``also``."""
    enter = np.zeros_like(market.signals.enter)
    enter[trades.decided[selected]] = trades.side[selected]
    enter[also] = market.signals.enter[also]
    signals = market.signals._replace(enter=enter)
    given = market.bars, signals, market.stack, market.instrument
    return backtest(*given, levels=market.levels).trades


def never_filled(market, trades):
    """Return the bars whose signal gives no trade at all."""
    asks = np.flatnonzero(market.signals.enter)
    return asks[~np.isin(asks, np.concatenate([trades.decided, trades.unknown]))]


def rows(*given):
    """Return rows of decided, side, entry bar, free, turned."""
    names = "decided", "side", "entry_bar", "free", "turned"
    columns = np.array(given, dtype=np.int64).reshape(-1, 5).T
    return SimpleNamespace(**dict(zip(names, columns, strict=True)))


def kept(trades, selected=None):
    every = np.ones(trades.decided.size, dtype=np.bool_)
    return taken(trades, every if selected is None else np.array(selected, dtype=np.bool_)).tolist()


@pytest.mark.parametrize(
    "seeds",
    [range(200), pytest.param(range(200, 4_000), marks=pytest.mark.slow)],
    ids=["some", "many"],
)
def test_the_rows_that_are_kept_are_the_trades_of_a_masked_backtest(seeds):
    parted, n_trades = [], 0
    for seed in seeds:
        market, rng = random_market(seed), np.random.default_rng(seed)
        trades = led(market)
        for share in SHARES:
            selected = rng.random(len(trades)) < share
            mine, slow = taken(trades, selected), masked(market, trades, selected)
            n_trades += len(slow)
            for name in ("decided", "exit_bar", "pnl"):
                same = np.array_equal(getattr(trades, name)[mine], getattr(slow, name))
                parted += [] if same else [(seed, share, name)]

    assert parted == []
    assert n_trades > 20 * len(seeds)


def test_signals_that_cannot_be_executed_change_nothing():
    n_never = 0
    for seed in range(60):
        market, rng = random_market(seed), np.random.default_rng(seed)
        trades = led(market)
        selected, never = rng.random(len(trades)) < 0.5, never_filled(market, trades)
        slow = masked(market, trades, selected, never)
        n_never += never.size
        assert np.array_equal(trades.decided[taken(trades, selected)], slow.decided)

    assert n_never > 100


def test_taken_is_what_all_rows_give():
    for seed in range(20):
        trades = led(random_market(seed))
        assert trades.taken.tolist() == kept(trades)


def test_the_same_side_waits_for_the_exit_and_the_other_for_its_decision():
    held = (0, 1, 1, 9, 7)

    assert kept(rows(held, (7, 1, 8, 12, 12))) == [True, False]
    assert kept(rows(held, (7, -1, 9, 12, 12))) == [True, True]
    assert kept(rows(held, (6, -1, 7, 12, 12))) == [True, False]
    assert kept(rows(held, (9, 1, 10, 12, 12))) == [True, True]


def test_a_later_signal_replaces_an_order_that_waits():
    assert kept(rows((0, 1, 3, 9, 9), (1, -1, 3, 8, 8))) == [False, True]
    assert kept(rows((0, 1, 3, 9, 9), (3, -1, 4, 8, 8))) == [True, False]


def test_beside_a_pending_exit_only_the_side_that_is_not_held_replaces_it():
    # A long exits at the open of bar 9, asked at close 5; nothing trades between.
    held, turn = (0, 1, 1, 9, 5), (5, -1, 9, 20, 20)

    assert kept(rows(held, turn, (6, 1, 9, 15, 15))) == [True, True, False]
    assert kept(rows(held, turn, (6, -1, 9, 15, 15))) == [True, False, True]


def test_a_veto_makes_room_for_the_next():
    signals = rows((0, 1, 1, 9, 9), (4, 1, 5, 12, 12))

    assert kept(signals, [True, True]) == [True, False]
    assert kept(signals, [False, True]) == [False, True]
    assert kept(rows(), []) == []


@pytest.mark.parametrize("selected", [np.ones(2, dtype=np.bool_), np.ones(1)])
def test_a_selection_of_another_shape_is_refused(selected):
    with pytest.raises(DataError, match="one flag a signal"):
        taken(rows((0, 1, 1, 9, 9)), selected)
