from alphamill.strategies.momentum.chande_momentum import CHANDE_MOMENTUM

from ..markets import from_closes
from ..worksheet import spoken


def test_chande_momentum_worked_by_hand():
    # bar   close   last three changes   100 x (gains - losses) / (gains + losses)
    #  3      7       -1   -1   -1         -100
    #  4      8       -1   -1    1          -33.3    crosses above -50
    #  5      9       -1    1    1           33.3    crosses above -20
    #  6     11        1    1    2          100
    #  7     10.2      1    2   -0.8          57.9    not below 50
    #  8     10.2      2   -0.8  0            42.9    crosses below 50
    #  9      9       -0.8  0   -1.2        -100      crosses below 20
    bars = from_closes([10, 9, 8, 7, 8, 9, 11, 10.2, 10.2, 9])

    said = spoken(CHANDE_MOMENTUM, bars, cmo_length=3, cmo_oversold=-50, cmo_overbought=20)

    assert said == {"long": [4], "short": [8], "leave_long": [9], "leave_short": [5]}


def test_chande_momentum_says_nothing_about_a_price_that_never_moved():
    said = spoken(CHANDE_MOMENTUM, from_closes([1.1] * 9), cmo_length=3)

    assert sum(said.values(), []) == []


def test_chande_momentum_drops_sets_whose_two_levels_are_one():
    one = {"cmo_length": 14, "cmo_oversold": 0, "cmo_overbought": 0}

    assert CHANDE_MOMENTUM.canonical(one) is None


def test_chande_momentum_needs_a_close_before_its_changes_and_a_bar_before_a_crossing():
    # Bar 4 of the worksheet is the fifth.
    assert CHANDE_MOMENTUM.warmup({"cmo_length": 3}) == 5
