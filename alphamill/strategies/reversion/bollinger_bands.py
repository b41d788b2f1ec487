"""1 BollingerBands."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.volatility import bollinger
from alphamill.strategies.says import both_sides


def rule(bars: Bars, bb_length: int, bb_stddev: float) -> Signals:
    band = bollinger(bars.close, bb_length, bb_stddev, ddof=1)
    return both_sides(
        long=bars.close < band.lower,
        short=bars.close > band.upper,
        leave_long=bars.close > band.middle,
        leave_short=bars.close < band.middle,
    )


BOLLINGER_BANDS = Strategy(
    number=1,
    name="BollingerBands",
    archetype="mean reversion",
    idea="A close far from its average, measured in deviations, comes back to it.",
    rule=rule,
    space={
        "bb_length": Int(20, 2, 500, (15, 20, 25, 30), "bars of average and deviation"),
        "bb_stddev": Float(2.0, 0.1, 10.0, (1.5, 2.0, 2.5, 3.0), "half width in deviations"),
    },
    warmup=lambda p: int(p["bb_length"]),
    sides="both",
)
