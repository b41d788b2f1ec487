from alphamill.strategies.trend.triple_ma import TRIPLE_MA

from ..markets import from_closes
from ..worksheet import spoken

SHORT = {"tma_fast": 1, "tma_middle": 2, "tma_slow": 3}


def test_triple_ma_worked_by_hand():
    # bar    close   mean of 2   mean of 3
    #  2      10      10          10        the first bar on which all are known
    #  3      13      11.5        11        rising order, the first time
    #  4      13      13          12        13 is not above 13
    #  5      16      14.5        14        rising order, the first time again
    #  6      17      16.5        15.33     rising, as the bar before
    #  7      14      15.5        15.67     falling order
    #  8      15      14.5        15.33     neither order, but the fast one above the middle one
    #  9      10      12.5        13        falling order, the first time again
    bars = from_closes([10, 10, 10, 13, 13, 16, 17, 14, 15, 10])

    assert spoken(TRIPLE_MA, bars, **SHORT) == {
        "long": [3, 5],
        "short": [7, 9],
        "leave_long": [7, 9],
        "leave_short": [3, 5, 6, 8],
    }


def test_triple_ma_does_not_take_the_first_known_bar_for_a_new_order():
    # At bar 2 all are known for the first time: 14 over 12 over 11.
    assert spoken(TRIPLE_MA, from_closes([9, 10, 14, 15]), **SHORT)["long"] == []


def test_triple_ma_drops_sets_out_of_order():
    assert TRIPLE_MA.canonical({"tma_fast": 10, "tma_middle": 10, "tma_slow": 20}) is None
    assert TRIPLE_MA.canonical({"tma_fast": 5, "tma_middle": 20, "tma_slow": 20}) is None
