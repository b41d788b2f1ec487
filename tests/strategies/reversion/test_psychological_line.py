from alphamill.strategies.reversion.psychological_line import PSYCHOLOGICAL_LINE

from ..markets import from_closes
from ..worksheet import spoken


def test_psychological_line_worked_by_hand():
    # bar   close   last four    rose   fell
    #  4      6     - - - -        0    100
    #  5      7     - - - +       25     75
    #  6      8     - - + +       50     50
    #  7      9     - + + +       75     25
    #  8     10     + + + +      100      0
    #  9     10     + + + =       75      0
    # 10      9     + + = -       50     25    a quarter fell: the mirror of a quarter that rose
    # 11      8     + = - -       25     50
    # 12      8     = - - =        0     50
    # 13      8     - - = =        0     50
    # 14      8     - = = =        0     25    few rose and few fell: neither
    bars = from_closes([10, 9, 8, 7, 6, 7, 8, 9, 10, 10, 9, 8, 8, 8, 8])

    assert spoken(PSYCHOLOGICAL_LINE, bars, psy_length=4) == {
        "long": [4, 5, 11, 12, 13],
        "short": [7, 8, 9, 10],
        "leave_long": [7, 8, 9],
        "leave_short": [4, 5],
    }


def test_psychological_line_says_nothing_about_a_price_that_never_moved():
    assert sum(spoken(PSYCHOLOGICAL_LINE, from_closes([1.1] * 30)).values(), []) == []


def test_psychological_line_keeps_one_set_of_those_that_reach_as_many_bars():
    # Of 12 bars, 25 to 33 percent are 3; 67 to 75 percent are 9.
    kept = {"psy_length": 12, "psy_oversold": 25, "psy_overbought": 75}

    assert PSYCHOLOGICAL_LINE.canonical({**kept, "psy_oversold": 33, "psy_overbought": 67}) == kept
    assert PSYCHOLOGICAL_LINE.canonical({**kept, "psy_oversold": 34})["psy_oversold"] == 34
    assert PSYCHOLOGICAL_LINE.canonical({**kept, "psy_overbought": 66})["psy_overbought"] == 66
