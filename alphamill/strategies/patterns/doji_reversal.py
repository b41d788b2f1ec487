"""14 DojiReversal."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int, Params, Value
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import body_share
from alphamill.indicators.rolling import previous, rolling_mean, streak
from alphamill.strategies.says import both_sides

RANGE_BARS = 20
LEAST_OF_USUAL_RANGE = 0.3
USUAL_SHADOW = 0.5


def rule(
    bars: Bars, doji_body_pct: float, doji_require_trend: int, doji_shadow_min: float
) -> Signals:
    body, reach = body_share(bars.open, bars.high, bars.low, bars.close), bars.high - bars.low
    doji = (body <= doji_body_pct) & (1.0 - body >= doji_shadow_min)
    doji &= reach > LEAST_OF_USUAL_RANGE * rolling_mean(reach, RANGE_BARS)
    before = previous(bars.close)
    fell, rose = streak(bars.close < before), streak(bars.close > before)
    long = doji & (previous(fell) >= doji_require_trend)
    # A doji points nowhere by itself: without a trend it is bought, as in the registry.
    short = doji & (previous(rose) >= doji_require_trend) & (doji_require_trend > 0)
    never = long & short
    return both_sides(
        long,
        short,
        leave_long=never,
        leave_short=never,
        floor=np.where(long, bars.low, np.nan),
        ceiling=np.where(short, bars.high, np.nan),
    )


def canonical(params: Params) -> dict[str, Value]:
    """Return the usual least shadow where the body, small enough, leaves more in any case."""
    is_implied = 1.0 - float(params["doji_body_pct"]) >= float(params["doji_shadow_min"])
    return {**params, **({"doji_shadow_min": USUAL_SHADOW} if is_implied else {})}


DOJI_REVERSAL = Strategy(
    number=14,
    name="DojiReversal",
    archetype="mean reversion",
    idea="After a run a bar that ends where it began says that both sides are even.",
    rule=rule,
    space={
        "doji_body_pct": Float(0.1, 0.0, 0.5, (0.05, 0.1, 0.15), "largest body, share of range"),
        "doji_require_trend": Int(2, 0, 50, (0, 2, 3), "least closes in a row before it"),
        "doji_shadow_min": Float(
            USUAL_SHADOW, 0.0, 1.0, (0.3, 0.5, 0.7), "least share of range outside the body"
        ),
    },
    warmup=lambda p: max(RANGE_BARS, int(p["doji_require_trend"]) + 2),
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=canonical,
)
