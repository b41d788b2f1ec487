"""60 PriceVolumeTrend."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below, sma
from alphamill.indicators.volume import pvt
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import traded


def rule(bars: Bars, pvt_length: int) -> Signals:
    base = traded(bars, bars.close)
    total = pvt(bars.close, bars.volume, base)
    mean = sma(total, pvt_length)
    return both_sides(
        long=crosses_above(total, mean),
        short=crosses_below(total, mean),
        leave_long=total < mean,
        leave_short=total > mean,
    )


PRICE_VOLUME_TREND = Strategy(
    number=60,
    name="PriceVolumeTrend",
    archetype="trend",
    idea="A rise on volume is a purchase that takes days to finish.",
    rule=rule,
    space={
        "pvt_length": Int(20, 2, 1000, (10, 20, 50, 100), "bars of the running total's average"),
    },
    # The total's level hangs on its first bar; its distance from its average does not.
    warmup=lambda p: int(p["pvt_length"]) + 1,
    needs=frozenset({"volume"}),
    sides="both",
)
