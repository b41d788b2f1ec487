from dataclasses import replace

import numpy as np

from alphamill.strategies.trend.price_volume_trend import PRICE_VOLUME_TREND

from ..markets import from_closes
from ..worksheet import spoken

# bar   close   change   volume    total   mean of 3
#  2     10       0        10        0       0
#  3     20       1        10       10       3.33   crosses above
#  4     10      -0.5      10        5       5      equal: neither side leaves
#  5     20       1         2        7       7.33   crosses below: the same rise on little volume
#  6     10      -0.5      16       -1       3.67
#  7     20       1        10        9       5      crosses above
#  8     20       0        10        9       5.67
CLOSE = [10, 10, 10, 20, 10, 20, 10, 20, 20]
VOLUME = np.array([10.0, 10, 10, 10, 10, 2, 16, 10, 10])
SAID = {"long": [3, 7], "short": [5], "leave_long": [5, 6], "leave_short": [3, 7, 8]}


def test_price_volume_trend_worked_by_hand():
    bars = replace(from_closes(CLOSE), volume=VOLUME)

    assert spoken(PRICE_VOLUME_TREND, bars, pvt_length=3) == SAID


def test_price_volume_trend_weighs_changes_of_traded_prices():
    bars = replace(
        from_closes([c - 15 for c in CLOSE]), volume=VOLUME, adjusted="add", raw_close=CLOSE
    )

    assert spoken(PRICE_VOLUME_TREND, bars, pvt_length=3) == SAID


def test_price_volume_trend_needs_its_window_and_the_bar_before_a_crossing():
    # Bar 3 of the worksheet is the fourth.
    assert PRICE_VOLUME_TREND.warmup({"pvt_length": 3}) == 4
