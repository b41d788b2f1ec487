from alphamill.strategies.reversion.cumulative_rsi import CUMULATIVE_RSI

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken


def test_cumulative_rsi_worked_by_hand():
    # The RSI of RSI2_MeanReversion's worksheet, and the sum of two.
    # bar   close    RSI      sum
    #  2     11     66.67
    #  3      9     28.57    95.24
    #  4      6     10.53    39.10   half of 25 is more than 10.53, but one bar is not two
    #  5      4      5.71    16.24   below 25
    #  6     10     74.81    80.52   the RSI above 60
    #  7     14     87.26   162.07
    #  8     18     93.59   180.85   above 175
    #  9     17     74.96   168.55
    # 10     13     28.91   103.88   the RSI below 40
    bars = from_closes([10, 12, 11, 9, 6, 4, 10, 14, 18, 17, 13])

    assert spoken(CUMULATIVE_RSI, bars) == {
        "long": [5],
        "short": [8],
        "leave_long": [2, 6, 7, 8, 9],
        "leave_short": [3, 4, 5, 10],
    }


def test_cumulative_rsi_mirrors_its_threshold_in_the_largest_sum():
    # Sums of three, from the table above: bar 5 has 44.81, bars 8 and 9 255.66 and 255.81.
    bars = from_closes([10, 12, 11, 9, 6, 4, 10, 14, 18, 17, 13])

    said = spoken(CUMULATIVE_RSI, bars, cum_bars=3, cum_oversold=45)

    assert (said["long"], said["short"]) == ([5], [8, 9])


def test_cumulative_rsi_declares_the_bars_that_its_averages_need_to_forget():
    for cell in CUMULATIVE_RSI.cells():
        memory = bars_to_forget(1 / int(cell["rsi_length"]))

        assert CUMULATIVE_RSI.warmup(cell) >= memory + int(cell["cum_bars"])
