"""39 TimeOfDayReversal: hours of the exchange's own clock, of a bar's open."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import rsi
from alphamill.indicators.rolling import previous
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered

RSI_BARS = 14
RECOVERED = 70


def rule(bars: Bars, tod_entry_hour: int, tod_rsi_threshold: int, tod_exit_hour: int) -> Signals:
    strength, hour = rsi(bars.close, RSI_BARS), bars.minute // 60
    before = previous(strength)
    low, high = tod_rsi_threshold, 100 - tod_rsi_threshold
    # Said of bars whose strength is known only: the clock alone is no opinion.
    late = (hour >= tod_exit_hour) & (strength >= 0.0)
    return both_sides(
        long=(hour == tod_entry_hour) & (strength < low) & (before >= low),
        short=(hour == tod_entry_hour) & (strength > high) & (before <= high),
        leave_long=late | (strength >= RECOVERED),
        leave_short=late | (strength <= 100 - RECOVERED),
    )


TIME_OF_DAY_REVERSAL = Strategy(
    number=39,
    name="TimeOfDayReversal",
    archetype="mean reversion",
    idea="A morning that runs too far one way turns around toward noon.",
    rule=rule,
    space={
        "tod_entry_hour": Int(11, 0, 23, (10, 11, 13), "hour of the exchange's day to enter in"),
        "tod_rsi_threshold": Int(30, 1, 50, (25, 30, 35), "enter below; short above 100 less this"),
        "tod_exit_hour": Int(15, 0, 23, (14, 15), "leave from this hour on"),
    },
    warmup=lambda _: 28 * RSI_BARS + 2,
    needs=frozenset({"intraday"}),
    sides="both",
    canonical=ordered("tod_entry_hour", "tod_exit_hour"),
)
