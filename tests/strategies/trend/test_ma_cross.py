from alphamill.strategies.trend.ma_cross import MA_CROSS

from ..markets import from_closes
from ..worksheet import spoken


def test_ma_cross_worked_by_hand():
    # bar    close  mean of 2  mean of 3
    #  2      10      10         10
    #  3      13      11.5       11     crosses above: equal on the bar before is not above
    #  4      13      13         12
    #  5      10      11.5       12     crosses below
    #  6       7       8.5       10
    #  7       7       7          8
    bars = from_closes([10, 10, 10, 13, 13, 10, 7, 7])

    assert spoken(MA_CROSS, bars, ma_fast=2, ma_slow=3) == {
        "long": [3],
        "short": [5],
        "leave_long": [5, 6, 7],
        "leave_short": [3, 4],
    }


def test_ma_cross_does_not_take_the_first_known_bar_for_a_crossing():
    # At bar 2 the averages are known for the first time, the fast one above: 12 > 11.
    said = spoken(MA_CROSS, from_closes([9, 10, 14, 14]), ma_fast=2, ma_slow=3)

    assert (said["long"], said["leave_short"]) == ([], [2, 3])


def test_ma_cross_drops_sets_whose_fast_average_is_not_the_faster():
    assert MA_CROSS.canonical({"ma_fast": 30, "ma_slow": 30}) is None
    assert MA_CROSS.canonical({"ma_fast": 20, "ma_slow": 30}) == {"ma_fast": 20, "ma_slow": 30}
