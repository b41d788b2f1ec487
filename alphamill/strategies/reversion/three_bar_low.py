"""41 ThreeBarLow."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Bool, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous_max, previous_min
from alphamill.indicators.trend import sma
from alphamill.strategies.says import long_only
from alphamill.strategies.sets import unread_without


def rule(
    bars: Bars, lookback_entry: int, lookback_exit: int, ma_period: int, use_ma_filter: bool
) -> Signals:
    enter = bars.close < previous_min(bars.low, lookback_entry)
    if use_ma_filter:
        enter &= bars.close > sma(bars.close, ma_period)
    return long_only(enter, leave=bars.close > previous_max(bars.high, lookback_exit))


def warmup(params: Params) -> int:
    windows = max(int(params["lookback_entry"]), int(params["lookback_exit"])) + 1
    return max(windows, int(params["ma_period"])) if params["use_ma_filter"] else windows


THREE_BAR_LOW = Strategy(
    number=41,
    name="ThreeBarLow",
    archetype="mean reversion",
    idea="A close below the last lows is oversold until it passes a high again.",
    rule=rule,
    space={
        "lookback_entry": Int(3, 1, 250, (2, 3, 4, 5), "bars whose lows count, before this one"),
        "lookback_exit": Int(7, 1, 250, (5, 7, 10), "bars whose highs count, before this one"),
        "ma_period": Int(20, 1, 1000, (10, 20, 50), "bars of the filter's average"),
        "use_ma_filter": Bool(False, (True, False), "buy above the average only"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    canonical=unread_without("use_ma_filter", "ma_period", 20),
)
