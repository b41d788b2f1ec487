from alphamill.strategies.breakout.price_channel_breakout import PRICE_CHANNEL_BREAKOUT

from ..markets import drawn
from ..worksheet import spoken

# Highs and lows lie 0.5 beyond the close; the two bars before.
# bar   close   lower   upper
#  2     10      9.5    11.5
#  3     12      9.5    11.5    crosses above
#  4     13      9.5    12.5    above, as the bar before
#  5     12     11.5    13.5
#  6      9     11.5    13.5    crosses below
#  7      8      8.5    12.5    below, as the bar before
#  8     13      7.5     9.5    crosses above
CLOSE = [10.0, 11.0, 10.0, 12.0, 13.0, 12.0, 9.0, 8.0, 13.0]
BARS = drawn(CLOSE, [c + 0.5 for c in CLOSE], [c - 0.5 for c in CLOSE], CLOSE)


def test_price_channel_breakout_worked_by_hand():
    assert spoken(PRICE_CHANNEL_BREAKOUT, BARS, channel_length=2) == {
        "long": [3, 8],
        "short": [6],
        "leave_long": [6, 7],
        "leave_short": [3, 4, 8],
    }


def test_price_channel_breakout_may_ask_for_a_part_of_the_width_beyond():
    # A quarter of the width. Bar 3: 11.5 + 0.5, not above. Bar 4: 12.5 + 0.75. Bar 7: 8.5 - 1.
    said = spoken(PRICE_CHANNEL_BREAKOUT, BARS, channel_length=2, channel_breakout_pct=25.0)

    assert said == {"long": [8], "short": [6], "leave_long": [6], "leave_short": [8]}


def test_price_channel_breakout_takes_a_bound_that_is_met_for_not_broken():
    # Bar 2 closes at 11.5, the highest of the two before, bar 4 at 10, the lowest.
    close = [10.5, 11.0, 11.5, 11.0, 10.0]
    bars = drawn(close, [11.0, 11.5, 12.0, 11.5, 11.0], [10.0, 10.5, 10.0, 10.5, 9.5], close)

    assert sum(spoken(PRICE_CHANNEL_BREAKOUT, bars, channel_length=2).values(), []) == []
