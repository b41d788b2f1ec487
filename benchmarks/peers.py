"""The same 36-cell RSI sweep in other engines; equal trades come before speed.

The market is made gapless (each open is the close before it), so that a fill at the close, which
is how vectorbt is used here, and a fill at the next open (ours, and backtesting.py's) have one
price. Signals are the same arrays for all: RSI by our own code, one unit, long, no costs, stop 1
and target 2 ATR of the deciding bar. Two differences are left, and both are checked, not assumed:

- vectorbt takes one order a bar: an entry decided at the close of a bar in which a stop or target
  filled is not heard. Ours hears it. With exactly those entries taken out of the signals, our
  trades must be vectorbt's, one for one.
- At the end of the data each engine closes what is open in its own way. Trades that touch the last
  bar are left out.
"""

import contextlib
import importlib
import importlib.util
import io
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.backtest.lanes import tally
from alphamill.backtest.state import RULE
from alphamill.backtest.table import market_of
from alphamill.core.market import Bars, Flags, Floats, Instrument, Signals
from alphamill.data.sources.synthetic import bars
from alphamill.indicators.memo import memo
from alphamill.indicators.volatility import atr
from alphamill.strategies import find
from alphamill.validation.splits import quarter_blocks
from benchmarks.measure import Findings, timed

RSI, STACK = 21, ExitStack(stop_loss_atr=1.0, take_profit_atr=2.0, max_bars_held=None)
ONE_UNIT = Instrument("PEER", "one unit, free", "future", "XNYS", 0.0, 1.0, slippage_bps=0.0)
CASH = 1e9
# backtesting.py walks bars in Python; its other cells cost the same and are counted, not run.
CELLS_OF_BACKTESTING = 2
MEMO_BYTES = 500_000_000


@dataclass(frozen=True)
class Course:
    """What every engine is given: bars, the cells' signals, and the range at each close."""

    bars: Bars
    range_: Floats
    signals: tuple[Signals, ...]

    @property
    def enter(self) -> Flags:
        return np.column_stack([said.enter > 0 for said in self.signals])

    @property
    def leave(self) -> Flags:
        return np.column_stack([said.leave_long for said in self.signals])


@dataclass(frozen=True)
class Fills:
    """Trades by the bars whose closes decided them, in order of entry."""

    decided: NDArray[np.int64]
    ended: NDArray[np.int64]  # the bar of a stop or target, or the close that decided to leave
    entry: Floats
    exit: Floats
    by_rule: Flags


