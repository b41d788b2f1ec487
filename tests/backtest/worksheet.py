"""The language of the hand-worked fixtures: a tape one can read, and the trades it must give.

One row a bar: ``open high low close``, then words said about it:

    long, short                     enter at this close
    leave, cover                    leave_long, leave_short
    floor=98, ceiling=103, trail=2  levels read at this bar
    raw=50                          the close as it was traded, where the series is adjusted
    quiet                           volume known to be 0
    end                             the calendar's last bar of the session

A row of dashes starts a new session. ``#`` starts a comment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from alphamill.backtest.exits import ExitStack
from alphamill.core.market import Adjusted, Bars, Instrument, Signals

NOTHING = ExitStack(None, None, None)
# TR of one bar = ATR(1): distances can be read off the deciding bar.
ATR_1 = ExitStack(None, None, None, atr_length=1)
# Ten dollars a point, a quarter-point tick, no costs.
FREE = Instrument("FIX", "fixture", "future", "XNYS", tick=0.25, point_value=10, slippage_ticks=0)
# Two ticks (0.50) of slippage, three dollars a side.
COSTLY = replace(FREE, slippage_ticks=2, commission_per_side=3.0)
# $10,000 a trade, 10 bps of slippage, 5 bps of commission, no grid.
PERCENT = Instrument(
    "PCT",
    "fixture",
    "equity",
    "XNYS",
    tick=0.01,
    point_value=1,
    notional=10_000.0,
    commission_bps=5.0,
    slippage_bps=10.0,
)

_WORDS = {"long": ("enter", 1), "short": ("enter", -1), "leave": ("leave_long", True)}
_WORDS |= {"cover": ("leave_short", True), "quiet": ("volume", 0.0), "end": ("session_end", True)}
_FIRST_SESSION = 20240102


@dataclass(frozen=True)
class Fixture:
    """One line of the timeline, worked by hand. ``trades`` gives the fields that are asserted."""

    name: str
    line: str
    bars: Bars
    signals: Signals
    trades: tuple[Mapping[str, Any], ...]
    stack: ExitStack = NOTHING
    instrument: Instrument = FREE
    levels: str = "close"
    equity: Mapping[int, float] = field(default_factory=dict)

    @property
    def is_one_sided(self) -> bool:
        """Return True where the story upside down is another one."""
        return self.instrument.notional is not None or self.bars.adjusted != "none"


def fixture(name: str, line: str, text: str, *trades: Mapping[str, Any], **given: Any) -> Fixture:
    how = {name: given.pop(name) for name in ("closes_only", "adjusted") if name in given}
    bars, signals = tape(text, **how)
    return Fixture(name, line, bars, signals, trades, **given)


def trade(
    decided: int,
    bought: tuple[int, float],
    sold: tuple[int, float],
    pnl: float,
    reason: str,
    **more: Any,
) -> dict[str, Any]:
    """Return a long trade's expected fields: (bar, price) of both fills, net P&L, reason."""
    return {
        "decided": decided,
        "side": 1,
        "entry_bar": bought[0],
        "entry_price": bought[1],
        "exit_bar": sold[0],
        "exit_price": sold[1],
        "pnl": pnl,
        "reason": reason,
    } | more


def short(
    decided: int,
    sold: tuple[int, float],
    bought: tuple[int, float],
    pnl: float,
    reason: str,
    **more: Any,
) -> dict[str, Any]:
    return trade(decided, sold, bought, pnl, reason, **more) | {"side": -1}


def tape(
    text: str, *, closes_only: bool = False, adjusted: Adjusted = "none"
) -> tuple[Bars, Signals]:
    """Return the bars and signals a worksheet describes; a row of one price is a close."""
    rows, session = [], _FIRST_SESSION
    for line in text.splitlines():
        said = line.split("#")[0].split()
        if not said:
            continue
        if set(said[0]) == {"-"}:
            session += 1
        else:
            rows.append(_row(said, session))
    column = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return _bars(column, closes_only, adjusted), _signals(column)


def mirrored(case: Fixture) -> Fixture:
    """Return the same story told upside down: prices reflected at 200, longs become shorts."""
    bars, signals = case.bars, case.signals
    flipped = {name: 200.0 - getattr(bars, name) for name in ("open", "close", "raw_close")}
    return replace(
        case,
        name=case.name + "_mirrored",
        bars=replace(bars, high=200.0 - bars.low, low=200.0 - bars.high, **flipped),
        signals=Signals(
            -signals.enter,
            signals.leave_short,
            signals.leave_long,
            None if signals.ceiling is None else 200.0 - signals.ceiling,
            None if signals.floor is None else 200.0 - signals.floor,
            signals.trail,
        ),
        trades=tuple(_mirrored_trade(expected) for expected in case.trades),
    )


def _mirrored_trade(expected: Mapping[str, Any]) -> dict[str, Any]:
    prices = {name: 200.0 - expected[name] for name in ("entry_price", "exit_price")}
    return {**expected, **prices, "side": -expected["side"]}


def _row(said: list[str], session: int) -> dict[str, Any]:
    prices = [float(word) for word in said if word[0].isdigit() or word[0] == "-"]
    open_, high, low, close = prices if len(prices) == 4 else prices * 4
    row: dict[str, Any] = {"open": open_, "high": high, "low": low, "close": close}
    row |= {"session": session, "session_end": False, "volume": 1.0, "enter": 0}
    row |= {"leave_long": False, "leave_short": False, "raw": close}
    row |= dict.fromkeys(("floor", "ceiling", "trail"), np.nan)
    for word in said[len(prices) :]:
        if "=" in word:
            name, _, value = word.partition("=")
            row[name] = float(value)
        else:
            name, row_value = _WORDS[word]
            row[name] = row_value
    return row


def _bars(column: Mapping[str, Any], closes_only: bool, adjusted: Adjusted) -> Bars:
    n_bars = column["open"].size
    count = np.arange(n_bars)
    prices = {name: column[name] for name in ("open", "high", "low", "close", "volume")}
    return Bars(
        symbol="FIX",
        timeframe="15m",
        close_ns=(count + 1) * 900_000_000_000,
        session=column["session"],
        session_end=column["session_end"],
        minute=count,
        cash_minute=count,
        sessions_left_in_month=count,
        raw_close=column["raw"],
        adjusted=adjusted,
        closes_only=closes_only,
        **prices,
    )


def _signals(column: Mapping[str, Any]) -> Signals:
    levels = {
        name: None if np.isnan(column[name]).all() else column[name]
        for name in ("floor", "ceiling", "trail")
    }
    enter = column["enter"].astype(np.int8)
    return Signals(enter, column["leave_long"], column["leave_short"], **levels)
