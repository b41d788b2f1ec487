from dataclasses import replace

import numpy as np

from alphamill.strategies.seasonal.time_of_day_reversal import TIME_OF_DAY_REVERSAL

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken

# Seven rises and falls of 1: the averages of 14 are 0.5 each. Then, 13/14 of each kept:
# bar  change   gains   losses   RSI   opens at
#  15    -6     0.464   0.893    34.2   10:45
#  16    -6     0.431   1.258    25.5   11:00   crosses below 30
#  17    -1     0.400   1.239    24.4   11:15   below, as before
#  18    20     1.800   1.151    61.0   11:30
#  19    20     3.100   1.069    74.4   11:45   crosses above 70
#  20     0     2.879   0.992    74.4   15:00   late
CHANGES = [*[1.0, -1.0] * 7, -6.0, -6.0, -1.0, 20.0, 20.0, 0.0]
BARS = replace(
    from_closes([100.0, *(100.0 + np.cumsum(CHANGES)).tolist()]),
    minute=np.array([*[7 * 60 + 15 * t for t in range(20)], 15 * 60]),
    timeframe="15m",
)


def test_time_of_day_reversal_worked_by_hand():
    assert spoken(TIME_OF_DAY_REVERSAL, BARS) == {
        "long": [16],
        "short": [19],
        "leave_long": [19, 20],
        "leave_short": [16, 17, 20],
    }


def test_time_of_day_reversal_enters_in_its_hour_only():
    said = spoken(TIME_OF_DAY_REVERSAL, BARS, tod_entry_hour=10, tod_rsi_threshold=35)

    # At 10:45 the strength of 34.2 has crossed below 35.
    assert (said["long"], said["short"]) == ([15], [])


def test_time_of_day_reversal_declares_the_bars_that_its_strength_needs_to_forget():
    assert TIME_OF_DAY_REVERSAL.warmup({}) > bars_to_forget(1 / 14) + 1
