"""A stream made with the real kernel: one backtest a signal, however slow."""

from dataclasses import replace

import numpy as np

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.state import REASONS
from alphamill.core.market import Bars, Instrument, Signals
from alphamill.portfolio.sizing import Odds
from alphamill.portfolio.streams import Stream, StreamTrades

COSTLY = Instrument(
    "QTR",
    "fixture",
    "future",
    "XNYS",
    tick=0.25,
    point_value=50.0,
    slippage_ticks=1.0,
    commission_per_side=1.25,
)
INSIDE = {"stop", "target"}
STACK = ExitStack(stop_loss_atr=1.5, take_profit_atr=2.0, max_bars_held=9)


def some_signals(bars: Bars, seed: int) -> Signals:
    """Return random entries of both sides and random leaves."""
    rng = np.random.default_rng(seed)
    n = len(bars)
    enter = rng.choice([0, 0, 0, 1, -1], n).astype(np.int8)
    return Signals(enter, rng.random(n) < 0.1, rng.random(n) < 0.1)


def stream_of(bars: Bars, signals: Signals, stack: ExitStack, key: str = "QTR/some") -> Stream:
    """Return every signal's own trade as if it were the only one."""
    rows = []
    for at in np.flatnonzero(signals.enter):
        only = np.zeros(len(bars), dtype=np.int8)
        only[at] = signals.enter[at]
        trades = backtest(bars, replace_enter(signals, only), stack, COSTLY).trades
        if len(trades):
            rows.append(
                [getattr(trades, name)[0] for name in ("decided", "side", "entry_bar", "exit_bar")]
                + [*heard(bars, trades.exit_bar[0], REASONS[trades.reason[0]])]
                + [trades.entry_price[0], trades.exit_price[0], trades.units[0], trades.reason[0]]
            )
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    n = columns[0].size
    unknown = np.full(n, np.nan)
    odds = Odds(unknown, unknown, unknown, unknown)
    return Stream(key, "QTR", "some", StreamTrades(*columns, np.full(n, 0.5), odds))


def replace_enter(signals: Signals, enter: np.ndarray) -> Signals:
    return signals._replace(enter=enter)


def heard(bars: Bars, exit_bar: int, reason: str) -> tuple[int, int]:
    """Return ``free`` and ``turned``: line 8 of the timeline.

    A rule's and a time's exit are decided at a close, and that close hears the other side.
    """
    if reason in ("rule", "time"):
        decided = exit_bar - 1
        while bars.volume[decided] == 0.0:
            decided -= 1
        return exit_bar, decided
    return exit_bar, exit_bar


def traded(bars: Bars) -> Bars:
    """Return the bars with every one of them traded."""
    return replace(bars, volume=np.ones(len(bars)))
