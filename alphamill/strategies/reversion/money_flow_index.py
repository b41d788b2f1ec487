"""34 MoneyFlowIndex."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.indicators.volume import mfi
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, mfi_period: int, mfi_oversold: int, mfi_overbought: int) -> Signals:
    flow = mfi(bars.high, bars.low, bars.close, bars.volume, mfi_period)
    return both_sides(
        long=crosses_above(flow, mfi_oversold),
        short=crosses_below(flow, 100 - mfi_oversold),
        leave_long=flow >= mfi_overbought,
        leave_short=flow <= 100 - mfi_overbought,
    )


MONEY_FLOW_INDEX = Strategy(
    number=34,
    name="MoneyFlowIndex",
    archetype="mean reversion",
    idea="When the money that flowed out begins to come back, so does the price.",
    rule=rule,
    space={
        "mfi_period": Int(14, 2, 250, (14, 21, 28), "bars whose money counts"),
        "mfi_oversold": Int(20, 1, 50, (15, 20, 25), "enter on crossing up; shorts mirrored"),
        "mfi_overbought": Int(80, 50, 99, (75, 80, 85), "leave at or above; shorts mirrored"),
    },
    # A flow needs the typical price before it, a crossing the bar before.
    warmup=lambda p: int(p["mfi_period"]) + 2,
    needs=frozenset({"ohlc", "volume"}),
    sides="both",
    canonical=ordered("mfi_oversold", "mfi_overbought"),
)
