from dataclasses import replace

import numpy as np

from alphamill.strategies.momentum.volume_weighted_macd import VOLUME_WEIGHTED_MACD

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken


def test_volume_weighted_macd_worked_by_hand():
    # Spans 1 (the last traded close), 3 and 3 (weight 1/2; times volume over its own average).
    # bar   close   volume   its average   weight     slow      line      signal
    #  4      8        1         1          1/2       8          0         0
    #  5     12        3         2          3/4      11          1         0.5      crosses above
    #  6     12        2         2          1/2      11.5        0.5       0.5      equal
    #  7      4        6         4          3/4       5.875     -1.875    -0.6875   crosses below
    #  8      4        0         2          0         5.875     -1.875    -1.2813
    #  9     10        2         2          1/2       7.9375     2.0625    0.3906   crosses above
    bars = replace(
        from_closes([8, 8, 8, 8, 8, 12, 12, 4, 4, 10]),
        volume=np.array([1.0, 1, 1, 1, 1, 3, 2, 6, 0, 2]),
    )

    assert spoken(VOLUME_WEIGHTED_MACD, bars, vwmacd_fast=1, vwmacd_slow=3, vwmacd_signal=3) == {
        "long": [5, 9],
        "short": [7],
        "leave_long": [7, 8],
        "leave_short": [5, 9],
    }


def test_volume_weighted_macd_drops_sets_whose_fast_average_is_not_the_faster():
    same = {"vwmacd_fast": 26, "vwmacd_slow": 26, "vwmacd_signal": 9}

    assert VOLUME_WEIGHTED_MACD.canonical(same) is None


def test_volume_weighted_macd_declares_the_bars_that_its_averages_need_to_forget():
    for cell in VOLUME_WEIGHTED_MACD.cells():
        slow, signal = (2 / (int(cell[name]) + 1) for name in ("vwmacd_slow", "vwmacd_signal"))

        assert VOLUME_WEIGHTED_MACD.warmup(cell) > bars_to_forget(slow) + bars_to_forget(signal)
