"""Many cells at once through vectorbt.

Without stops its orders are shifted one bar and filled at that bar's open. It does not look for a
stop in the bar of the fill; with stops it therefore fills at the deciding close.
"""

from typing import Any

import numpy as np
import vectorbt

from benchmarks.script import CASH, Done, Script


def portfolio(script: Script) -> Any:
    """Return its simulation of every column of the script."""
    open_, high, low, close = (
        column[:, None] for column in (script.open, script.high, script.low, script.close)
    )
    enter, leave = (np.atleast_2d(c.T).T for c in (script.enter, script.leave))
    same = {
        "size": 1.0,
        "init_cash": CASH,
        "fees": 0.0,
        "direction": "longonly",
        "freq": "15min",
    }
    if script.stop_distance is None or script.target_distance is None:
        orders = {"entries": one_later(enter), "exits": one_later(leave), "price": open_}
        return vectorbt.Portfolio.from_signals(close, **orders, **same)
    return vectorbt.Portfolio.from_signals(
        close,
        entries=enter,
        exits=leave,
        open=open_,
        high=high,
        low=low,
        sl_stop=(script.stop_distance / script.close)[:, None],
        tp_stop=(script.target_distance / script.close)[:, None],
        stop_entry_price="Close",
        stop_exit_price="StopMarket",
        **same,
    )


def run(script: Script) -> Done:
    """Return the trades of a script of one cell, and vectorbt's table of statistics."""
    simulated = portfolio(script)
    return Done(*closed_trades(simulated.trades.records, script.close.size), simulated.stats())


def closed_trades(rows: Any, n_bars: int) -> list[Any]:
    """Return entry bars, exit bars and prices of the trades over before the last bar."""
    rows = rows[rows["exit_idx"] < n_bars - 1]
    names = ("entry_idx", "exit_idx", "entry_price", "exit_price")
    return [rows[name].to_numpy() for name in names]


def statistics(script: Script) -> None:
    """Simulate, and count what a sweep wants to know of each cell."""
    counted(portfolio(script))


def counted(done: Any) -> None:
    """Count what a sweep wants to know of each column of a simulation."""
    done.trades.count()
    done.trades.pnl.sum()
    done.trades.win_rate()
    done.max_drawdown()


def one_later(flags: Any) -> Any:
    """Return the flags shifted by one bar."""
    return np.vstack([np.zeros((1, flags.shape[1]), dtype=np.bool_), flags[:-1]])
