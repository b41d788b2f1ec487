"""The same 36-cell RSI sweep in other engines; equal trades come before speed.

Signals are the same arrays for all: RSI by our own code, long, one unit, no costs, decided at a
close. There are two courses.

*Rule exits*: the market as it is, with its gaps, and no stop anywhere. All fill at the next open;
vectorbt is told so by shifting the signals one bar and ``price=open``.

*Stop and target*: 1 and 2 ATR of the deciding bar. vectorbt does not look for a stop in the bar of
the fill, so here it fills at the deciding close, and the market is made gapless (each open is the
close before it) to give that close and the next open one price. One difference is left, and it is
checked, not assumed: vectorbt takes one order a bar, so it does not hear an entry decided at the
close of a bar in which a stop or target filled. With exactly those entries taken out of the
signals, our trades must be vectorbt's.
"""

import contextlib
import importlib
import importlib.util
import io
import statistics
import warnings
from typing import Any

import numpy as np

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.market import Flags, Floats, Signals
from benchmarks.course import (
    RULE_ONLY,
    STOP_AND_TARGET,
    Course,
    Fills,
    fills_of_ours,
    require_equal,
    rule_course,
    stop_course,
    sweep_of_ours,
)
from benchmarks.measure import Findings, timed

CASH = 1e9
# backtesting.py walks bars in Python; its cells are run one by one and reported by the cell.
CELLS_OF_BACKTESTING = 2


def measure_peers(findings: Findings, n_bars: int, n_repeats: int) -> None:
    """Check that the engines trade alike, then time them."""
    for course in (rule_course(n_bars), stop_course(n_bars)):
        sweep_of_ours(course, (course.stack,))  # compiled code is read
        ours = _ours(findings, course, "Alphamill", (course.stack,), n_repeats)
        if course.stack != RULE_ONLY:
            _ours(findings, course, "Alphamill, 20 stacks at once", exit_grid(), n_repeats)
        base = statistics.median(ours) / len(course.signals)
        for name, measure in (
            ("vectorbt", _measure_vectorbt),
            ("backtesting", _measure_backtesting),
        ):
            if importlib.util.find_spec(name) is None:
                findings.skip(f"{name}: not installed; install alphamill[peers]")
                continue
            with warnings.catch_warnings():
                # What a peer's own code warns of is not ours to mend.
                warnings.simplefilter("ignore")
                measure(findings, course, n_repeats, base)


def _ours(
    findings: Findings,
    course: Course,
    name: str,
    stacks: tuple[ExitStack, ...],
    n_repeats: int,
) -> list[float]:
    seconds = timed(lambda: sweep_of_ours(course, stacks), n_repeats)
    n_cells = len(course.signals) * len(stacks)
    _add(findings, course, name, seconds, n_cells, f"everything, signals too, of {n_cells} cells")
    return seconds


# --- vectorbt ----------------------------------------------------------------------------------


def _measure_vectorbt(findings: Findings, course: Course, n_repeats: int, base: float) -> None:
    vectorbt: Any = importlib.import_module("vectorbt")
    engines = ["numba"]
    if importlib.util.find_spec("vectorbt_rust") is None:
        findings.skip("vectorbt's Rust engine: vectorbt-rust is not installed")
    else:
        engines.append("rust")
    n_cells = len(course.signals)
    for name in engines:
        vectorbt.settings["engine"] = name
        first_s = timed(lambda: _tally_of_vectorbt(course), 1)[0]
        compare_with_vectorbt(findings, course, name)
        for what, work, note in (
            ("from_signals", portfolio_of_vectorbt, "orders only, signals given"),
            (
                "from_signals, statistics",
                _tally_of_vectorbt,
                f"and trades, P&L, drawdown; first call {first_s:.1f} s",
            ),
        ):
            seconds = timed(lambda work=work: work(course), n_repeats)  # type: ignore[misc]
            label = f"vectorbt ({name}) {what}"
            _add(findings, course, label, seconds, n_cells, note, base)


def portfolio_of_vectorbt(course: Course) -> Any:
    """Return vectorbt's simulation of all cells."""
    vectorbt: Any = importlib.import_module("vectorbt")
    market, orders = course.bars, {"size": 1.0, "init_cash": CASH, "fees": 0.0}
    close, open_, high, low = (
        getattr(market, name)[:, None] for name in ("close", "open", "high", "low")
    )
    if course.stack == RULE_ONLY:
        return vectorbt.Portfolio.from_signals(
            close,
            entries=_one_later(course.enter),
            exits=_one_later(course.leave),
            price=open_,
            direction="longonly",
            freq="15min",
            **orders,
        )
    share = (course.range_ / market.close)[:, None]
    return vectorbt.Portfolio.from_signals(
        close,
        entries=course.enter,
        exits=course.leave,
        open=open_,
        high=high,
        low=low,
        sl_stop=share * (STOP_AND_TARGET.stop_loss_atr or 0.0),
        tp_stop=share * (STOP_AND_TARGET.take_profit_atr or 0.0),
        stop_entry_price="Close",
        stop_exit_price="StopMarket",
        direction="longonly",
        freq="15min",
        **orders,
    )


