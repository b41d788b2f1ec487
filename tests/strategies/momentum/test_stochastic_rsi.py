from alphamill.strategies.momentum.stochastic_rsi import STOCHASTIC_RSI

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken


def test_stochastic_rsi_worked_by_hand():
    # Wilder's index of 2 (as for RSI2_MeanReversion), then its place in its last four values.
    # bar   close    RSI     lowest  highest   place
    #  5      4      5.71     5.71    66.67      0
    #  6     10     74.81     5.71    74.81    100     crosses above 20, and above 30
    #  7     14     87.26     5.71    87.26    100
    #  8     13     69.97     5.71    87.26     78.8   crosses below 80
    #  9     17     88.38    69.97    88.38    100
    # 10     13     39.70    39.70    88.38      0     crosses below 80, and below 70
    # 11     12     31.13    31.13    88.38      0
    bars = from_closes([10, 12, 11, 9, 6, 4, 10, 14, 13, 17, 13, 12])
    short = {"stochrsi_length": 2, "stochrsi_stoch_length": 4}

    assert spoken(STOCHASTIC_RSI, bars, **short, stochrsi_oversold=20, stochrsi_overbought=70) == {
        "long": [6],
        "short": [8, 10],
        "leave_long": [10],
        "leave_short": [6],
    }


def test_stochastic_rsi_says_nothing_in_a_quiet_night():
    bars = from_closes([1.0, 1.003, 1.001, *[1.001] * 50])

    said = spoken(STOCHASTIC_RSI, bars, stochrsi_length=2, stochrsi_stoch_length=5)

    assert sum(said.values(), []) == []


def test_stochastic_rsi_declares_the_bars_that_its_averages_need_to_forget():
    for cell in STOCHASTIC_RSI.cells():
        weight = 1 / int(cell["stochrsi_length"])

        needed = bars_to_forget(weight) + int(cell["stochrsi_stoch_length"])
        assert STOCHASTIC_RSI.warmup(cell) > needed
