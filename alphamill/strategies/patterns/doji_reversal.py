"""14 DojiReversal."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int, Params, Value
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import body_share
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, rolling_mean, streak
from alphamill.strategies.levels import exit_levels
from alphamill.strategies.says import both_sides

RANGE_BARS = 20
LEAST_OF_USUAL_RANGE = 0.3
USUAL_SHADOW = 0.5


def rule(
    bars: Bars, doji_body_pct: float, doji_require_trend: int, doji_shadow_min: float
) -> Signals:
    body = body_share(bars.open, bars.high, bars.low, bars.close)
    doji = (body <= doji_body_pct) & (1.0 - body >= doji_shadow_min) & decided(bars.high, bars.low)
    fell, rose = trend_before(bars.close)
    long = doji & (fell >= doji_require_trend)
    # A doji points nowhere by itself: without a trend it is bought, as in the registry.
    short = doji & (rose >= doji_require_trend) & (doji_require_trend > 0)
    never = long & short
    levels = exit_levels(long, short, stops=(bars.low, bars.high))
    return both_sides(long, short, never, never, *levels)


@memoised
def decided(high: Floats, low: Floats) -> Flags:
    """Return which bars range far enough for a small body to say something."""
    reach = high - low
    return reach > LEAST_OF_USUAL_RANGE * rolling_mean(reach, RANGE_BARS)


@memoised
def trend_before(close: Floats) -> tuple[Floats, Floats]:
    """Return how many closes in a row had fallen, and risen, by the bar before."""
    before = previous(close)
    return previous(streak(close < before)), previous(streak(close > before))


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
