"""One script of signals through our own engine, in a process that knows nothing else of ours."""

import numpy as np

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import summary
from alphamill.core.market import Bars, Instrument, Signals
from benchmarks.script import Done, Script

RULE_ONLY = ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=None)
ONE_UNIT = Instrument("PEER", "one unit, free", "future", "XNYS", 0.0, 1.0, slippage_bps=0.0)


def run(script: Script) -> Done:
    """Return our trades and metrics; only the rule ends a trade."""
    n_bars = script.close.size
    unread = np.zeros(n_bars, dtype=np.int64)
    bars = Bars(
        symbol="PEER",
        timeframe="15m",
        close_ns=script.close_ns,
        open=script.open,
        high=script.high,
        low=script.low,
        close=script.close,
        volume=np.ones(n_bars),
        session=script.session,
        session_end=np.append(np.diff(script.session) != 0, True),
        minute=unread,
        cash_minute=unread,
        sessions_left_in_month=unread,
        raw_close=script.close,
    )
    said = Signals(script.enter.astype(np.int8), script.leave, np.zeros(n_bars, dtype=np.bool_))
    result = backtest(bars, said, RULE_ONLY, ONE_UNIT)
    trades = result.trades
    columns = (trades.entry_bar, trades.exit_bar, trades.entry_price, trades.exit_price)
    return Done(*columns, summary(result))
