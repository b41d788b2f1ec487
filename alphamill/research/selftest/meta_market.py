"""Simulated winners for meta-labelling: signals worth nothing, or worth it when something holds.

Bars of an hour, seven a session, nine years: six to learn from and three to be judged on. The rule
asks for a long trade of three bars at moments that know nothing. On a planted market the bars
after a signal drift up where its bar closed in the upper half of its range, and down where it
closed in the lower half; on a noise market they do not.
"""

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from alphamill.backtest.exits import ExitStack
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Flags, Floats, Instrument, Signals
from alphamill.data.sources.synthetic import Process, bars
from alphamill.features.compute import features
from alphamill.learning.dataset import Dataset, Primary, dataset
from alphamill.research.metalabel.traded import Traded

FIRST, LAST_TRAINED, LAST = 20100104, 20151231, 20181231
HELD_BARS: Final = 3
# A signal in the first half of every eight bars, some 220 a year: no two trades touch.
BLOCK_BARS: Final = 8
# Planted drift of a bar, in standard deviations of a bar's return.
STRENGTH: Final = 0.2
SYMBOL: Final = "SP500"
FREE: Final = Instrument(
    SYMBOL, "self-test", "index", "XNYS", tick=0.0, point_value=1.0, notional=1e5, slippage_bps=0.0
)
NAMES: Final = (
    *("ibs", "prev_ibs", "ibs_sma_5", "returns_1", "returns_3", "returns_10", "rsi_2", "rsi_14"),
    *("volatility_20", "range_pct", "drift_50", "stoch_k", "bb_pct_b", "body_pct", "gap_pct"),
    *("day_of_week", "hour", "efficiency_ratio_10", "dist_sma_20", "atr_pct"),
)


class MetaMarket(NamedTuple):
    """A simulated winner, and at which bars a signal is worth its trade (planted markets)."""

    traded: Traded
    worth: Flags


def meta_market(number: int, strength: float = 0.0) -> MetaMarket:
    """Return winner ``number``; with a strength of 0 nothing tells its good signals from bad."""
    rng = np.random.default_rng((31, number))
    made = bars(SYMBOL, "1h", Process("iid"), start=FIRST, end=LAST, seed=number)
    at = np.arange(64, len(made) - 2 * BLOCK_BARS, BLOCK_BARS)
    at += rng.integers(0, BLOCK_BARS // 2, at.size)
    span = made.high - made.low
    upper = np.divide(made.close - made.low, span, out=np.full(len(made), 0.5), where=span > 0)
    worth = upper > 0.5
    sd = float(np.std(np.diff(np.log(made.close))))
    drift = np.zeros(len(made))
    for later in range(1, HELD_BARS + 1):
        drift[at + later] = np.where(worth[at], 1.0, -1.0) * strength * sd
    moved = _drifted(made, drift)
    enter = np.zeros(len(made), dtype=np.int8)
    enter[at] = 1
    never = np.zeros(len(made), dtype=np.bool_)
    stack = ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=HELD_BARS)
    return MetaMarket(Traded(moved, Signals(enter, never, never), stack, FREE), worth)


def before(market: MetaMarket, last: int) -> Traded:
    """Return the winner with the bars up to a trade date only."""
    traded = market.traded
    n = int(np.searchsorted(traded.bars.session, last, side="right"))
    enter, long, short = traded.said.enter, traded.said.leave_long, traded.said.leave_short
    said = Signals(enter[:n], long[:n], short[:n])
    return replace(traded, bars=traded.bars.head(n), said=said)


def rows_between(traded: Traded, first: int, last: int) -> Dataset:
    """Return the signals decided in a window, by the code that makes a winner's."""
    made, trades = traded.bars, traded.trades()
    inside = (made.session[trades.decided] >= first) & (made.session[trades.decided] <= last)
    trades = trades.rows(inside)
    frame = features(made, None, NAMES, trades.decided)
    primary = Primary(SYMBOL, "1h", "selftest", 0, {})
    return dataset(primary, made, trades, frame, (first, last), digest(made.close))


def _drifted(made: Bars, drift: Floats) -> Bars:
    """Return bars whose prices drift within them; one without drift keeps its shape."""
    after = np.exp(np.cumsum(drift))
    ahead = np.append(1.0, after[:-1])
    open_, close = made.open * ahead, made.close * after
    high = np.maximum.reduce([made.high * np.maximum(ahead, after), open_, close])
    low = np.minimum.reduce([made.low * np.minimum(ahead, after), open_, close])
    return replace(made, open=open_, high=high, low=low, close=close, raw_close=close)
