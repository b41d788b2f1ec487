from alphamill.strategies.momentum.williams_percent_r import WILLIAMS_PERCENT_R

from ..markets import drawn
from ..worksheet import spoken


def test_williams_percent_r_worked_by_hand():
    # Highs and lows lie 1 beyond the close; three bars.
    # bar   close   highest  lowest     %R
    #  2      6       11       5     -5/6  -83.3
    #  3      7        9       5     -2/4  -50     crosses above -75, and above -55
    #  4      9       10       5     -1/5  -20
    #  5     12       13       6     -1/7  -14.3
    #  6     11       13       8     -2/5  -40     crosses below -25
    #  7      8       13       7     -5/6  -83.3   crosses below -45
    close = [10.0, 8.0, 6.0, 7.0, 9.0, 12.0, 11.0, 8.0]
    bars = drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)

    said = spoken(WILLIAMS_PERCENT_R, bars, wr_length=3, wr_oversold=-75, wr_overbought=-45)

    assert said == {"long": [3], "short": [6], "leave_long": [7], "leave_short": [3]}


def test_williams_percent_r_drops_sets_that_leave_where_they_enter():
    at_the_middle = {"wr_length": 14, "wr_oversold": -50, "wr_overbought": -50}

    assert WILLIAMS_PERCENT_R.canonical(at_the_middle) is None
