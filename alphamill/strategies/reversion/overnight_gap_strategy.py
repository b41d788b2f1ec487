"""38 OvernightGapStrategy: the gap from the last session's close to the cash open, faded.

The gap is known for the rest of the session, so that an entry may wait for some bars.
"""

import numpy as np

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import value_ago
from alphamill.indicators.session import LONGEST_SESSION_BARS, bars_into_cash, prior_session
from alphamill.strategies.levels import exit_levels
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered
from alphamill.strategies.units import traded


def rule(bars: Bars, gap_threshold: float, gap_max: float, gap_entry_time: int) -> Signals:
    since_open = bars_into_cash(bars.session, bars.cash_minute)
    prior = prior_session(bars.session, bars.high, bars.low, bars.close).close
    gap = cash_gap(bars.open, bars.close, traded(bars, bars.close), prior, since_open)
    down, up = open_gaps(gap, bars.close, prior, gap_threshold, gap_max)
    waited = since_open >= gap_entry_time
    long, short = waited & down, waited & up
    never = np.zeros(len(bars), dtype=np.bool_)
    return both_sides(long, short, never, never, *exit_levels(long, short, goals=(prior, prior)))


@memoised
def cash_gap(
    open_: Floats, close: Floats, paid: Floats, prior: Floats, since_open: Floats
) -> Floats:
    """Return the gap of the cash open from the session before, as a share of the price paid."""
    price = paid - close + prior
    return (value_ago(open_, since_open) - prior) / np.where(price > 0.0, price, np.nan)


@memoised
def open_gaps(
    gap: Floats, close: Floats, prior: Floats, least: float, most: float
) -> tuple[Flags, Flags]:
    """Return where a gap down, and a gap up, of moderate size is not filled yet."""
    down = (-most < gap) & (gap < -least) & (close < prior)
    up = (least < gap) & (gap < most) & (close > prior)
    return down, up


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
