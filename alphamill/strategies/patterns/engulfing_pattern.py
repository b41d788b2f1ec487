"""5 EngulfingPattern."""

import numpy as np

from alphamill.core.market import Bars, Floats, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import body_share, engulfing
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.levels import exit_levels
from alphamill.strategies.says import both_sides


def rule(bars: Bars, eng_min_body_pct: float, eng_require_trend: int) -> Signals:
    pattern = engulfing(bars.open, bars.close)
    decided = body_share(bars.open, bars.high, bars.low, bars.close) >= eng_min_body_pct
    fell, rose = bodies_before(bars.open, bars.close)
    long = (pattern > 0) & decided & (fell >= eng_require_trend)
    short = (pattern < 0) & decided & (rose >= eng_require_trend)
    never = np.zeros(len(bars), dtype=np.bool_)
    # The pattern has failed once a close lies beyond the far end of its own bar.
    levels = exit_levels(long, short, stops=(bars.low, bars.high))
    return both_sides(long, short, never, never, *levels)


@memoised
def bodies_before(open_: Floats, close: Floats) -> tuple[Floats, Floats]:
    """Return how many bars in a row had closed below, and above, their open by the bar before."""
    return previous(streak(close < open_)), previous(streak(close > open_))


ENGULFING_PATTERN = Strategy(
    number=5,
    name="EngulfingPattern",
    archetype="mean reversion",
    idea="A body that swallows the opposite one before it shows that the other side gave up.",
    rule=rule,
    space={
        "eng_min_body_pct": Float(0.5, 0.0, 1.0, (0.3, 0.5, 0.7), "least body, share of range"),
        "eng_require_trend": Int(0, 0, 50, (0, 2, 3), "least opposite bars in a row before it"),
    },
    warmup=lambda p: max(1, int(p["eng_require_trend"])) + 1,
    needs=frozenset({"ohlc"}),
    sides="both",
)
