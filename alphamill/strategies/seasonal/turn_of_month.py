"""43 TurnOfMonth: the last sessions of a month and the first three weekdays of the next.

``window`` "dates" is the registry's form, from a day of the month to its end. A day stands for as
many sessions as a month of 30 days has weekdays after it: 20 for seven, 25 for three, 28 for one.
"""

from alphamill.core.market import Bars, Flags, Ints, Signals
from alphamill.core.params import Choice, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import rsi
from alphamill.indicators.rolling import previous
from alphamill.indicators.session import weekday_of_month
from alphamill.strategies.says import long_only

FIRST_WEEKDAYS = 3


def rule(
    bars: Bars, day_threshold: int, rsi_period: int, rsi_overbought: int, window: str
) -> Signals:
    in_turn = turn(bars.session, bars.sessions_left_in_month, day_threshold, window)
    return long_only(
        enter=in_turn & (bars.close < previous(bars.close)),
        leave=rsi(bars.close, rsi_period) > rsi_overbought,
    )


@memoised
def turn(session: Ints, sessions_left: Ints, first_day: int, window: str) -> Flags:
    """Return which bars lie within the turn of a month that begins on its ``first_day``."""
    if window == "dates":
        return session % 100 >= first_day
    n_last = max(1, (30 - first_day) * 5 // 7)
    return (sessions_left < n_last) | (weekday_of_month(session) <= FIRST_WEEKDAYS)


TURN_OF_MONTH = Strategy(
    number=43,
    name="TurnOfMonth",
    archetype="seasonal",
    idea="Wages and pension money are invested around the turn of the month.",
    rule=rule,
    space={
        "day_threshold": Int(25, 1, 28, (20, 25, 28), "day of the month from which it may buy"),
        "rsi_period": Int(14, 2, 100, (10, 14, 20), "Wilder's length of the strength that ends it"),
        "rsi_overbought": Int(65, 50, 99, (60, 65, 70, 75), "leave above this strength"),
        "window": Choice("turn", ("turn", "dates"), (), "both sides of the turn, or dates only"),
    },
    warmup=lambda p: 28 * int(p["rsi_period"]) + 1,
)
