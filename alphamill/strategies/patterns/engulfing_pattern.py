"""5 EngulfingPattern."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import body_share, engulfing
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.says import both_sides


def rule(bars: Bars, eng_min_body_pct: float, eng_require_trend: int) -> Signals:
    pattern = engulfing(bars.open, bars.close)
    decided = body_share(bars.open, bars.high, bars.low, bars.close) >= eng_min_body_pct
    fell = previous(streak(bars.close < bars.open)) >= eng_require_trend
    rose = previous(streak(bars.close > bars.open)) >= eng_require_trend
    long = (pattern > 0) & decided & fell
    short = (pattern < 0) & decided & rose
    never = np.zeros(len(bars), dtype=np.bool_)
    return both_sides(
        long,
        short,
        leave_long=never,
        leave_short=never,
        # The pattern has failed once a close lies beyond the far end of its own bar.
        floor=np.where(long, bars.low, np.nan),
        ceiling=np.where(short, bars.high, np.nan),
    )


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
