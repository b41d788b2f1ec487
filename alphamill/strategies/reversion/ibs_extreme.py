"""53 IBSExtreme: IBSStrategy with stricter entries, thresholds included."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float
from alphamill.core.strategy import Strategy
from alphamill.indicators.candles import ibs
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, ibs_entry_threshold: float, ibs_exit_threshold: float) -> Signals:
    strength = ibs(bars.high, bars.low, bars.close)
    return both_sides(
        long=strength <= ibs_entry_threshold,
        short=strength >= 1.0 - ibs_entry_threshold,
        leave_long=strength >= ibs_exit_threshold,
        leave_short=strength <= 1.0 - ibs_exit_threshold,
    )


IBS_EXTREME = Strategy(
    number=53,
    name="IBSExtreme",
    archetype="mean reversion",
    idea="A close on the very low of its bar was forced, and the next bar corrects it.",
    rule=rule,
    space={
        "ibs_entry_threshold": Float(
            0.1, 0.0, 0.49, (0.05, 0.1, 0.15), "enter at or below; short at or above 1 less this"
        ),
        "ibs_exit_threshold": Float(
            0.7, 0.5, 1.0, (0.65, 0.7, 0.75, 0.8), "leave at or above; shorts mirrored"
        ),
    },
    warmup=lambda _: 1,
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=ordered("ibs_entry_threshold", "ibs_exit_threshold"),
)
