from alphamill.strategies.breakout.keltner_channel_breakout import KELTNER_CHANNEL_BREAKOUT

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken


def test_keltner_channel_breakout_worked_by_hand():
    # Highs and lows lie 1 beyond the close. ema of 3 (weight 1/2), mean of 2 true ranges, x 0.5.
    # bar    close  true range  mean range    ema     lower    upper
    #  2      10       2            2        10        9        11
    #  3      14       5            3.5      12       10.25     13.75  crosses above: 14 > 13.75
    #  4      18       5            5        15       12.5      17.5   above, as the bar before
    #  5      14       5            5        14.5     12        17     14 <= 14.5
    #  6      11       4            4.5      12.75    10.5      15
    #  7       6       6            5         9.375    6.875    11.875 crosses below: 6 < 6.875
    close = [10.0, 10.0, 10.0, 14.0, 18.0, 14.0, 11.0, 6.0]
    bars = drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)

    said = spoken(KELTNER_CHANNEL_BREAKOUT, bars, kc_length=3, kc_atr_length=2, kc_multiplier=0.5)

    assert said == {
        "long": [3],
        "short": [7],
        "leave_long": [2, 5, 6, 7],
        "leave_short": [2, 3, 4],
    }


def test_keltner_channel_breakout_declares_the_bars_that_its_average_needs_to_forget():
    for cell in KELTNER_CHANNEL_BREAKOUT.cells():
        weight = 2 / (int(cell["kc_length"]) + 1)

        assert KELTNER_CHANNEL_BREAKOUT.warmup(cell) > bars_to_forget(weight)
