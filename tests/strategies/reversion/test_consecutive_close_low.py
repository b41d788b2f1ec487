from alphamill.strategies.reversion.consecutive_close_low import CONSECUTIVE_CLOSE_LOW

from ..markets import drawn
from ..worksheet import spoken


def test_consecutive_close_low_worked_by_hand():
    # bar     0     1    2    3    4    5     6
    # low     9     8    7    6    6    5     5
    # close  10     8.5  7.5  6.9  6.2  5.5   8
    # close below the low before: 8.5 < 9, 7.5 < 8, 6.9 < 7, 6.2 not < 6, 5.5 < 6.
    # in a row       1    2    3    0    1
    # high                               7    leaves at 6: 8 > 7
    close = [10.0, 8.5, 7.5, 6.9, 6.2, 5.5, 8.0]
    high = [11.0, 10.0, 9.0, 8.0, 7.0, 7.0, 8.0]
    low = [9.0, 8.0, 7.0, 6.0, 6.0, 5.0, 5.0]

    said = spoken(CONSECUTIVE_CLOSE_LOW, drawn(close, high, low, close), threshold=2)

    assert said == {"long": [2, 3], "short": [], "leave_long": [6], "leave_short": []}


def test_consecutive_close_low_with_its_filter_buys_above_the_trend_only():
    # ema of 3 (weight 1/2): 10 25 32 34.5 35.25: the second close below a low, 37 and 36.
    close = [10.0, 40.0, 39.0, 37.0, 36.0]
    bars = drawn(close, [c + 0.5 for c in close], [c - 0.5 for c in close], close)
    given = {"threshold": 2, "ema_period": 3, "use_ema_filter": True}

    assert spoken(CONSECUTIVE_CLOSE_LOW, bars, **given)["long"] == [3, 4]
    # After a long plateau at 40 the average lies above.
    flat = drawn(*[[40.0, 40.0, 40.0, 39.0, 37.0, 36.0]] * 4)
    assert spoken(CONSECUTIVE_CLOSE_LOW, flat, **given)["long"] == []


def test_consecutive_close_low_without_its_filter_has_one_set_for_all_spans():
    assert len(list(CONSECUTIVE_CLOSE_LOW.cells())) == 9 + 3
