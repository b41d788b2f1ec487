"""47 ConsecutiveBearishCandle: the registry's rule counts lower closes, not candles."""

from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.says import long_only


def rule(bars: Bars, consecutive_lookback: int) -> Signals:
    return long_only(
        enter=falls(bars.close) >= consecutive_lookback,
        leave=bars.close > previous(bars.high),
    )


@memoised
def falls(close: Floats) -> Ints:
    """Return how many closes in a row, the present one last, have fallen."""
    return streak(close < previous(close))


CONSECUTIVE_BEARISH_CANDLE = Strategy(
    number=47,
    name="ConsecutiveBearishCandle",
    archetype="mean reversion",
    idea="Several lower closes in a row leave few who still want to sell.",
    rule=rule,
    space={"consecutive_lookback": Int(3, 1, 50, (2, 3, 4, 5), "least lower closes in a row")},
    warmup=lambda p: int(p["consecutive_lookback"]) + 1,
    needs=frozenset({"ohlc"}),
)
