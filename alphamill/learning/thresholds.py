"""What trades a threshold on scores would leave, and what they would earn."""

from typing import Final

import numpy as np

from alphamill.core.market import Flags, Floats, Ints
from alphamill.learning.position import taken
from alphamill.learning.rows import Rows
from alphamill.validation.statistics import sharpe_from_sums

# The seeds' grid.
GRID: Final = np.arange(0.45, 0.76, 0.05).round(2)


def earned(rows: Rows, selected: Flags, n_days: int) -> tuple[Floats, Ints]:
    """Return the annual Sharpe ratio and the number of trades that each selection leaves.

    Parameters
    ----------
    rows : Rows
    selected : bool of shape (n_selections, n_rows)
        Signals that are not vetoed.
    n_days : int
        Sessions in which the selected rows may lie, idle ones too.

    Returns
    -------
    tuple of ndarray of shape (n_selections,)
        One position at a time; P&L net of costs, booked in the session of the exit.
    """
    n = len(selected)
    total, squares, n_trades = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64)
    for i, chosen in enumerate(selected):
        traded = taken(rows.trades, chosen)
        daily = np.bincount(rows.day[traded], weights=rows.trades.pnl[traded])
        total[i], squares[i], n_trades[i] = daily.sum(), (daily**2).sum(), traded.sum()
    return sharpe_from_sums(total, squares, n_days, rows.per_year), n_trades
