from alphamill.strategies.reversion.rsi2_mean_reversion import RSI2_MEAN_REVERSION

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken


def test_rsi2_mean_reversion_worked_by_hand():
    # Wilder's averages of 2, seeded with the mean of the first two changes; then halfway each bar.
    # bar   close  change   gains     losses     RSI
    #  2     11     -1      1         0.5        66.67
    #  3      9     -2      0.5       1.25       28.57
    #  4      6     -3      0.25      2.125      10.53
    #  5      4     -2      0.125     2.0625      5.71   below 10
    #  6     10      6      3.0625    1.0313     74.81   above 65
    #  7     14      4      3.5313    0.5156     87.26
    #  8     18      4      3.7656    0.2578     93.59   above 90
    #  9     17     -1      1.8828    0.6289     74.96
    # 10     13     -4      0.9414    2.3145     28.91   below 35
    bars = from_closes([10, 12, 11, 9, 6, 4, 10, 14, 18, 17, 13])

    assert spoken(RSI2_MEAN_REVERSION, bars) == {
        "long": [5],
        "short": [8],
        "leave_long": [2, 6, 7, 8, 9],
        "leave_short": [3, 4, 5, 10],
    }


def test_rsi2_mean_reversion_leaves_after_a_window_without_a_loss():
    # The source's RSI was unknown here, and its exit never came.
    assert spoken(RSI2_MEAN_REVERSION, from_closes([1, 2, 3, 4]))["leave_long"] == [2, 3]


def test_rsi2_mean_reversion_says_nothing_about_a_price_that_never_moved():
    assert sum(spoken(RSI2_MEAN_REVERSION, from_closes([5.0] * 9)).values(), []) == []


def test_rsi2_mean_reversion_declares_the_bars_that_its_averages_need_to_forget():
    for cell in RSI2_MEAN_REVERSION.cells():
        weight = 1 / int(cell["rsi_length"])

        assert RSI2_MEAN_REVERSION.warmup(cell) > bars_to_forget(weight)
