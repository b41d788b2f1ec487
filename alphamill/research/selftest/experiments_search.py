"""K4: the permutation null and the superior ability test on the bare engine.

The best of 45 moving-average crosses of 1,000 noise bars, without costs, so that both tests may
reach their size. One repeat is 100 sweeps and one bootstrap.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import periods_per_year
from alphamill.core.market import Floats
from alphamill.core.strategy import Strategy
from alphamill.data.instruments import instrument
from alphamill.data.sources.synthetic import bars
from alphamill.indicators.memo import memo
from alphamill.research.permuted import permuted
from alphamill.research.selftest.experiments import (
    Experiment,
    Judged,
    Record,
    Repeats,
    generator,
    sized,
)
from alphamill.research.selftest.markets import MEMO_BYTES, SYMBOL
from alphamill.research.sweep import Ground, run_grid
from alphamill.strategies import find
from alphamill.validation.bootstrap import stationary_weights
from alphamill.validation.permutation import p_value
from alphamill.validation.splits import quarter_blocks
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.validation.superior import superior_ability

N_BARS, N_PERMUTED, N_DRAWS, MEAN_BLOCK = 1_000, 99, 300, 10.0
LEVEL = 0.05
# Offset of the seeds, so that these markets are not the first bars of the chain's.
SEEDS = 2_000_000


def one_search(number: int) -> Record:
    """Return whether the best cross of one noise market is real by permutation, and by SPA."""
    ground = noise_ground(number)
    rng = generator("K4-chance", number)
    gains, best = daily_gains(ground), best_ratio(ground)
    drawn = [
        best_ratio(replace(ground, bars=permuted(ground.bars, rng))) for _ in range(N_PERMUTED)
    ]
    weights = stationary_weights(gains.shape[0], N_DRAWS, MEAN_BLOCK, rng)
    superior = superior_ability(gains, weights, MEAN_BLOCK)
    return [float(p_value(best, np.array(drawn)) <= LEVEL), float(superior.consistent <= LEVEL)]


def judge_chance(records: Sequence[Record], whole: bool) -> Judged:
    hits = int(np.sum(records, axis=0)[0])
    return sized(hits, len(records), whole, " noise markets pass", exact=True)


def judge_superior(records: Sequence[Record], whole: bool) -> Judged:
    hits = int(np.sum(records, axis=0)[1])
    return sized(hits, len(records), whole, " noise markets pass")


@lru_cache(maxsize=1)
def crosses() -> Strategy:
    """Return the moving-average cross with a grid of 45 cells."""
    rule = find("MACross")
    space = dict(rule.space)
    grids = {"ma_fast": (2, 3, 5, 8, 10, 12, 15, 18, 20), "ma_slow": (30, 40, 50, 75, 100)}
    for name, values in grids.items():
        param: Any = space[name]
        space[name] = replace(param, grid=values)
    return replace(rule, space=space)


@lru_cache(maxsize=1)
def _cells() -> tuple[Any, ...]:
    return tuple(crosses().cells())


def noise_ground(number: int) -> Ground:
    """Return 1,000 iid daily bars with both sides and no costs; each session is a block."""
    made = bars(SYMBOL, "1d", "iid", n_bars=N_BARS, seed=SEEDS + number)
    free = replace(instrument(SYMBOL), commission_bps=0.0, slippage_bps=0.0)
    blocks = quarter_blocks(made.session)
    no_exits = ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=None)
    return Ground(made, free, made.session, blocks, (no_exits,), "both", "", MEMO_BYTES)


def daily_gains(ground: Ground) -> Floats:
    """Return session P&L of every cell, shape (n_sessions, n_cells)."""
    with memo(ground.memo_bytes):
        _, found, _ = run_grid(crosses(), _cells(), ground, ())
    return np.concatenate([tally.daily for tally in found], axis=1)


def best_ratio(ground: Ground) -> float:
    """Return the best annualised Sharpe ratio of the grid."""
    gains = daily_gains(ground)
    total, squares = gains.sum(axis=0), np.square(gains).sum(axis=0)
    per_year = periods_per_year(ground.sessions)
    return float(sharpe_from_sums(total, squares, len(gains), per_year).max())


SEARCH = (
    Experiment(
        "K4-chance",
        "best of 45 crosses against 99 permuted markets",
        "size 3.3 to 6.6 %",
        Repeats(4, 80, 1_000),
        one_search,
        judge_chance,
        2,
    ),
    Experiment(
        "K4-spa",
        "best of 45 crosses by superior ability",
        "size at most 6.6 %",
        Repeats(4, 80, 1_000),
        judge=judge_superior,
        records_of="K4-chance",
    ),
)
