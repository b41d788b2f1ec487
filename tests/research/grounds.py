"""Small grounds and plans for the research room, without a catalog."""

from collections.abc import Sequence

import numpy as np

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Instrument, bar_columns
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground
from alphamill.strategies import find
from alphamill.strategies.contract_markets import daily
from alphamill.validation.splits import quarter_blocks

EXITS = exit_grid((1.0, 2.0), (1.0, 3.0))
# The gates that a candidate meets by itself, in their order.
ALONE = (
    "validity",
    "basic",
    "walk_forward",
    "regime",
    "plateau",
    "drawdown",
    "deflated_sharpe",
    "overfitting",
    "cost_stress",
)


def ground(
    seed: int, n_bars: int = 1_500, exits: Sequence[ExitStack] = EXITS, bars: Bars | None = None
) -> Ground:
    """Return six years of a seeded daily market."""
    bars = daily(n_bars, seed) if bars is None else bars
    sessions = np.unique(bars.session)
    what = Instrument(
        "DAY", "seeded", "equity", "XNYS", 0.01, 1.0, notional=100_000.0, slippage_bps=2.0
    )
    identity = digest([getattr(bars, name) for name in bar_columns()])
    blocks = quarter_blocks(sessions)
    return Ground(bars, what, sessions, blocks, tuple(exits), "long", identity, 50_000_000)


def plan(
    symbols: Sequence[str] = ("A", "B"), strategies: Sequence[int | str] = (21, 40, 45), **asked
) -> Plan:
    """Return a plan of a few hundred cells."""
    given = {"exits": EXITS, "train_quarters": 8, "test_quarters": 4} | asked
    return Plan(tuple(symbols), "1d", tuple(find(s) for s in strategies), **given)