def measure_peers(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Check that the engines trade alike, then time them."""
    course = course_of(n_bars)
    n_cells = len(course.signals)
    ours = timed(lambda: sweep_of_ours(course, (STACK,)), n_repeats + 1)[1:]
    _add(findings, "Alphamill, whole: signals, exit table, cells", ours, n_cells, n_bars)
    stacks = exit_grid()
    wide = timed(lambda: sweep_of_ours(course, stacks), n_repeats)
    note = "36 x 20 cells"
    _add(findings, "Alphamill, whole, 20 stacks beside", wide, n_cells * len(stacks), n_bars, note)
    for name, measure in (("vectorbt", _measure_vectorbt), ("backtesting", _measure_backtesting)):
        if importlib.util.find_spec(name) is None:
            findings.skipped.append(f"{name}: not installed; install alphamill[peers]")
            continue
        with warnings.catch_warnings():
            # What a peer's own code warns of is not ours to mend.
            warnings.simplefilter("ignore")
            measure(findings, course, n_repeats, float(np.median(ours)) / n_cells)


def course_of(n_bars: int) -> Course:
    """Return a gapless market and the 36 parameter sets' signals on it."""
    market = bars("ES", "15m", n_bars=n_bars)
    open_ = np.append(market.open[0], market.close[:-1])
    high, low = np.maximum(market.high, open_), np.minimum(market.low, open_)
    gapless = replace(market, open=open_, high=high, low=low)
    range_ = atr(gapless.high, gapless.low, gapless.close, STACK.atr_length)
    return Course(gapless, range_, tuple(_signals(gapless, range_)))


def _signals(market: Bars, range_: Floats) -> list[Signals]:
    strategy = find(RSI)
    # Without a range there is no stop: ours does not enter there, so nobody shall.
    known = ~np.isnan(range_)
    with memo(MEMO_BYTES):
        said = [strategy.signals(market, params) for params in strategy.cells()]
    return [one._replace(enter=one.enter * known) for one in said]


# --- ours --------------------------------------------------------------------------------------


def sweep_of_ours(course: Course, stacks: tuple[ExitStack, ...]) -> None:
    """Do all that a sweep does for the 36 sets: range, signals, exit table, tallies."""
    blocks = quarter_blocks(np.unique(course.bars.session))
    market = market_of(course.bars, stacks, ONE_UNIT, blocks.of_session, short=False)
    for said in _signals(course.bars, course.range_):
        tally(market, said)


def fills_of_ours(course: Course, said: Signals) -> Fills:
    trades = backtest(course.bars, said, STACK, ONE_UNIT).trades
    by_rule = trades.reason == RULE
    ended = trades.exit_bar - by_rule
    kept = trades.exit_bar < len(course.bars) - 1
    return Fills(
        trades.decided[kept],
        ended[kept],
        trades.entry_price[kept],
        trades.exit_price[kept],
        by_rule[kept],
    )


# --- vectorbt ----------------------------------------------------------------------------------


def _measure_vectorbt(findings: Findings, course: Course, n_repeats: int, ours: float) -> None:
    vectorbt: Any = importlib.import_module("vectorbt")
    n_bars, n_cells = course.enter.shape
    engines = ["numba"]
    if importlib.util.find_spec("vectorbt_rust") is not None:
        engines.append("rust")
    for name in engines:
        vectorbt.settings["engine"] = name
        compile_s = timed(lambda: portfolio_of_vectorbt(course), 1)[0]
        compare_with_vectorbt(findings, course, name)
        runs = timed(lambda: portfolio_of_vectorbt(course), n_repeats)
        counted = timed(lambda: _tally_of_vectorbt(course), n_repeats)
        label = f"vectorbt ({name})"
        note = f"orders only, signals given; first call {compile_s:.1f} s"
        _add(findings, f"{label}: from_signals", runs, n_cells, n_bars, note)
        note = "trades, P&L, drawdown of each cell"
        _add(findings, f"{label}: and its statistics", counted, n_cells, n_bars, note)
        for what, values in (("from_signals", runs), ("and its statistics", counted)):
            ratios = [value / n_cells / ours for value in values]
            findings.add("peers", f"{label}: {what} / Alphamill, whole", ratios, "times per cell")


def portfolio_of_vectorbt(course: Course) -> Any:
    """Return vectorbt's simulation of all cells: orders at the close, stops from it."""
    vectorbt: Any = importlib.import_module("vectorbt")

    def column(values: Floats) -> Floats:
        return values[:, None]

    market = course.bars
    share = course.range_ / market.close
    return vectorbt.Portfolio.from_signals(
        column(market.close),
        entries=course.enter,
        exits=course.leave,
        open=column(market.open),
        high=column(market.high),
        low=column(market.low),
        size=1.0,
        init_cash=CASH,
        fees=0.0,
        sl_stop=column(share * (STACK.stop_loss_atr or 0.0)),
        tp_stop=column(share * (STACK.take_profit_atr or 0.0)),
        stop_entry_price="Close",
        stop_exit_price="StopMarket",
        direction="longonly",
        freq="15min",
    )


def _tally_of_vectorbt(course: Course) -> None:
    done = portfolio_of_vectorbt(course)
    done.trades.count()
    done.trades.pnl.sum()
    done.trades.win_rate()
    done.max_drawdown()


def compare_with_vectorbt(findings: Findings, course: Course, engine: str) -> None:
    """Compare every cell's trades; raise where they are not equal."""
    record = portfolio_of_vectorbt(course).trades.records
    n_unheard = n_trades = n_ours = 0
    last = len(course.bars) - 1
    for cell, said in enumerate(course.signals):
        rows = record[(record["col"] == cell) & (record["exit_idx"] < last)]
        ended = rows["exit_idx"].to_numpy()
        exit_ = rows["exit_price"].to_numpy()
        by_rule = said.leave_long[ended] & (exit_ == course.bars.close[ended])
        theirs = Fills(
            rows["entry_idx"].to_numpy(), ended, rows["entry_price"].to_numpy(), exit_, by_rule
        )
        heard = said.enter.copy()
        n_unheard += int((heard[ended[~by_rule]] != 0).sum())
        heard[ended[~by_rule]] = 0
        _require_equal(f"vectorbt ({engine})", cell, theirs, course, said._replace(enter=heard))
        n_trades += ended.size
        n_ours += fills_of_ours(course, said).ended.size
    findings.checks.append(
        f"vectorbt ({engine}): {n_trades:,} trades of {len(course.signals)} cells equal ours one "
        f"for one, once the {n_unheard:,} entries it cannot hear (decided in a bar in which a stop "
        f"or target filled) are taken out; with them ours are {n_ours:,}"
    )


# --- backtesting.py ----------------------------------------------------------------------------


def _measure_backtesting(findings: Findings, course: Course, n_repeats: int, ours: float) -> None:
    cells = [at * len(course.signals) // CELLS_OF_BACKTESTING for at in range(CELLS_OF_BACKTESTING)]
    n_trades = 0
    seconds = []
    for cell in cells:
        theirs: list[Fills] = []

        def run(cell: int = cell, out: list[Fills] = theirs) -> None:
            out.append(fills_of_backtesting(course, course.signals[cell]))

        seconds += timed(run, 1)
        _require_equal("backtesting.py", cell, theirs[0], course, course.signals[cell])
        n_trades += theirs[0].ended.size
    findings.checks.append(
        f"backtesting.py: {n_trades:,} trades of {len(cells)} cells equal ours one for one"
    )
    note = f"{len(cells)} of {len(course.signals)} cells run, signals given"
    findings.add("peers", "backtesting.py: one cell", seconds, "s per cell", note)
    ratios = [value / ours for value in seconds]
    findings.add("peers", "backtesting.py / Alphamill, whole", ratios, "times per cell")


def fills_of_backtesting(course: Course, said: Signals) -> Fills:
    """Return backtesting.py's trades; levels are placed from the deciding close."""
    import pandas as pd

    engine: Any = importlib.import_module("backtesting")
    market, enter, leave = course.bars, said.enter, said.leave_long
    stop = market.close - (STACK.stop_loss_atr or 0.0) * course.range_
    target = market.close + (STACK.take_profit_atr or 0.0) * course.range_

    class Script(engine.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            t = len(self.data) - 1
            if self.position:
                if leave[t]:
                    self.position.close()
            elif enter[t]:
                self.buy(size=1, sl=stop[t], tp=target[t])

    prices = {name.title(): getattr(market, name) for name in ("open", "high", "low", "close")}
    frame = pd.DataFrame(prices, index=pd.to_datetime(market.close_ns))
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        rows = engine.Backtest(frame, Script, cash=CASH, finalize_trades=False).run()["_trades"]
    entered, left = rows["EntryBar"].to_numpy(), rows["ExitBar"].to_numpy()
    exit_ = rows["ExitPrice"].to_numpy()
    by_rule = leave[left - 1] & (exit_ == market.open[left])
    kept = left < len(market) - 1
    order = np.argsort(entered[kept], kind="stable")
    found = (entered - 1, left - by_rule, rows["EntryPrice"].to_numpy(), exit_, by_rule)
    return Fills(*(column[kept][order] for column in found))


# --- both --------------------------------------------------------------------------------------


def _require_equal(who: str, cell: int, theirs: Fills, course: Course, said: Signals) -> None:
    last = len(course.bars) - 2
    mine, other = _before(fills_of_ours(course, said), last), _before(theirs, last)
    if not (
        np.array_equal(mine.decided, other.decided)
        and np.array_equal(mine.ended, other.ended)
        and np.allclose(mine.entry, other.entry, rtol=0, atol=1e-6)
        and np.allclose(mine.exit, other.exit, rtol=0, atol=1e-6)
    ):
        raise AssertionError(
            f"{who}, cell {cell}: {other.ended.size} trades are not our {mine.ended.size}; "
            "no time is reported for engines that trade differently."
        )


def _before(fills: Fills, last: int) -> Fills:
    kept = fills.ended < last
    return Fills(
        fills.decided[kept],
        fills.ended[kept],
        fills.entry[kept],
        fills.exit[kept],
        fills.by_rule[kept],
    )


def _add(
    findings: Findings,
    name: str,
    seconds: list[float],
    n_cells: int,
    n_bars: int,
    note: str = "",
) -> None:
    note = note or f"{n_cells} cells x {n_bars:,} bars, one core"
    findings.add("peers", name, [value / n_cells for value in seconds], "s per cell", note)
