from alphamill.strategies.reversion.rsi2_two_down_days import RSI2_TWO_DOWN_DAYS

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken

# Wilder's averages of 2: a rise of 1 a bar has an average gain of 1, no loss, and an RSI of 100.
# bar   close   gains     losses     RSI     mean of 30
# 31     18     0.5       6          7.69    16.07     oversold in a rise, but one fall only
# 32     17     0.25      3.5        6.67    16.57     the second fall
# 33     27     5.125     1.75      74.55
CLOSE = [*map(float, range(31)), 18.0, 17.0, 27.0]


def test_rsi2_two_down_days_worked_by_hand():
    assert spoken(RSI2_TWO_DOWN_DAYS, from_closes(CLOSE), ma_length=30) == {
        "long": [32],
        "short": [],
        "leave_long": [*range(2, 31), 33],
        "leave_short": [31, 32],
    }


def test_rsi2_two_down_days_sells_two_rises_in_a_fall():
    said = spoken(RSI2_TWO_DOWN_DAYS, from_closes([-c for c in CLOSE]), ma_length=30)

    assert said == {
        "long": [],
        "short": [32],
        "leave_long": [31, 32],
        "leave_short": [*range(2, 31), 33],
    }


def test_rsi2_two_down_days_wants_as_many_falls_as_it_is_told():
    assert spoken(RSI2_TWO_DOWN_DAYS, from_closes(CLOSE), ma_length=30, down_bars=3)["long"] == []


def test_rsi2_two_down_days_wants_the_trend_on_its_side():
    # The last 5 closes average 24.4 at bar 32.
    assert spoken(RSI2_TWO_DOWN_DAYS, from_closes(CLOSE), ma_length=5)["long"] == []


def test_rsi2_two_down_days_declares_the_bars_that_its_averages_need_to_forget():
    for cell in ({"rsi_length": 10, "ma_length": 5, "down_bars": 2}, *RSI2_TWO_DOWN_DAYS.cells()):
        memory = bars_to_forget(1 / int(cell["rsi_length"]))

        assert RSI2_TWO_DOWN_DAYS.warmup(cell) >= max(memory + 1, int(cell["ma_length"]))
