"""40 BuyOn5BarLow."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous, previous_min
from alphamill.strategies.says import long_only


def rule(bars: Bars, lookback: int) -> Signals:
    return long_only(
        enter=bars.close < previous_min(bars.low, lookback),
        leave=bars.close > previous(bars.high),
    )


BUY_ON_5_BAR_LOW = Strategy(
    number=40,
    name="BuyOn5BarLow",
    archetype="mean reversion",
    idea="A close below the lows of the last days is panic, and panic passes.",
    rule=rule,
    space={"lookback": Int(5, 1, 250, (3, 5, 7, 10), "bars whose lows count, before this one")},
    warmup=lambda p: int(p["lookback"]) + 1,
    needs=frozenset({"ohlc"}),
)
