"""The lanes' slow twin: the same tally from whole backtests, one stack after another.

It also serves rules whose levels rest as orders, for which no exit can be found ahead of the rule.
"""

import numpy as np

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import TALLY, Tally
from alphamill.backtest.metrics import (
    drawdown_frac,
    max_drawdown,
    session_last_bars,
)
from alphamill.backtest.state import OPEN_AT_END
from alphamill.core.market import Bars, Instrument, Ints, Signals
from alphamill.core.strategy import Levels


def tally_by_loop(
    bars: Bars,
    signals: Signals,
    stacks: tuple[ExitStack, ...],
    instrument: Instrument,
    block: Ints,
    *,
    levels: Levels = "close",
) -> Tally:
    """Return what `alphamill.backtest.lanes.tally` returns; ``block`` numbers each session."""
    n_blocks = int(block[-1]) + 1
    cells = np.zeros(len(stacks), dtype=TALLY)
    blocks = np.zeros((len(stacks), n_blocks, 2))
    entries = np.zeros((len(stacks), n_blocks), dtype=np.int32)
    last_bars = session_last_bars(bars.session)
    session_index = np.cumsum(np.append(False, np.diff(bars.session) != 0))
    for cell, sums, entered, stack in zip(cells, blocks, entries, stacks, strict=True):
        result = backtest(bars, signals, stack, instrument, levels=levels)
        trades = result.trades
        closed = trades.reason != OPEN_AT_END
        pnl, held = trades.pnl[closed], trades.bars_held[closed]
        daily = np.diff(result.equity[last_bars], prepend=0.0)
        np.add.at(sums, block, np.column_stack([daily, daily**2]))
        np.add.at(entered, block[session_index[trades.entry_bar[closed]]], 1)
        found = {
            "total_trades": pnl.size,
            "winning_trades": (pnl > 0).sum(),
            "losing_trades": (pnl < 0).sum(),
            "gross_win": pnl[pnl > 0].sum(),
            "gross_loss": -pnl[pnl < 0].sum(),
            "total_pnl": trades.pnl.sum(),
            "largest_win": pnl.max(initial=0.0),
            "largest_loss": pnl.min(initial=0.0),
            "bars_held": held.sum(),
            "max_bars_held": held.max(initial=0),
            "min_bars_held": held.min() if held.size else 0,
            "ambiguous": trades.ambiguous.sum(),
            "max_drawdown": max_drawdown(np.cumsum(daily)),
            "max_drawdown_frac": drawdown_frac(np.cumsum(daily)),
        }
        for name, value in found.items():
            cell[name] = value
        np.add.at(cell["exits"], trades.reason, 1)
    return cells, blocks, entries
