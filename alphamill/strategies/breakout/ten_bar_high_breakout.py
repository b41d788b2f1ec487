"""54 TenBarHighBreakout."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Bool, Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.indicators.rolling import previous
from alphamill.indicators.trend import ema
from alphamill.indicators.volatility import previous_donchian
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import unread_without


def rule(
    bars: Bars, lookback_period: int, ibs_threshold: float, ema_period: int, use_ema_filter: bool
) -> Signals:
    channel = previous_donchian(bars.high, bars.low, lookback_period)
    strength = ibs(bars.high, bars.low, bars.close)
    long = (bars.high > channel.upper) & (strength <= ibs_threshold)
    short = (bars.low < channel.lower) & (strength >= 1.0 - ibs_threshold)
    if use_ema_filter:
        trend = ema(bars.close, ema_period)
        long, short = long & (bars.close > trend), short & (bars.close < trend)
    return both_sides(
        long,
        short,
        leave_long=bars.close > previous(bars.high),
        leave_short=bars.close < previous(bars.low),
    )


def warmup(params: Params) -> int:
    channel = int(params["lookback_period"]) + 1
    return max(channel, 14 * int(params["ema_period"])) if params["use_ema_filter"] else channel


TEN_BAR_HIGH_BREAKOUT = Strategy(
    number=54,
    name="TenBarHighBreakout",
    archetype="breakout",
    idea="A new high that closes weak is tried again.",
    rule=rule,
    space={
        "lookback_period": Int(10, 1, 250, (7, 10, 15, 20), "bars whose extreme is passed"),
        "ibs_threshold": Float(
            0.15, 0.0, 0.5, (0.1, 0.15, 0.2, 0.25), "highest internal bar strength"
        ),
        "ema_period": Int(200, 2, 1000, (100, 150, 200), "span of the trend filter"),
        "use_ema_filter": Bool(False, (True, False), "enter with the trend only"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=unread_without("use_ema_filter", "ema_period", 200),
)
