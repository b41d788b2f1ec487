"""52 ATRBuyDip."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Bool, Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous
from alphamill.indicators.trend import ema, sma
from alphamill.indicators.volatility import atr
from alphamill.strategies.says import long_only
from alphamill.strategies.sets import unread_without


def rule(
    bars: Bars,
    atr_period: int,
    atr_multiplier: float,
    smoothing_period: int,
    ema_period: int,
    use_ema_filter: bool,
) -> Signals:
    range_ = atr(bars.high, bars.low, bars.close, atr_period)
    dip = dips(bars.close, range_, atr_multiplier, smoothing_period)
    if use_ema_filter:
        dip = dip & (bars.close > ema(bars.close, ema_period))
    return long_only(enter=dip, leave=bars.close > previous(bars.high))


@memoised
def dips(close: Floats, range_: Floats, n_ranges: float, n_bars: int) -> Flags:
    """Return where the close lies below the average of what is ``n_ranges`` under its path."""
    return close < sma(close - n_ranges * range_, n_bars)


def warmup(params: Params) -> int:
    line = 28 * int(params["atr_period"]) + int(params["smoothing_period"])
    return max(line, 14 * int(params["ema_period"])) if params["use_ema_filter"] else line


ATR_BUY_DIP = Strategy(
    number=52,
    name="ATRBuyDip",
    archetype="mean reversion",
    idea="A close more than a usual range below its recent path bounces.",
    rule=rule,
    space={
        "atr_period": Int(20, 1, 250, (14, 20, 28), "Wilder's length of the average true range"),
        "atr_multiplier": Float(1.0, 0.0, 10.0, (0.5, 1.0, 1.5, 2.0), "depth of the dip in ranges"),
        "smoothing_period": Int(10, 1, 250, (5, 10, 15), "bars over which the line is averaged"),
        "ema_period": Int(200, 2, 1000, (100, 150, 200), "span of the trend filter"),
        "use_ema_filter": Bool(False, (True, False), "buy above the trend only"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    canonical=unread_without("use_ema_filter", "ema_period", 200),
)
