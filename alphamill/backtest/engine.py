"""One facade calls the kernel: it normalises, allocates and names."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import grid_of, on_the_grid, terms_of
from alphamill.backtest.exits import EXITS, Distance, ExitStack
from alphamill.backtest.loop import run
from alphamill.backtest.state import TRADE, Rules, Script, Tape
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Bars, Floats, Instrument, Signals, Trades
from alphamill.core.strategy import Levels
from alphamill.indicators.volatility import atr


@dataclass(frozen=True)
class Result:
    """One cell's backtest.

    Attributes
    ----------
    trades : Trades
        Closed trades in order of entry; the last may have the reason ``open_at_end``.
    equity : ndarray of shape (n_bars,)
        Cumulative net P&L in account currency, open position marked at each close.
    """

    bars: Bars
    instrument: Instrument
    stack: ExitStack
    trades: Trades
    equity: Floats

    @property
    def deviations(self) -> dict[str, str]:
        """Return the stated conventions that this result does not keep, and what it is instead."""
        return {}


def backtest(
    bars: Bars,
    signals: Signals,
    stack: ExitStack,
    instrument: Instrument,
    *,
    levels: Levels = "close",
) -> Result:
    """Return trades and equity of one rule's signals under one exit stack.

    Parameters
    ----------
    bars : Bars
    signals : Signals
        One row a bar.
    stack : ExitStack
    instrument : Instrument
    levels : "close" or "touch"
        Whether floor and ceiling are judged at closes or rest as orders.

    Raises
    ------
    SettingsError
        When a session exit is asked for where a session has one bar.
    """
    for name, column in zip(Signals._fields, signals, strict=True):
        if column is not None and column.shape != (len(bars),):
            raise DataError(
                f"{bars.symbol}: {name} must have {len(bars)} rows, received {len(column)}. Return "
                "one row a bar."
            )
    tape = tape_of(bars, instrument)
    script = script_of(bars, signals, stack)
    record = np.empty(len(bars), dtype=TRADE)
    equity = np.empty(len(bars))
    n_trades = run(
        tape,
        script,
        rules_of(bars, stack, instrument, levels),
        terms_of(instrument),
        record,
        equity,
    )
    return Result(bars, instrument, stack, trades_of(record[:n_trades]), equity)


def tape_of(bars: Bars, instrument: Instrument) -> Tape:
    """Return the bars as the kernel takes them."""
    tick, slip = grid_of(bars, instrument)
    return Tape(
        bars.open,
        bars.high,
        bars.low,
        bars.close,
        bars.volume == 0.0,
        bars.session,
        bars.session_end,
        bars.closes_only,
        tick,
        slip,
    )


def rules_of(bars: Bars, stack: ExitStack, instrument: Instrument, levels: Levels) -> Rules:
    """Return what holds for every bar of one cell."""
    if stack.session_exit and bars.timeframe.endswith("d"):
        raise SettingsError(
            f"{bars.symbol}: a session exit needs bars shorter than a session, received "
            f"{bars.timeframe!r} bars. Set session_exit: false."
        )
    slip_frac = 0.0 if on_the_grid(instrument) else (instrument.slippage_bps or 0.0) / 1e4
    return Rules(stack.max_bars_held or 0, stack.session_exit, levels == "touch", slip_frac)


def script_of(bars: Bars, signals: Signals, stack: ExitStack) -> Script:
    """Return what is said at every close: the rule's columns and the stack's distances."""
    unknown = np.full(len(bars), np.nan)
    range_ = atr(bars.high, bars.low, bars.close, stack.atr_length) if stack.reads_atr else unknown
    stop, target, trail, break_even = (
        distances(bars, range_, stack.distance(exit_)) for exit_ in EXITS
    )
    return Script(
        signals.enter.astype(np.int8),
        signals.leave_long.astype(np.bool_),
        signals.leave_short.astype(np.bool_),
        unknown if signals.floor is None else signals.floor.astype(np.float64),
        unknown if signals.ceiling is None else signals.ceiling.astype(np.float64),
        unknown if signals.trail is None else signals.trail.astype(np.float64),
        stop,
        target,
        trail,
        break_even,
    )


def distances(bars: Bars, range_: Floats, asked: Distance | None) -> Floats:
    """Return how far from its fill an exit lies if a bar's close decides the entry.

    Parameters
    ----------
    bars : Bars
    range_ : ndarray of shape (n_bars,)
        The average true range that ``atr`` multiplies.
    asked : Distance or None

    Returns
    -------
    ndarray of shape (n_bars,)
        In the prices of ``bars``. Infinite where nothing is asked: no such order is a level
        infinitely far away. NaN, which forbids the entry, where the range is not known yet, or
        the price of which a percent is asked was not above 0.

    Notes
    -----
    Both percents and points are of the close as it was traded: an added adjustment changes no
    point and is taken off before a percent is, a multiplied one scales points and no percent.
    """
    if asked is None:
        return np.full(len(bars), np.inf)
    if asked.unit == "atr":
        return asked.size * range_
    if asked.unit == "points":
        if bars.adjusted != "ratio":
            return np.full(len(bars), asked.size)
        out = np.full(len(bars), np.nan)
        np.divide(asked.size * bars.close, bars.raw_close, out=out, where=bars.raw_close > 0.0)
        return out
    traded = bars.raw_close if bars.adjusted == "add" else bars.close
    return np.where(traded > 0.0, asked.size / 100.0 * traded, np.nan)


def trades_of(record: NDArray[Any]) -> Trades:
    """Return the rows of dtype TRADE as columns of their own types."""
    whole = {"decided", "entry_bar", "exit_bar", "side", "bars_held", "reason"}
    columns: dict[str, Any] = {}
    for name in Trades.columns():
        dtype = np.int64 if name in whole else np.bool_ if name == "ambiguous" else np.float64
        columns[name] = np.ascontiguousarray(record[name].astype(dtype))
    return Trades(**columns)
