from alphamill.strategies.trend.turtle_trading import TURTLE_TRADING

from ..markets import drawn
from ..worksheet import spoken


def test_turtle_trading_worked_by_hand():
    # Highs and lows lie 0.5 beyond the close. In by the three bars before, out by the two before.
    # bar   close   in below  above    out below  above
    #  3     12        9.5    11.5        9.5     11.5   above, but before it nothing was known
    #  4     13        9.5    12.5        9.5     12.5   above, as the bar before
    #  5     12        9.5    13.5       11.5     13.5
    #  6      9       11.5    13.5       11.5     13.5   crosses below
    #  7      8        8.5    13.5        8.5     12.5   below, as the bar before
    #  8     13        7.5    12.5        7.5      9.5   crosses above
    close = [10.0, 11.0, 10.0, 12.0, 13.0, 12.0, 9.0, 8.0, 13.0]
    bars = drawn(close, [c + 0.5 for c in close], [c - 0.5 for c in close], close)

    said = spoken(TURTLE_TRADING, bars, turtle_entry_length=3, turtle_exit_length=2)

    assert said == {"long": [8], "short": [6], "leave_long": [6, 7], "leave_short": [3, 4, 8]}


def test_turtle_trading_leaves_by_the_exit_length():
    # Bar 4 falls to 11: below the lows of the two bars before (12.5), not of the four (9.5).
    close = [10.0, 11.0, 13.0, 14.0, 11.0]
    bars = drawn(close, [c + 0.5 for c in close], [c - 0.5 for c in close], close)

    said = {n: spoken(TURTLE_TRADING, bars, turtle_exit_length=n)["leave_long"] for n in (2, 4)}

    assert said == {2: [4], 4: []}


def test_turtle_trading_leaves_beyond_the_extreme_not_at_it():
    close = [10.0, 10.5, 9.0]
    bars = drawn(close, [10.5] * 3, [9.0] * 3, close)

    said = spoken(TURTLE_TRADING, bars, turtle_entry_length=1, turtle_exit_length=1)

    assert sum(said.values(), []) == []
