"""54 TenBarHighBreakout."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Bool, Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous
from alphamill.indicators.trend import ema
from alphamill.indicators.volatility import previous_donchian
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import unread_without


def rule(
    bars: Bars, lookback_period: int, ibs_threshold: float, ema_period: int, use_ema_filter: bool
) -> Signals:
    long, short = failures(bars.high, bars.low, bars.close, lookback_period, ibs_threshold)
    if use_ema_filter:
        trend = ema(bars.close, ema_period)
        long, short = long & (bars.close > trend), short & (bars.close < trend)
    return both_sides(
        long,
        short,
        leave_long=bars.close > previous(bars.high),
        leave_short=bars.close < previous(bars.low),
    )


@memoised
def failures(
    high: Floats, low: Floats, close: Floats, n_bars: int, weak: float
) -> tuple[Flags, Flags]:
    """Return where a new high closes weak, and where a new low closes as strong."""
    channel = previous_donchian(high, low, n_bars)
    strength = ibs(high, low, close)
    high_failed = (high > channel.upper) & (strength <= weak)
    low_failed = (low < channel.lower) & (strength >= 1.0 - weak)
    return high_failed, low_failed


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
