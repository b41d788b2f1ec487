from alphamill.strategies.reversion.avg_hl_range_ibs import AVG_HL_RANGE_IBS

from ..markets import drawn
from ..worksheet import spoken

# Ranges of 2, but for bar 5 with 8.
HIGH = [20.0, 20.0, 18.0, 16.0, 15.0, 21.0, 22.0]
LOW = [18.0, 18.0, 16.0, 14.0, 13.0, 13.0, 20.0]
CLOSE = [19.0, 19.0, 16.2, 14.2, 14.9, 14.0, 21.5]
BARS = drawn(CLOSE, HIGH, LOW, CLOSE)
GIVEN = {"length": 3, "range_multiplier": 1.5, "ibs_buy_threshold": 0.2}


def test_avg_hl_range_ibs_worked_by_hand():
    # bar   highest of 3   mean range   line   close  below in a row   strength
    #  2        20             2         17     16.2        1            0.1
    #  3        20             2         17     14.2        2            0.1     enters
    #  4        18             2         15     14.9        3            0.95
    #  5        21             4         15     14          4            0.125   enters
    #  6        22             4         16     21.5        0            0.75    21.5 > 21 leaves
    said = spoken(AVG_HL_RANGE_IBS, BARS, **GIVEN, bars_below_threshold=2)

    assert said == {"long": [3, 5], "short": [], "leave_long": [6], "leave_short": []}


def test_avg_hl_range_ibs_from_the_bars_own_high_asks_one_bar_for_the_whole_way():
    # Bar 5: 21 - 1.5 x 4 = 15 > 14. Bar 3: 16 - 1.5 x 2 = 13, the close is 14.2.
    said = spoken(AVG_HL_RANGE_IBS, BARS, **GIVEN, bars_below_threshold=1, top="bar")

    assert said["long"] == [5]
