"""One script of signals through three engines, and the fills each of them reports."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alphamill.backtest.exits import ExitStack
from alphamill.core.market import Bars, Instrument, Signals

CASH = 1_000_000.0
ONE_UNIT = Instrument("PEER", "peer", "future", "XNYS", 0.0, 1.0, slippage_bps=0.0)


class Fill(NamedTuple):
    """One trade: bar indices, side, size and prices; ``exit_bar`` -1 while it is open."""

    entry_bar: int
    exit_bar: int
    side: int
    size: float
    entry_price: float
    exit_price: float


def by_alphamill(bars: Bars, signals: Signals, levels: str) -> list[Fill]:
    from alphamill.backtest.engine import backtest

    trades = backtest(bars, signals, ExitStack(None, None, None), ONE_UNIT, levels=levels).trades
    columns = (
        trades.entry_bar,
        trades.exit_bar,
        trades.side,
        trades.units,
        trades.entry_price,
        trades.exit_price,
    )
    return [Fill(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def by_backtesting(bars: Bars, signals: Signals, levels: str) -> list[Fill]:
    from backtesting import Backtest, Strategy

    stops, targets = _orders(signals, levels)

    class Script(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            t = len(self.data) - 1
            wanted, held = int(signals.enter[t]), int(np.sign(self.position.size))
            leaves = _leaves(signals, held, t)
            if leaves:
                self.position.close()
            if (wanted and not held) or (leaves and wanted == -held):
                order = self.buy if wanted > 0 else self.sell
                order(size=1, sl=stops[t], tp=targets[t])

    frame = _frame(bars)
    stats = Backtest(frame, Script, cash=CASH, finalize_trades=True).run()
    found = stats["_trades"]
    return sorted(
        Fill(
            int(row.EntryBar),
            int(row.ExitBar),
            int(np.sign(row.Size)),
            float(abs(row.Size)),
            float(row.EntryPrice),
            float(row.ExitPrice),
        )
        for row in found.itertuples()
    )


def by_backtrader(bars: Bars, signals: Signals, levels: str) -> list[Fill]:
    import backtrader as bt

    stops, targets = _orders(signals, levels)
    executed: list[tuple[float, float, float]] = []

    class Script(bt.Strategy):  # type: ignore[misc]
        resting: list[Any]

        def __init__(self) -> None:
            self.resting = []

        def notify_order(self, order: Any) -> None:
            if order.status == order.Completed:
                done = order.executed
                executed.append((done.dt, done.size, done.price))

        def next(self) -> None:
            t = len(self) - 1
            wanted, held = int(signals.enter[t]), int(np.sign(self.position.size))
            leaves = _leaves(signals, held, t)
            if leaves:
                for order in self.resting:
                    self.cancel(order)
                self.close()
            if (wanted and not held) or (leaves and wanted == -held):
                self.enter(t, wanted)

        def enter(self, t: int, wanted: int) -> None:
            if stops[t] is None:
                (self.buy if wanted > 0 else self.sell)(size=1)
                return
            bracket = self.buy_bracket if wanted > 0 else self.sell_bracket
            orders = bracket(
                size=1, exectype=bt.Order.Market, stopprice=stops[t], limitprice=targets[t]
            )
            self.resting = orders[1:]

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.set_cash(CASH)
    frame = _frame(bars)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(Script)
    cerebro.run()
    position_of = {bt.date2num(stamp.to_pydatetime()): t for t, stamp in enumerate(frame.index)}
    return _paired([(position_of[dt], size, price) for dt, size, price in executed])


def _orders(signals: Signals, levels: str) -> tuple[list[float | None], list[float | None]]:
    n_bars = signals.enter.size
    if levels != "touch" or signals.floor is None or signals.ceiling is None:
        return [None] * n_bars, [None] * n_bars
    is_long = signals.enter > 0
    stops = np.where(is_long, signals.floor, signals.ceiling).tolist()
    targets = np.where(is_long, signals.ceiling, signals.floor).tolist()
    return stops, targets


def _leaves(signals: Signals, held: int, t: int) -> bool:
    column = signals.leave_long if held > 0 else signals.leave_short
    return held != 0 and bool(column[t])


def _frame(bars: Bars) -> pd.DataFrame:
    prices = {name.title(): getattr(bars, name) for name in ("open", "high", "low", "close")}
    volume = np.ones(len(bars))
    return pd.DataFrame(prices | {"Volume": volume}, index=pd.to_datetime(bars.close_ns))


def _paired(executed: list[tuple[int, float, float]]) -> list[Fill]:
    """Return trades from single fills; each strategy here holds one unit or none."""
    trades: list[Fill] = []
    opened: tuple[int, float, float] | None = None
    for fill in executed:
        if opened is None:
            opened = fill
        else:
            side = int(np.sign(opened[1]))
            trades.append(Fill(opened[0], fill[0], side, abs(opened[1]), opened[2], fill[2]))
            opened = None
    if opened is not None:
        trades.append(
            Fill(opened[0], -1, int(np.sign(opened[1])), abs(opened[1]), opened[2], np.nan)
        )
    return trades
