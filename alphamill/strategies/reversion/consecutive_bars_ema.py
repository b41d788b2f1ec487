"""48 ConsecutiveBarsEMA."""

from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.core.params import Choice, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.indicators.trend import ema, sma
from alphamill.strategies.says import both_sides


def rule(bars: Bars, consecutive_bars_threshold: int, ma_type: str, ma_length: int) -> Signals:
    mean = sma(bars.close, ma_length) if ma_type == "SMA" else ema(bars.close, ma_length)
    n_below, n_above = runs(bars.close, mean)
    return both_sides(
        long=n_below >= consecutive_bars_threshold,
        short=n_above >= consecutive_bars_threshold,
        leave_long=bars.close > previous(bars.high),
        leave_short=bars.close < previous(bars.low),
    )


@memoised
def runs(close: Floats, mean: Floats) -> tuple[Ints, Ints]:
    """Return how many closes in a row, the present one last, lie below and above the average."""
    return streak(close < mean), streak(close > mean)


def warmup(params: Params) -> int:
    length = int(params["ma_length"]) * (1 if params["ma_type"] == "SMA" else 14)
    # A bar at the least: the exits read the one before.
    return max(length + int(params["consecutive_bars_threshold"]) - 1, 2)


CONSECUTIVE_BARS_EMA = Strategy(
    number=48,
    name="ConsecutiveBarsEMA",
    archetype="mean reversion",
    idea="A price that stays below its short average for days is stretched and snaps back.",
    rule=rule,
    space={
        "consecutive_bars_threshold": Int(3, 1, 50, (2, 3, 4), "least closes below in a row"),
        "ma_type": Choice("SMA", ("SMA", "EMA"), ("SMA", "EMA"), "simple or exponential average"),
        "ma_length": Int(5, 1, 500, (5, 10, 20), "bars or span of the average"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
