"""32 ROCStrategy."""

import numpy as np

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import momentum, roc
from alphamill.indicators.trend import crosses_above, crosses_below, sma
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, UNIT, traded, usual_range


def rule(
    bars: Bars, roc_period: int, roc_threshold: float, roc_ma_length: int, unit: str
) -> Signals:
    trend = sma(bars.close, roc_ma_length)
    # Compared with so many ranges, not divided by one: a market at rest has none.
    change = momentum(bars.close, roc_period)
    one = usual_range(bars)
    if unit == "percent":
        change = roc(bars.close, roc_period, traded(bars, bars.close))
        one = np.ones(len(bars))
    risen, fallen, is_low, is_high = moves(change, one, roc_threshold)
    above, below = bars.close > trend, bars.close < trend
    return both_sides(
        long=risen & above,
        short=fallen & below,
        leave_long=is_low | below,
        leave_short=is_high | above,
    )


@memoised
def moves(change: Floats, one: Floats, n_units: float) -> tuple[Flags, Flags, Flags, Flags]:
    """Return where the move becomes a large rise, a large fall, and where it is none of each."""
    far = n_units * one
    return crosses_above(change, far), crosses_below(change, -far), change < far, change > -far


def warmup(params: Params) -> int:
    crossing = max(ATR_WARMUP, int(params["roc_period"]) + 1) + 1
    return max(crossing, int(params["roc_ma_length"]))


ROC_STRATEGY = Strategy(
    number=32,
    name="ROCStrategy",
    archetype="trend",
    idea="A move much larger than usual, with the trend, carries on.",
    rule=rule,
    space={
        "roc_period": Int(20, 1, 500, (10, 20, 30), "bars over which the price has moved"),
        "roc_threshold": Float(4.0, 0.0, 100.0, (2.0, 4.0, 6.0), "least move, in units"),
        "roc_ma_length": Int(100, 1, 1000, (50, 100, 200), "bars of the trend's average"),
        "unit": UNIT,
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
