"""44 BBIBSReversal."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.indicators.volatility import bollinger
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars, bb_period: int, bb_mult: float, ibs_buy_threshold: float, ibs_sell_threshold: float
) -> Signals:
    band = bollinger(bars.close, bb_period, bb_mult, ddof=1)
    strength = ibs(bars.high, bars.low, bars.close)
    return both_sides(
        long=(bars.close < band.lower) & (strength < ibs_buy_threshold),
        short=(bars.close > band.upper) & (strength > 1.0 - ibs_buy_threshold),
        leave_long=strength > ibs_sell_threshold,
        leave_short=strength < 1.0 - ibs_sell_threshold,
    )


BB_IBS_REVERSAL = Strategy(
    number=44,
    name="BBIBSReversal",
    archetype="mean reversion",
    idea="A bar that closes weak outside its band was sold twice too far.",
    rule=rule,
    space={
        "bb_period": Int(20, 2, 500, (15, 20, 25), "bars of average and deviation"),
        "bb_mult": Float(2.0, 0.1, 10.0, (1.5, 2.0, 2.5), "half width in deviations"),
        "ibs_buy_threshold": Float(
            0.2, 0.0, 0.5, (0.1, 0.2, 0.3), "enter below; short above 1 less this"
        ),
        "ibs_sell_threshold": Float(0.8, 0.5, 1.0, (0.7, 0.8, 0.9), "leave above; shorts mirrored"),
    },
    warmup=lambda p: int(p["bb_period"]),
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=ordered("ibs_buy_threshold", "ibs_sell_threshold"),
)
