"""The sweep's lanes against whole backtests: every stack, every figure, a thousand markets."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.backtest.lanes import TALLY, tallies, tally
from alphamill.backtest.table import market_of
from alphamill.backtest.tally import tally_by_loop

from .markets import Market, random_market

N_MARKETS = 1_000
BLOCK = 100


@pytest.mark.parametrize("first", range(0, N_MARKETS, BLOCK))
def test_lanes_agree_with_whole_backtests(first: int) -> None:
    parted = {}
    for seed in range(first, first + BLOCK):
        market = random_market(seed)
        fast, slow = _both(market, _stacks(market))
        differing = [name for name in TALLY.names if not _close(fast[0][name], slow[0][name])]
        sums = _close(fast.blocks, slow.blocks) and np.array_equal(fast.entries, slow.entries)
        if differing or not sums or not _close(fast.daily, slow.daily):
            parted[seed] = differing or ("daily P&L" if sums else "block sums")

    assert parted == {}


def test_a_long_only_rule_needs_no_short_table() -> None:
    n_trades = 0
    for seed in range(40):
        market = random_market(seed)
        signals = market.signals._replace(enter=np.maximum(market.signals.enter, 0))
        fast, slow = _both(replace(market, signals=signals), _stacks(market), short=False)
        n_trades += slow[0]["total_trades"].sum()
        assert _close(fast[0]["total_pnl"], slow[0]["total_pnl"])

    assert n_trades > 1_000


def _stacks(market: Market) -> tuple[ExitStack, ...]:
    """Return the specification's 20 stacks, the market's own, which may trail, and none at all."""
    by_rule_only = ExitStack(None, None, None, session_exit=market.stack.session_exit)
    in_other_units = exit_grid(
        stop_loss_pct=[0.5],
        take_profit_points=[0.5, 2.0],
        session_exit=market.stack.session_exit,
    )
    usual = exit_grid(session_exit=market.stack.session_exit)
    return (*usual, *in_other_units, market.stack, by_rule_only)


def _ground(market, stacks, short=True):
    sessions = np.unique(market.bars.session)
    block = np.arange(sessions.size) // 4
    return market_of(market.bars, stacks, market.instrument, block, short=short)


def _both(market, stacks, short=True):
    ground = _ground(market, stacks, short)
    block = ground.block
    slow = tally_by_loop(market.bars, market.signals, stacks, market.instrument, block)
    return tally(ground, market.signals), slow


def _close(a, b) -> bool:
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-9))


def test_rules_counted_together_are_what_they_are_alone() -> None:
    market = random_market(11)
    ground = _ground(market, _stacks(market))
    rules = [market.signals, _turned(market.signals), _none(market.signals), market.signals]

    together = tallies(ground, rules)

    for found, signals in zip(together, rules, strict=True):
        alone = tally(ground, signals)
        assert all(a.tobytes() == b.tobytes() for a, b in zip(found, alone, strict=True))


def test_more_stacks_than_lanes_are_counted_in_chunks() -> None:
    for seed in range(20):
        market = random_market(seed)
        many = tuple(
            replace(stack, max_bars_held=n)
            for n in (3, 7, 20, None)
            for stack in exit_grid(session_exit=market.stack.session_exit)
        )[:79]  # two chunks of 40: the second has an idle lane
        fast, slow = _both(market, many)
        assert len(fast[0]) == 79
        assert [name for name in TALLY.names if not _close(fast[0][name], slow[0][name])] == []
        assert _close(fast[1], slow[1])
        assert np.array_equal(fast[2], slow[2])


def test_one_market_is_counted_as_its_whole_backtests() -> None:
    # `make check` runs this one without compiled code as well.
    market = random_market(3)

    fast, slow = _both(market, _stacks(market))

    assert slow[0]["exits"].sum() > 100
    assert [name for name in TALLY.names if not _close(fast[0][name], slow[0][name])] == []


def _turned(signals):
    return signals._replace(enter=-signals.enter)


def _none(signals):
    return signals._replace(enter=np.zeros_like(signals.enter))
