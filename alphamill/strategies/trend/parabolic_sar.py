"""8 ParabolicSAR."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float
from alphamill.core.strategy import WHOLE_HISTORY, Strategy
from alphamill.indicators.directional import parabolic_sar
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides

STEP = 0.02


def rule(bars: Bars, psar_af_start: float, psar_af_max: float) -> Signals:
    level = parabolic_sar(bars.high, bars.low, psar_af_start, STEP, psar_af_max)
    return both_sides(
        long=crosses_above(bars.close, level),
        short=crosses_below(bars.close, level),
        leave_long=bars.close <= level,
        leave_short=bars.close >= level,
    )


PARABOLIC_SAR = Strategy(
    number=8,
    name="ParabolicSAR",
    archetype="trend",
    idea="A stop that closes in on the price turns where the trend has ended.",
    rule=rule,
    space={
        "psar_af_start": Float(0.02, 0.001, 0.2, (0.02, 0.03), "first acceleration factor"),
        "psar_af_max": Float(0.2, 0.01, 1.0, (0.2, 0.3), "its ceiling; it grows by 0.02"),
    },
    warmup=lambda _: WHOLE_HISTORY,
    needs=frozenset({"ohlc"}),
    sides="both",
)
