"""38 OvernightGapStrategy: the gap from the last session's close to the cash open, faded.

The gap is known for the rest of the session, so that an entry may wait for some bars.
"""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import value_ago
from alphamill.indicators.session import LONGEST_SESSION_BARS, bars_into_cash, prior_session
from alphamill.strategies.levels import by_side, reached, sunk_to
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered
from alphamill.strategies.units import traded


def rule(bars: Bars, gap_threshold: float, gap_max: float, gap_entry_time: int) -> Signals:
    since_open = bars_into_cash(bars.session, bars.cash_minute)
    prior = prior_session(bars.session, bars.high, bars.low, bars.close).close
    price = traded(bars, bars.close) - bars.close + prior
    gap = (value_ago(bars.open, since_open) - prior) / np.where(price > 0.0, price, np.nan)
    waited = since_open >= gap_entry_time
    long = waited & (-gap_max < gap) & (gap < -gap_threshold) & (bars.close < prior)
    short = waited & (gap_threshold < gap) & (gap < gap_max) & (bars.close > prior)
    never = np.zeros(len(bars), dtype=np.bool_)
    return both_sides(
        long,
        short,
        leave_long=never,
        leave_short=never,
        floor=by_side(never, short, prior, sunk_to(prior)),
        ceiling=by_side(long, never, reached(prior), prior),
    )


OVERNIGHT_GAP_STRATEGY = Strategy(
    number=38,
    name="OvernightGapStrategy",
    archetype="mean reversion",
    idea="A moderate gap was made by few traders at night, and the day undoes it.",
    rule=rule,
    space={
        "gap_threshold": Float(0.005, 0.0, 0.2, (0.003, 0.005, 0.01), "least gap, of the close"),
        "gap_max": Float(0.02, 0.0, 0.5, (0.015, 0.02, 0.03), "a wider gap is news and stands"),
        "gap_entry_time": Int(1, 0, 100, (0, 1, 2), "bars to wait after the first of the cash"),
    },
    # The session's first bar, and the close before it.
    warmup=lambda _: LONGEST_SESSION_BARS + 1,
    needs=frozenset({"ohlc", "intraday"}),
    sides="both",
    canonical=ordered("gap_threshold", "gap_max"),
)
