"""28 ATRTrailingStop."""

import numpy as np

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.trend import crosses_above, crosses_below, sma
from alphamill.indicators.volatility import atr, previous_donchian
from alphamill.strategies.says import both_sides

TREND_BARS = 50


def rule(bars: Bars, atr_period: int, atr_mult: float, atr_entry_length: int) -> Signals:
    long, short = breakouts(bars.high, bars.low, bars.close, atr_entry_length)
    never = np.zeros(len(bars), dtype=np.bool_)
    said = both_sides(long, short, leave_long=never, leave_short=never)
    # Read at every bar; the level it gives is ratcheted, so a wider range never loosens it.
    return said._replace(trail=atr_mult * atr(bars.high, bars.low, bars.close, atr_period))


@memoised
def breakouts(high: Floats, low: Floats, close: Floats, n_bars: int) -> tuple[Flags, Flags]:
    """Return where the close breaks upward, and downward, out of its channel and with the trend."""
    channel, trend = previous_donchian(high, low, n_bars), sma(close, TREND_BARS)
    up = crosses_above(close, channel.upper) & (close > trend)
    down = crosses_below(close, channel.lower) & (close < trend)
    return up, down


def warmup(params: Params) -> int:
    channel = int(params["atr_entry_length"]) + 2
    return max(28 * int(params["atr_period"]) + 1, channel, TREND_BARS)


ATR_TRAILING_STOP = Strategy(
    number=28,
    name="ATRTrailingStop",
    archetype="trend",
    idea="Let a breakout with the trend run until it gives back a few usual ranges.",
    rule=rule,
    space={
        "atr_period": Int(14, 1, 250, (14, 21, 28), "Wilder's length of the average true range"),
        "atr_mult": Float(3.0, 0.1, 20.0, (2.0, 3.0, 4.0), "distance of the trail in ranges"),
        "atr_entry_length": Int(20, 1, 500, (10, 20, 30), "bars whose extreme is broken"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
