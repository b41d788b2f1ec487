"""45 IBSStrategy."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, ibs_buy_threshold: float, ibs_sell_threshold: float) -> Signals:
    strength = ibs(bars.high, bars.low, bars.close)
    return both_sides(
        long=strength < ibs_buy_threshold,
        short=strength > 1.0 - ibs_buy_threshold,
        leave_long=strength > ibs_sell_threshold,
        leave_short=strength < 1.0 - ibs_sell_threshold,
    )


IBS_STRATEGY = Strategy(
    number=45,
    name="IBSStrategy",
    archetype="mean reversion",
    idea="A bar that closes at its low was sold too far, and the next one takes it back.",
    rule=rule,
    space={
        "ibs_buy_threshold": Float(
            0.2, 0.0, 0.5, (0.1, 0.15, 0.2, 0.25), "enter below; short above 1 less this"
        ),
        "ibs_sell_threshold": Float(
            0.8, 0.5, 1.0, (0.7, 0.75, 0.8, 0.85), "leave above; shorts mirrored"
        ),
    },
    warmup=lambda _: 1,
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=ordered("ibs_buy_threshold", "ibs_sell_threshold"),
)
