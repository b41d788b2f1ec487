"""2 KeltnerChannelBreakout."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.indicators.volatility import keltner
from alphamill.strategies.says import both_sides


def rule(bars: Bars, kc_length: int, kc_atr_length: int, kc_multiplier: float) -> Signals:
    channel = keltner(bars.high, bars.low, bars.close, kc_length, kc_atr_length, kc_multiplier)
    return both_sides(
        long=crosses_above(bars.close, channel.upper),
        short=crosses_below(bars.close, channel.lower),
        leave_long=bars.close <= channel.middle,
        leave_short=bars.close >= channel.middle,
    )


def warmup(params: Params) -> int:
    # The first true range of a window needs the close before it, a crossing the bar before it.
    return max(14 * int(params["kc_length"]), int(params["kc_atr_length"]) + 1) + 1


KELTNER_CHANNEL_BREAKOUT = Strategy(
    number=2,
    name="KeltnerChannelBreakout",
    archetype="breakout",
    idea="A close that leaves the usual range around the trend starts a new one.",
    rule=rule,
    space={
        "kc_length": Int(20, 2, 500, (10, 20, 30, 40), "span of the middle"),
        "kc_atr_length": Int(14, 1, 500, (10, 14, 20), "bars of the simple average true range"),
        "kc_multiplier": Float(2.0, 0.1, 10.0, (1.5, 2.0, 2.5, 3.0), "half width in ranges"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
