"""6 HammerShootingStar: a hammer buys, a shooting star sells; the body may be nothing at all."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import shadows
from alphamill.indicators.rolling import previous, rolling_mean, streak
from alphamill.strategies.says import both_sides

RANGE_BARS = 20
LEAST_OF_USUAL_RANGE = 0.5


def rule(
    bars: Bars, hammer_shadow_ratio: float, hammer_body_position: float, hammer_require_trend: int
) -> Signals:
    reach = bars.high - bars.low
    body, shadow = abs(bars.close - bars.open), shadows(bars.open, bars.high, bars.low, bars.close)
    # Products, not quotients: a hammer without a body is the best of them.
    decided = (reach > LEAST_OF_USUAL_RANGE * rolling_mean(reach, RANGE_BARS)) & (reach > 0.0)
    least_share, least_ratio = hammer_body_position * reach, hammer_shadow_ratio * body
    hammer = (shadow.lower >= least_ratio) & (shadow.lower >= least_share) & (shadow.upper <= body)
    star = (shadow.upper >= least_ratio) & (shadow.upper >= least_share) & (shadow.lower <= body)
    before = previous(bars.close)
    fell, rose = streak(bars.close < before), streak(bars.close > before)
    long = hammer & decided & (previous(fell) >= hammer_require_trend)
    short = star & decided & (previous(rose) >= hammer_require_trend)
    never = long & short
    # The pattern has failed once a close lies beyond the far end of its shadow.
    floor = np.where(long, bars.low, np.nan)
    ceiling = np.where(short, bars.high, np.nan)
    return both_sides(long, short, never, never, floor, ceiling)


def warmup(params: Params) -> int:
    return max(RANGE_BARS, int(params["hammer_require_trend"]) + 2)


HAMMER_SHOOTING_STAR = Strategy(
    number=6,
    name="HammerShootingStar",
    archetype="mean reversion",
    idea="A long shadow shows a price that the market tried and refused.",
    rule=rule,
    space={
        "hammer_shadow_ratio": Float(2.5, 0.0, 50.0, (2.0, 2.5, 3.0), "least shadow, in bodies"),
        "hammer_body_position": Float(0.7, 0.5, 1.0, (0.6, 0.7, 0.8), "least shadow, of range"),
        "hammer_require_trend": Int(0, 0, 50, (0, 2, 3), "least closes in a row before it"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
