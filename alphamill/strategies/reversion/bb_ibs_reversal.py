"""44 BBIBSReversal."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.indicators.memo import memoised
from alphamill.indicators.volatility import bollinger
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars, bb_period: int, bb_mult: float, ibs_buy_threshold: float, ibs_sell_threshold: float
) -> Signals:
    band = bollinger(bars.close, bb_period, bb_mult, ddof=1)
    strength = ibs(bars.high, bars.low, bars.close)
    long, short = outside(bars.close, band.lower, band.upper, strength, ibs_buy_threshold)
    return both_sides(
        long,
        short,
        leave_long=strength > ibs_sell_threshold,
        leave_short=strength < 1.0 - ibs_sell_threshold,
    )


@memoised
def outside(
    close: Floats, lower: Floats, upper: Floats, strength: Floats, weak: float
) -> tuple[Flags, Flags]:
    """Return where a bar closes weak below the band, and where as strong above it."""
    return (close < lower) & (strength < weak), (close > upper) & (strength > 1.0 - weak)


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
