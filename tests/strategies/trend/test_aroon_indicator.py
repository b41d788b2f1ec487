import pytest

from alphamill.strategies.trend.aroon_indicator import AROON_INDICATOR

from ..markets import drawn
from ..worksheet import spoken


def test_aroon_indicator_worked_by_hand():
    # Lows lie 2 below the highs; the extremes of five bars, 100 for the present, 0 for the oldest.
    # bar   high   highest     up    lowest      down
    #  4     10    12, bar 2    50    8, bar 4    100
    #  5      9    12, bar 2    25    7, bar 5    100
    #  6     10    12, bar 2     0    7, bar 5     75
    #  7     13    13, bar 7   100    7, bar 5     50    up crosses above
    #  8     12    13, bar 7    75    7, bar 5     25
    #  9     11    13, bar 7    50    7, bar 5      0    up below 70
    # 10      8    13, bar 7    25    6, bar 10   100    down crosses above
    high = [10.0, 11.0, 12.0, 11.0, 10.0, 9.0, 10.0, 13.0, 12.0, 11.0, 8.0]
    low = [h - 2 for h in high]

    assert spoken(AROON_INDICATOR, drawn(low, high, low, low), aroon_period=4) == {
        "long": [7],
        "short": [10],
        "leave_long": [4, 5, 6, 9, 10],
        "leave_short": [7, 8, 9],
    }


@pytest.mark.parametrize(("least", "long"), [(50.0, [5]), (51.0, [])])
def test_aroon_indicator_wants_a_fresh_extreme(least, long):
    # bar   highest     up    lowest     down
    #  4    20, bar 0    0    5, bar 1    25
    #  5    11, bar 3   50    5, bar 1     0    up crosses above, for the old high is forgotten
    high, low = [20.0, 10.0, 10.0, 11.0, 10.0, 9.0], [8.0, 5.0, 8.0, 8.0, 8.0, 8.0]

    said = spoken(
        AROON_INDICATOR, drawn(low, high, low, low), aroon_period=4, aroon_threshold=least
    )

    # Bar 4: the low is fresher than the high, but not fresh.
    assert (said["long"], said["leave_short"]) == (long, [4, 5])
