"""19 MACD."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators import momentum
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, macd_fast: int, macd_slow: int, macd_signal: int) -> Signals:
    line, signal, _ = momentum.macd(bars.close, macd_fast, macd_slow, macd_signal)
    return both_sides(
        long=crosses_above(line, signal),
        short=crosses_below(line, signal),
        leave_long=line < signal,
        leave_short=line > signal,
    )


def warmup(params: Params) -> int:
    # The signal line's memory begins only where the line's has ended.
    longest = max(int(params["macd_fast"]), int(params["macd_slow"]))
    return 14 * (longest + int(params["macd_signal"])) + 1


MACD = Strategy(
    number=19,
    name="MACD",
    archetype="momentum",
    idea="A trend that gathers speed goes on.",
    rule=rule,
    space={
        "macd_fast": Int(12, 1, 500, (8, 12, 16), "span of the fast average"),
        "macd_slow": Int(26, 2, 1000, (21, 26, 31), "span of the slow average"),
        "macd_signal": Int(9, 1, 500, (7, 9, 11), "span of the signal line"),
    },
    warmup=warmup,
    sides="both",
    canonical=ordered("macd_fast", "macd_slow"),
)
