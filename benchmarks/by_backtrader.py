"""One script of signals through backtrader.

Its brackets sleep until the bar after the entry's. Stop and target are therefore sent beside the
entry, each cancelling the other: then they rest from the entry's own bar, as ours do.
"""

from typing import Any

import backtrader as bt
import numpy as np

from benchmarks.script import CASH, Done, Script, frame_of

Executed = list[tuple[float, float]]


def run(script: Script) -> Done:
    """Return its trades and its analyses of trades, drawdown and Sharpe ratio."""
    executed: Executed = []
    frame = frame_of(script, ("open", "high", "low", "close"))
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.set_cash(CASH)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, volume=None, openinterest=None))
    cerebro.addstrategy(_strategy(script, executed))
    for name in ("TradeAnalyzer", "DrawDown", "SharpeRatio"):
        cerebro.addanalyzer(getattr(bt.analyzers, name))
    done = cerebro.run()[0]
    told = [analyzer.get_analysis() for analyzer in done.analyzers]
    bar_of = {bt.date2num(stamp.to_pydatetime()): t for t, stamp in enumerate(frame.index)}
    bars = np.array([bar_of[at] for at, _ in executed], dtype=np.int64)
    prices = np.array([price for _, price in executed])
    closed = bars.size // 2 * 2  # one unit or none: fills alternate
    return Done(bars[:closed:2], bars[1:closed:2], prices[:closed:2], prices[1:closed:2], told)


def _strategy(script: Script, executed: Executed) -> Any:
    enter, leave, close = script.enter, script.leave, script.close
    stop, target = script.stop_distance, script.target_distance

    class Told(bt.Strategy):  # type: ignore[misc]
        resting: tuple[Any, ...] = ()

        def notify_order(self, order: Any) -> None:
            if order.status == order.Completed:
                executed.append((order.executed.dt, order.executed.price))

        def next(self) -> None:
            t = len(self) - 1
            if self.position:
                if leave[t]:
                    for order in self.resting:
                        self.cancel(order)
                    self.close()
            elif enter[t]:
                self.buy(size=1)
                if stop is not None and target is not None:
                    level = close[t] - stop[t]
                    loss = self.sell(size=1, exectype=bt.Order.Stop, price=level)
                    level = close[t] + target[t]
                    gain = self.sell(size=1, exectype=bt.Order.Limit, price=level, oco=loss)
                    self.resting = (loss, gain)

    return Told
