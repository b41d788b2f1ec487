"""What the sweep keeps of one whole backtest: the lanes' row, read off trades and equity."""

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.lanes import TALLY, Tally
from alphamill.backtest.metrics import drawdown_frac, max_drawdown, session_last_bars
from alphamill.backtest.state import OPEN_AT_END
from alphamill.core.market import Ints


def cell_of(result: Result, block: Ints) -> Tally:
    """Return what `alphamill.backtest.lanes.tally` returns of one cell, as arrays of one row.

    Parameters
    ----------
    result : Result
    block : ndarray of shape (n_sessions,)
        Block number of each session, rising from 0.
    """
    n_blocks = int(block[-1]) + 1
    session = result.bars.session
    daily = np.diff(result.equity[session_last_bars(session)], prepend=0.0)
    index = np.cumsum(np.append(False, np.diff(session) != 0))
    trades = result.trades
    closed = trades.reason != OPEN_AT_END
    pnl, held = trades.pnl[closed], trades.bars_held[closed]
    sums, entered = np.zeros((n_blocks, 2)), np.zeros(n_blocks, dtype=np.int32)
    np.add.at(sums, block, np.column_stack([daily, daily**2]))
    np.add.at(entered, block[index[trades.entry_bar[closed]]], 1)
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
        "net_bars_held": (trades.side * trades.bars_held).sum(),
        "ambiguous": trades.ambiguous.sum(),
        "max_drawdown": max_drawdown(np.cumsum(daily)),
        "max_drawdown_frac": drawdown_frac(np.cumsum(daily)),
    }
    cell = np.zeros(1, dtype=TALLY)
    for name, value in found.items():
        cell[name] = value
    np.add.at(cell["exits"][0], trades.reason, 1)
    return Tally(cell, sums[None], entered[None], daily[:, None])
