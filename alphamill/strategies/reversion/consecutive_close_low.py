"""51 ConsecutiveCloseLow."""

from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.core.params import Bool, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.indicators.trend import ema
from alphamill.strategies.says import long_only
from alphamill.strategies.sets import unread_without


def rule(bars: Bars, threshold: int, ema_period: int, use_ema_filter: bool) -> Signals:
    enter = falls(bars.close, bars.low) >= threshold
    if use_ema_filter:
        enter &= bars.close > ema(bars.close, ema_period)
    return long_only(enter, leave=bars.close > previous(bars.high))


@memoised
def falls(close: Floats, low: Floats) -> Ints:
    """Return how many bars in a row, the present one last, closed below the low before theirs."""
    return streak(close < previous(low))


def warmup(params: Params) -> int:
    rows = int(params["threshold"]) + 1
    return max(rows, 14 * int(params["ema_period"])) if params["use_ema_filter"] else rows


CONSECUTIVE_CLOSE_LOW = Strategy(
    number=51,
    name="ConsecutiveCloseLow",
    archetype="mean reversion",
    idea="Closes below one low after another are a rout, and routs end in a rebound.",
    rule=rule,
    space={
        "threshold": Int(3, 1, 50, (2, 3, 4), "least closes below the low before, in a row"),
        "ema_period": Int(200, 2, 1000, (100, 150, 200), "span of the trend filter"),
        "use_ema_filter": Bool(False, (True, False), "buy above the trend only"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    canonical=unread_without("use_ema_filter", "ema_period", 200),
)
