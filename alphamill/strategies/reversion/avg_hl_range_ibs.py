"""49 AvgHLRangeIBS, below the highest high of the window as the idea was published.

The registry measures from the bar's own high, which asks one bar to span 2 to 3 average ranges:
``top`` = "bar" keeps that form.
"""

from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.core.params import Choice, Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, rolling_max, streak
from alphamill.indicators.trend import sma
from alphamill.strategies.says import long_only


def rule(
    bars: Bars,
    length: int,
    range_multiplier: float,
    bars_below_threshold: int,
    ibs_buy_threshold: float,
    top: str,
) -> Signals:
    n_below = bars_below(bars.high, bars.low, bars.close, length, range_multiplier, top)
    weak = ibs(bars.high, bars.low, bars.close) < ibs_buy_threshold
    return long_only(
        enter=(n_below >= bars_below_threshold) & weak,
        leave=bars.close > previous(bars.high),
    )


@memoised
def bars_below(
    high: Floats, low: Floats, close: Floats, n_bars: int, n_ranges: float, top: str
) -> Ints:
    """Return how many closes in a row lie below the line, ``n_ranges`` under the top."""
    highest = rolling_max(high, n_bars) if top == "highest" else high
    return streak(close < highest - n_ranges * sma(ranges(high, low), n_bars))


@memoised
def ranges(high: Floats, low: Floats) -> Floats:
    return high - low


AVG_HL_RANGE_IBS = Strategy(
    number=49,
    name="AvgHLRangeIBS",
    archetype="mean reversion",
    idea="Bars far below the recent high that close at their lows are sold out.",
    rule=rule,
    space={
        "length": Int(20, 1, 500, (15, 20, 25), "bars of average range and of highest high"),
        "range_multiplier": Float(2.5, 0.1, 20.0, (2.0, 2.5, 3.0), "average ranges below the top"),
        "bars_below_threshold": Int(2, 1, 50, (1, 2, 3), "least closes below the line in a row"),
        "ibs_buy_threshold": Float(0.2, 0.0, 1.0, (0.1, 0.2, 0.3), "enter below this strength"),
        "top": Choice("highest", ("highest", "bar"), (), "from the window's high or the bar's own"),
    },
    warmup=lambda p: int(p["length"]) + int(p["bars_below_threshold"]),
    needs=frozenset({"ohlc"}),
)
