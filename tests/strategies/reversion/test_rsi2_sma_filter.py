from alphamill.strategies.reversion.rsi2_sma_filter import RSI2_SMA_FILTER

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken

# The RSI of RSI2_MeanReversion's worksheet: 66.7 28.6 10.5 5.7 74.8 87.3 93.6 75.0 28.9 from bar 2.
CLOSE = [10, 12, 11, 9, 6, 4, 10, 14, 18, 17, 13]


def test_rsi2_sma_filter_worked_by_hand():
    # Mean of 5 closes: bar 5: 8.4, the close 4 lies below: no long. Bar 8: 10.4, 18 above: no
    # short. Only leaves remain: above 70 at 6 to 9, below 30 at 3, 4, 5 and 10.
    said = spoken(RSI2_SMA_FILTER, from_closes(CLOSE), rsi_oversold=10, sma_filter=5)

    assert said == {
        "long": [],
        "short": [],
        "leave_long": [6, 7, 8, 9],
        "leave_short": [3, 4, 5, 10],
    }


def test_rsi2_sma_filter_buys_a_dip_in_a_rise_and_sells_a_rally_in_a_fall():
    # A rise of 10, then falls of 5: average gains 5 2.5 1.25 0.625 0.313 0.156 0.078, average
    # losses 0 2.5 3.75 4.375 4.688 4.844 4.922: RSI 6.25 at bar 39, 3.1 and 1.6 on the last two.
    # Mean of 40 closes at the last bar: (15 x 50 + 315) / 40 = 26.6, below the close of 30.
    dip = [0.0] * 20 + [50.0] * 15 + [60.0, 55.0, 50.0, 45.0, 40.0, 35.0, 30.0]
    rally = [-x for x in dip]
    given = {"sma_filter": 40}

    assert spoken(RSI2_SMA_FILTER, from_closes(dip), **given)["long"] == [40, 41]
    assert spoken(RSI2_SMA_FILTER, from_closes(rally), **given)["short"] == [40, 41]


def test_rsi2_sma_filter_declares_the_bars_that_its_averages_need_to_forget():
    for cell in RSI2_SMA_FILTER.cells():
        memory = bars_to_forget(1 / int(cell["rsi_length"]))

        assert RSI2_SMA_FILTER.warmup(cell) >= max(memory + 1, int(cell["sma_filter"]))
