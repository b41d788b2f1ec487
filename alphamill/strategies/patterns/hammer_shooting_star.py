"""6 HammerShootingStar: a hammer buys, a shooting star sells; the body may be nothing at all."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import shadows
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, rolling_mean, streak
from alphamill.strategies.levels import exit_levels
from alphamill.strategies.says import both_sides

RANGE_BARS = 20
LEAST_OF_USUAL_RANGE = 0.5


def rule(
    bars: Bars, hammer_shadow_ratio: float, hammer_body_position: float, hammer_require_trend: int
) -> Signals:
    prices = bars.open, bars.high, bars.low, bars.close
    hammer, star = long_shadows(*prices, hammer_shadow_ratio, hammer_body_position)
    fell, rose = trend_before(bars.close)
    long = hammer & (fell >= hammer_require_trend)
    short = star & (rose >= hammer_require_trend)
    never = long & short
    # The pattern has failed once a close lies beyond the far end of its shadow.
    levels = exit_levels(long, short, stops=(bars.low, bars.high))
    return both_sides(long, short, never, never, *levels)


@memoised
def long_shadows(
    open_: Floats, high: Floats, low: Floats, close: Floats, n_bodies: float, share: float
) -> tuple[Flags, Flags]:
    """Return where a bar that says something is a hammer, and where it is a shooting star."""
    reach, body = high - low, abs(close - open_)
    upper, lower = shadows(open_, high, low, close)
    # Products, not quotients: a hammer without a body is the best of them.
    least_share, least_ratio = share * reach, n_bodies * body
    hammer = (lower >= least_ratio) & (lower >= least_share) & (upper <= body)
    star = (upper >= least_ratio) & (upper >= least_share) & (lower <= body)
    return hammer & decided(high, low), star & decided(high, low)


@memoised
def decided(high: Floats, low: Floats) -> Flags:
    """Return which bars range far enough for their shape to say something."""
    reach = high - low
    return (reach > LEAST_OF_USUAL_RANGE * rolling_mean(reach, RANGE_BARS)) & (reach > 0.0)


@memoised
def trend_before(close: Floats) -> tuple[Floats, Floats]:
    """Return how many closes in a row had fallen, and risen, by the bar before."""
    before = previous(close)
    return previous(streak(close < before)), previous(streak(close > before))


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
