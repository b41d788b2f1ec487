from alphamill.strategies.momentum.macd import MACD

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken


def test_macd_worked_by_hand():
    # Spans 1 (the close itself), 3 and 3 (weight 1/2 each).
    # bar    close   ema 3    line    signal
    #  4       8      8        0       0      the first bar on which the signal is known
    #  5      12     10        2       1      crosses above
    #  6      12     11        1       1      equal: neither side leaves
    #  7       4      7.5     -3.5    -1.25   crosses below
    #  8       4      5.75    -1.75   -1.5
    bars = from_closes([8, 8, 8, 8, 8, 12, 12, 4, 4])

    assert spoken(MACD, bars, macd_fast=1, macd_slow=3, macd_signal=3) == {
        "long": [5],
        "short": [7],
        "leave_long": [7, 8],
        "leave_short": [5],
    }


def test_macd_drops_sets_whose_fast_average_is_not_the_faster():
    assert MACD.canonical({"macd_fast": 26, "macd_slow": 26, "macd_signal": 9}) is None


def test_macd_declares_the_bars_that_one_average_after_the_other_needs_to_forget():
    for cell in MACD.cells():
        slow, signal = (2 / (int(cell[name]) + 1) for name in ("macd_slow", "macd_signal"))

        assert MACD.warmup(cell) > bars_to_forget(slow) + bars_to_forget(signal)
