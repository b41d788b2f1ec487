from alphamill.strategies.reversion.consecutive_bars_ema import CONSECUTIVE_BARS_EMA

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

CLOSE = [10.0, 10.0, 7.0, 6.0, 6.0, 12.0, 12.5, 11.0]
BARS = drawn(CLOSE, [c + 0.6 for c in CLOSE], [c - 0.6 for c in CLOSE], CLOSE)


def test_consecutive_bars_ema_worked_by_hand():
    # bar   close  mean of 3   below in a row   above in a row
    #  2      7      9              1
    #  3      6      7.667          2
    #  4      6      6.333          3
    #  5     12      8                              1          leaves a long: 12 > 6.6
    #  6     12.5   10.167                          2          12.5 is not above 12.6
    #  7     11     11.833          1                          leaves a short: 11 < 11.9
    # Below the low before also at 2 (7 < 9.4) and 3 (6 < 6.4).
    said = spoken(CONSECUTIVE_BARS_EMA, BARS, consecutive_bars_threshold=2, ma_length=3)

    assert said == {"long": [3, 4], "short": [6], "leave_long": [5], "leave_short": [2, 3, 7]}


def test_consecutive_bars_ema_with_an_exponential_average_worked_by_hand():
    # Span 3, weight 1/2: 10 10 8.5 7.25 6.625 9.3125 10.906 10.953: bar 7 lies above, the third.
    given = {"consecutive_bars_threshold": 2, "ma_length": 3, "ma_type": "EMA"}

    said = spoken(CONSECUTIVE_BARS_EMA, BARS, **given)

    assert (said["long"], said["short"]) == ([3, 4], [6, 7])


def test_consecutive_bars_ema_declares_the_bars_that_its_average_needs_to_forget():
    for cell in CONSECUTIVE_BARS_EMA.cells():
        weight = 2 / (int(cell["ma_length"]) + 1)
        memory = int(cell["ma_length"]) if cell["ma_type"] == "SMA" else bars_to_forget(weight)

        rows = int(cell["consecutive_bars_threshold"])
        assert CONSECUTIVE_BARS_EMA.warmup(cell) >= memory + rows - 1
