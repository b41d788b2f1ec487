"""17 MACross."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below, sma
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, ma_fast: int, ma_slow: int) -> Signals:
    fast, slow = sma(bars.close, ma_fast), sma(bars.close, ma_slow)
    return both_sides(
        long=crosses_above(fast, slow),
        short=crosses_below(fast, slow),
        leave_long=fast < slow,
        leave_short=fast > slow,
    )


MA_CROSS = Strategy(
    number=17,
    name="MACross",
    archetype="trend",
    idea="When the recent average passes the older one, a trend has begun.",
    rule=rule,
    space={
        "ma_fast": Int(10, 1, 500, (5, 10, 15, 20), "bars of the fast average"),
        "ma_slow": Int(50, 2, 1000, (30, 50, 75, 100), "bars of the slow average"),
    },
    warmup=lambda p: max(int(p["ma_fast"]), int(p["ma_slow"])) + 1,
    sides="both",
    canonical=ordered("ma_fast", "ma_slow"),
)
