from alphamill.strategies.momentum.cci_strategy import CCI_STRATEGY

from ..markets import drawn
from ..worksheet import spoken


def test_cci_strategy_worked_by_hand():
    # Highs and lows lie 1 beyond the close, so the typical price is the close; three bars.
    # bar   closes      mean    mean deviation   off by     CCI = off / (0.015 x deviation)
    #  2   10 10 10    10            0             0          0
    #  3   10 10  7     9            4/3          -2       -100
    #  4   10  7  8     8 1/3       10/9          -1/3      -20     crosses above -60
    #  5    7  8  9     8            2/3           1        100     crosses above -10
    #  6    8  9 13    10            2             3        100
    #  7    9 13 12    11 1/3       14/9           2/3       28.6   crosses below 60
    #  8   13 12 12    12 1/3        4/9          -1/3      -50     crosses below 10
    close = [10.0, 10.0, 10.0, 7.0, 8.0, 9.0, 13.0, 12.0, 12.0]
    bars = drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)

    said = spoken(CCI_STRATEGY, bars, cci_length=3, cci_oversold=-60, cci_overbought=10)

    assert said == {"long": [4], "short": [7], "leave_long": [8], "leave_short": [5]}


def test_cci_strategy_says_nothing_about_a_price_at_rest():
    close = [1.1, 1.1012, 1.0993, *[1.10001] * 27]
    said = spoken(CCI_STRATEGY, drawn(close, close, close, close), cci_length=5)

    # From bar 7 on the window is flat.
    assert max(sum(said.values(), []), default=0) <= 7
