"""25 OpeningRangeBreakout."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous
from alphamill.indicators.volatility import opening_range
from alphamill.strategies.says import both_sides

# A window shorter than the session may begin within its opening: as many bars as a day has minutes.
DAY_OF_MINUTES = 24 * 60


def rule(bars: Bars, or_duration_minutes: int, or_breakout_pct: float) -> Signals:
    opening = opening_range(
        bars.high, bars.low, bars.session, bars.cash_minute, or_duration_minutes
    )
    beyond = or_breakout_pct / 100.0 * (opening.upper - opening.lower)
    upper, lower, before = opening.upper + beyond, opening.lower - beyond, previous(bars.close)
    never = np.zeros(len(bars), dtype=np.bool_)
    return both_sides(
        # The level stands still within a session: the close before crosses the same one.
        long=(bars.close > upper) & (before <= upper),
        short=(bars.close < lower) & (before >= lower),
        # Whatever exits the stack has end it; the registry gives it none of its own.
        leave_long=never,
        leave_short=never,
    )


OPENING_RANGE_BREAKOUT = Strategy(
    number=25,
    name="OpeningRangeBreakout",
    archetype="breakout",
    idea="The first minutes of cash trading set a balance, and leaving it sets the direction.",
    rule=rule,
    space={
        "or_duration_minutes": Int(30, 1, 720, (15, 30, 60), "minutes from the cash open"),
        "or_breakout_pct": Float(
            0.0, 0.0, 100.0, (0.0, 0.1, 0.2), "percent of the range beyond it"
        ),
    },
    warmup=lambda _: DAY_OF_MINUTES,
    needs=frozenset({"ohlc", "intraday"}),
    sides="both",
)
