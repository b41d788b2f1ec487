from dataclasses import replace

import numpy as np

from alphamill.strategies.trend.chaikin_oscillator import CHAIKIN_OSCILLATOR

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken


def test_chaikin_oscillator_worked_by_hand():
    # Low 0, high 4, volume 8: a flow of 8 for a close at the high, -8 at the low, 0 in the middle.
    # Spans 1 (the line itself) and 3 (weight 1/2).
    # bar   close   flow   line   ema 3    oscillator
    #  0      2       0      0     0
    #  1      4       8      8     4
    #  2      4       8     16    10         6        the first bar on which it is known
    #  3      0      -8      8     9        -1        crosses below 0
    #  4      0      -8      0     4.5      -4.5
    #  5      1      -4     -4     0.25     -4.25
    #  6      4       8      4     2.125     1.875    crosses above 0
    #  7      2       0      4     3.0625    0.9375
    close = [2.0, 4.0, 4.0, 0.0, 0.0, 1.0, 4.0, 2.0]
    bars = replace(drawn(close, [4.0] * 8, [0.0] * 8, close), volume=np.full(8, 8.0))

    assert spoken(CHAIKIN_OSCILLATOR, bars, co_fast=1, co_slow=3) == {
        "long": [6],
        "short": [3],
        "leave_long": [3, 4, 5],
        "leave_short": [2, 6, 7],
    }


def test_chaikin_oscillator_drops_sets_whose_fast_average_is_not_the_faster():
    assert CHAIKIN_OSCILLATOR.canonical({"co_fast": 10, "co_slow": 10}) is None


def test_chaikin_oscillator_declares_the_bars_that_its_averages_need_to_forget():
    for cell in CHAIKIN_OSCILLATOR.cells():
        weight = 2 / (int(cell["co_slow"]) + 1)

        assert CHAIKIN_OSCILLATOR.warmup(cell) > bars_to_forget(weight)
