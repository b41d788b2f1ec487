"""The exit table against the kernel's own walk, stack by stack and bar by bar."""

import numpy as np
import pytest

from alphamill.backtest.costs import net
from alphamill.backtest.engine import rules_of, script_of
from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.backtest.state import NONE
from alphamill.backtest.table import market_of, walk
from alphamill.backtest.touches import (
    CODE_BITS,
    CODES,
    NO_ENTRY,
    NO_EXIT,
    depths_of,
    first_touch,
)
from alphamill.core.market import Signals

from .markets import random_market

FIXED = (
    *exit_grid(max_bars_held=[20])[:7],
    ExitStack(1.0, None, 3),
    ExitStack(None, 2.0, None),
    ExitStack(None, None, None),
    ExitStack(None, None, 5),
    ExitStack(stop_loss_atr=None, stop_loss_pct=0.3, take_profit_atr=None, take_profit_pct=0.5),
    ExitStack(stop_loss_atr=None, stop_loss_points=0.4, take_profit_atr=1.5, max_bars_held=None),
)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_exits_of_every_possible_entry_are_those_of_the_kernels_walk(first):
    parted = [seed for seed in range(first, first + 50) if _differs(random_market(seed))]

    assert parted == []


def _differs(market) -> bool:
    bars, instrument = market.bars, market.instrument
    stacks = tuple(
        ExitStack(**{**vars(s), "session_exit": market.stack.session_exit}) for s in FIXED
    )
    block = np.zeros(np.unique(bars.session).size, dtype=np.int64)
    table = market_of(bars, stacks, instrument, block, short=True)
    silent = np.zeros(len(bars), dtype=np.bool_)
    nothing = Signals(silent.astype(np.int8), silent, silent)
    for k, stack in enumerate(stacks):
        script = script_of(bars, nothing, stack)
        rules = rules_of(bars, stack, instrument, "close")
        for book, side in ((0, 1), (1, -1)):
            for t in np.flatnonzero(table.entry_bar != NO_ENTRY):
                bar, code, price = walk(table.tape, script, rules, side, t)
                found, pnl = table.exits[book, 0, t, k], table.pnl[book, 0, t, k]
                if code == NONE and found == NO_EXIT:
                    continue
                entry = table.fills[book, table.entry_bar[t]]
                walked = bar, code, net(side, entry, price, table.terms)
                if walked != (found >> CODE_BITS, found & (CODES - 1), pnl):
                    return True
    return False


def test_first_touch_leaps_over_quiet_regions_and_finds_the_very_first_bar():
    rng = np.random.default_rng(5)
    low = 100.0 + rng.random(20_000)
    low[[7_000, 7_001, 15_000]] = [50.0, 40.0, 30.0]
    quiet = np.zeros(low.size, dtype=np.bool_)
    quiet[7_000] = True
    depths = depths_of(low, quiet, 1)

    assert first_touch(depths, 60.0, 0, low.size - 1) == 7_001
    assert first_touch(depths, 30.0, 7_001, low.size - 1) == 15_000
    assert first_touch(depths, 60.0, 0, 7_000) == 7_001
    assert first_touch(depths, 29.0, 3, low.size - 1) == low.size
    naive = [
        next((j for j in range(start, 20_000) if low[j] <= 100.0005 and not quiet[j]), 20_000)
        for start in range(0, 20_000, 997)
    ]
    leapt = [first_touch(depths, 100.0005, start, 19_999) for start in range(0, 20_000, 997)]
    assert leapt == naive