def _one_later(flags: Flags) -> Flags:
    return np.vstack([np.zeros((1, flags.shape[1]), dtype=np.bool_), flags[:-1]])


def _tally_of_vectorbt(course: Course) -> None:
    done = portfolio_of_vectorbt(course)
    done.trades.count()
    done.trades.pnl.sum()
    done.trades.win_rate()
    done.max_drawdown()


def compare_with_vectorbt(findings: Findings, course: Course, engine: str) -> None:
    """Compare every cell's trades; raise where they are not equal."""
    record = portfolio_of_vectorbt(course).trades.records
    n_unheard = n_equal = n_ours = 0
    who = f"vectorbt ({engine})"
    for cell, said in enumerate(course.signals):
        theirs = _fills_of_vectorbt(record[record["col"] == cell], course, said)
        by_stack = theirs.ended[~theirs.by_rule]
        heard = said.enter.copy()
        n_unheard += int((heard[by_stack] != 0).sum())
        heard[by_stack] = 0
        n_equal += require_equal(who, cell, theirs, course, said._replace(enter=heard))
        n_ours += fills_of_ours(course, said).ended.size
    text = f"{who}, {course.name}: {n_equal:,} trades of {len(course.signals)} cells equal ours"
    if n_unheard:
        text += (
            f", once the {n_unheard:,} entries it cannot hear (decided in a bar in which a stop or "
            f"target filled) are taken out; with them ours are {n_ours:,}"
        )
    findings.checks.append(text)


def _fills_of_vectorbt(rows: Any, course: Course, said: Signals) -> Fills:
    rows = rows[rows["exit_idx"] < len(course.bars) - 1]
    entered, left, entry, exit_ = (
        rows[name].to_numpy() for name in ("entry_idx", "exit_idx", "entry_price", "exit_price")
    )
    if course.stack == RULE_ONLY:
        return Fills(entered - 1, left - 1, entry, exit_, np.ones(left.size, dtype=np.bool_))
    by_rule = said.leave_long[left] & (exit_ == course.bars.close[left])
    return Fills(entered, left, entry, exit_, by_rule)


# --- backtesting.py ----------------------------------------------------------------------------


def _measure_backtesting(findings: Findings, course: Course, n_repeats: int, base: float) -> None:
    n_cells = min(CELLS_OF_BACKTESTING, n_repeats)
    cells = [at * len(course.signals) // n_cells for at in range(n_cells)]
    importlib.import_module("backtesting")
    n_equal, seconds = 0, []
    for cell in cells:
        theirs: list[Fills] = []

        def run(cell: int = cell, out: list[Fills] = theirs) -> None:
            out.append(fills_of_backtesting(course, course.signals[cell]))

        seconds += timed(run, 1)
        n_equal += require_equal("backtesting.py", cell, theirs[0], course, course.signals[cell])
    findings.checks.append(
        f"backtesting.py, {course.name}: {n_equal:,} trades of {len(cells)} cells equal ours"
    )
    note = f"{len(cells)} of {len(course.signals)} cells run, signals given"
    _add(findings, course, "backtesting.py", seconds, 1, note, base)


def fills_of_backtesting(course: Course, said: Signals) -> Fills:
    """Return backtesting.py's trades; levels are placed from the deciding close."""
    import pandas as pd

    engine: Any = importlib.import_module("backtesting")
    market, enter, leave = course.bars, said.enter, said.leave_long
    levels: dict[str, Floats] = {}
    if course.stack != RULE_ONLY:
        levels["sl"] = market.close - (course.stack.stop_loss_atr or 0.0) * course.range_
        levels["tp"] = market.close + (course.stack.take_profit_atr or 0.0) * course.range_

    class Script(engine.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            t = len(self.data) - 1
            if self.position:
                if leave[t]:
                    self.position.close()
            elif enter[t]:
                self.buy(size=1, **{name: level[t] for name, level in levels.items()})

    prices = {name.title(): getattr(market, name) for name in ("open", "high", "low", "close")}
    frame = pd.DataFrame(prices, index=pd.to_datetime(market.close_ns))
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        rows = engine.Backtest(frame, Script, cash=CASH, finalize_trades=False).run()["_trades"]
    order = np.argsort(rows["EntryBar"].to_numpy(), kind="stable")
    entered, left, entry, exit_ = (
        rows[name].to_numpy()[order] for name in ("EntryBar", "ExitBar", "EntryPrice", "ExitPrice")
    )
    by_rule = leave[left - 1] & (exit_ == market.open[left])
    return Fills(entered - 1, left - by_rule, entry, exit_, by_rule)


def _add(  # noqa: PLR0913  one line of the table
    findings: Findings,
    course: Course,
    name: str,
    seconds: list[float],
    n_cells: int,
    note: str,
    base: float = 0.0,
) -> None:
    """Add milliseconds a cell and, for a peer, how many times ours (``base`` seconds) that is."""
    each = [value / n_cells for value in seconds]
    findings.add(course.name, name, [1e3 * value for value in each], "ms a cell", note)
    if base:
        findings.add(course.name, f"{name} / Alphamill", [v / base for v in each], "times")
