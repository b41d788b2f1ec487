"""69 ibs: the seeds' configured strategy, long only, by its own parameter names.

Windows hold a bar by its open on the exchange's clock; with both off the hour does not matter. The
old code leaves at a strength of 0.8 to 1.0; its live file says 0.3 to 0.7, where the strongest
closes hold on. Decided: a band is what its edges say, both included; the default is the code's; in
both bands at once it enters when flat and leaves when not. Stop and target lie a percent, or ranges
of 14 bars, from the deciding close and rest as orders: a stop that waits for a close is none.
"""

from typing import Any

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Bool, Choice, Float, Params, Space, Time, Value
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.strategies.levels import unit_size
from alphamill.strategies.says import long_only
from alphamill.strategies.sets import ordered
from alphamill.strategies.switches import without_unread
from alphamill.strategies.units import ATR_WARMUP
from alphamill.strategies.windows import within_any

TYPES = ("percent", "atr"), ("atr",), "percent of the close, or average ranges of 14 bars"
SPACE: Space = {
    "use_window1": Bool(True, (), "window 1 is on"), "start_time1": Time("0000", (), "start"),
    "end_time1": Time("1500", (), "end, excluded"), "use_window2": Bool(True, (), "window 2 is on"),
    "start_time2": Time("1700", (), "start"), "end_time2": Time("2400", (), "end, excluded"),
    "enable_ibs_entry": Bool(True, (), "ask for the entry band"),
    "ibs_entry_high": Float(0.2, 0.0, 1.0, (0.15, 0.25, 0.35), "upper edge of the entry band"),
    "ibs_entry_low": Float(0.0, 0.0, 1.0, (), "lower edge of the entry band"),
    "enable_ibs_exit": Bool(True, (), "leave in the exit band"),
    "ibs_exit_high": Float(1.0, 0.0, 1.0, (), "upper edge of the exit band"),
    "ibs_exit_low": Float(0.8, 0.0, 1.0, (0.65, 0.8), "lower edge of the exit band"),
    "enable_stop": Bool(True, (), "rest a stop"), "stop_type": Choice("percent", *TYPES),
    "stop_perc": Float(1.0, 0.01, 50.0, (3.0,), "distance of the stop, in its type"),
    "enable_tp": Bool(True, (), "rest a target"), "tp_type": Choice("percent", *TYPES),
    "tp_perc": Float(1.0, 0.01, 50.0, (1.0, 2.5), "distance of the target, in its type"),
}  # fmt: skip
SWITCHES = {
    "use_window1": ["start_time1", "end_time1"], "use_window2": ["start_time2", "end_time2"],
    "enable_ibs_entry": ["ibs_entry_high", "ibs_entry_low"], "enable_tp": ["tp_type", "tp_perc"],
    "enable_ibs_exit": ["ibs_exit_high", "ibs_exit_low"], "enable_stop": ["stop_type", "stop_perc"],
}  # fmt: skip


def rule(bars: Bars, **p: Any) -> Signals:
    strength = ibs(bars.high, bars.low, bars.close)
    stop = p["stop_perc"] * unit_size(bars, p["stop_type"]) if p["enable_stop"] else np.inf
    target = p["tp_perc"] * unit_size(bars, p["tp_type"]) if p["enable_tp"] else np.inf
    windows = [(p[f"start_time{k}"], p[f"end_time{k}"]) for k in "12" if p[f"use_window{k}"]]
    # An order whose level is not known cannot rest, and without it nothing is entered.
    enter = within_any(bars.minute, windows) & (stop > 0.0) & (target > 0.0)
    if p["enable_ibs_entry"]:
        enter &= (p["ibs_entry_low"] <= strength) & (strength <= p["ibs_entry_high"])
    leave = (p["ibs_exit_low"] <= strength) & (strength <= p["ibs_exit_high"])
    return long_only(enter, leave & p["enable_ibs_exit"])._replace(
        floor=bars.close - stop, ceiling=bars.close + target
    )


def canonical(params: Params) -> dict[str, Value] | None:
    bands = ("ibs_entry_low", "ibs_entry_high"), ("ibs_exit_low", "ibs_exit_high")
    kept = without_unread(params, SPACE, SWITCHES)
    return kept if all(ordered(*band)(kept) for band in bands) else None


IBS = Strategy(
    number=69,
    name="ibs",
    archetype="mean reversion",
    idea="An hour that closes at its low was sold too far, and the next ones take it back.",
    rule=rule,
    space=SPACE,
    warmup=lambda p: ATR_WARMUP if "atr" in (p["stop_type"], p["tp_type"]) else 1,
    needs=frozenset({"ohlc"}),
    levels="touch",
    canonical=canonical,
)
