"""7 MovingAverageEnvelope, in average ranges; ``unit`` "percent" is the registry's form.

One to four percent below an average of 50 quarter hours is a crash, and the rule never traded.
"""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Choice, Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import ema, sma
from alphamill.strategies.levels import unit_size
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, UNIT


def rule(bars: Bars, mae_length: int, mae_envelope_pct: float, mae_type: str, unit: str) -> Signals:
    mean = (sma if mae_type == "sma" else ema)(bars.close, mae_length)
    reach = mae_envelope_pct * unit_size(bars, unit)
    return both_sides(
        long=bars.close < mean - reach,
        short=bars.close > mean + reach,
        leave_long=bars.close >= mean,
        leave_short=bars.close <= mean,
    )


def warmup(params: Params) -> int:
    mean = int(params["mae_length"]) * (1 if params["mae_type"] == "sma" else 14)
    return max(mean, ATR_WARMUP) if params["unit"] == "atr" else mean


MOVING_AVERAGE_ENVELOPE = Strategy(
    number=7,
    name="MovingAverageEnvelope",
    archetype="mean reversion",
    idea="A price far off its average is drawn back to it.",
    rule=rule,
    space={
        "mae_length": Int(50, 2, 1000, (20, 50, 100, 200), "bars or span of the average"),
        "mae_envelope_pct": Float(2.0, 0.01, 50.0, (1.0, 2.0, 3.0, 4.0), "half width, in units"),
        "mae_type": Choice("sma", ("sma", "ema"), (), "simple or exponential average"),
        "unit": UNIT,
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
