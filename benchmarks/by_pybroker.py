"""One script of signals through pybroker.

Rule exits only: it looks for stops before it fills a bar's orders, so the bar of the entry is never
judged, and an exit that waits for the open does not keep a stop from filling inside that bar.
"""

from typing import Any

import numpy as np
import pandas as pd
import pybroker
from pybroker.common import PriceType

from benchmarks.script import CASH, Done, Script, frame_of


def run(script: Script) -> Done:
    """Return its trades and its metrics."""
    enter, leave = script.enter, script.leave

    def told(ctx: Any) -> None:
        t = ctx.bars - 1
        if ctx.long_pos():
            if leave[t]:
                ctx.sell_fill_price = PriceType.OPEN
                ctx.sell_all_shares()
        elif enter[t]:
            ctx.buy_fill_price = PriceType.OPEN
            ctx.buy_shares = 1

    pybroker.disable_logging()
    frame = frame_of(script, ("open", "high", "low", "close"))
    frame = frame.assign(symbol="A", date=frame.index, volume=1.0).reset_index(drop=True)
    config = pybroker.StrategyConfig(
        initial_cash=CASH, round_fill_price=False, round_test_result=False
    )
    ends = frame["date"].iloc[0], frame["date"].iloc[-1] + pd.Timedelta(days=1)
    strategy = pybroker.Strategy(frame, *ends, config)
    strategy.add_execution(told, ["A"])
    result = strategy.backtest()
    rows = result.trades
    stamps = frame["date"].to_numpy()
    bars = [np.searchsorted(stamps, rows[name].to_numpy()) for name in ("entry_date", "exit_date")]
    prices = [rows[name].to_numpy(dtype=np.float64) for name in ("entry", "exit")]
    return Done(*bars, *prices, result.metrics_df)
