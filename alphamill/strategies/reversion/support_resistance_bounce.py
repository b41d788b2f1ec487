"""4 SupportResistanceBounce.

Support and resistance are the extremes of the bars before: a bar cannot touch a level it made.
"""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous
from alphamill.indicators.volatility import previous_donchian
from alphamill.strategies.levels import unit_size
from alphamill.strategies.says import both_sides


def rule(bars: Bars, sr_lookback: int, sr_touch_pct: float, sr_bounce_pct: float) -> Signals:
    support, middle, resistance = previous_donchian(bars.high, bars.low, sr_lookback)
    percent = unit_size(bars, "percent")
    far = sr_bounce_pct * percent
    touched_low, touched_high = touches(
        bars.high, bars.low, support, resistance, percent, sr_touch_pct
    )
    return both_sides(
        long=touched_low & (bars.close > support + far),
        short=touched_high & (bars.close < resistance - far),
        leave_long=bars.close >= middle,
        leave_short=bars.close <= middle,
    )


@memoised
def touches(
    high: Floats,
    low: Floats,
    support: Floats,
    resistance: Floats,
    percent: Floats,
    n_percents: float,
) -> tuple[Flags, Flags]:
    """Return where the bar before came near its support, and near its resistance."""
    near = n_percents * percent
    touched_low = previous(low) <= previous(support + near)
    touched_high = previous(high) >= previous(resistance - near)
    return touched_low, touched_high


SUPPORT_RESISTANCE_BOUNCE = Strategy(
    number=4,
    name="SupportResistanceBounce",
    archetype="mean reversion",
    idea="Buyers who defended a low once defend it again.",
    rule=rule,
    space={
        "sr_lookback": Int(40, 1, 1000, (20, 40, 60, 80), "bars whose extremes are the levels"),
        "sr_touch_pct": Float(0.2, 0.0, 20.0, (0.1, 0.2, 0.3), "farthest touch, percent of price"),
        "sr_bounce_pct": Float(0.2, 0.0, 20.0, (0.1, 0.2, 0.3), "least bounce, percent of price"),
    },
    warmup=lambda p: int(p["sr_lookback"]) + 2,
    needs=frozenset({"ohlc"}),
    sides="both",
)
