from alphamill.strategies.reversion.three_down_three_up import THREE_DOWN_THREE_UP

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken

GIVEN = {"consecutive_down_entry": 2, "consecutive_up_exit": 3}


def test_three_down_three_up_worked_by_hand():
    # bar     0   1   2   3   4   5   6   7   8   9
    # close  10   9   8   9  10  11  11  10   9   8
    # down        1   2                    1   2   3
    # up                  1   2   3   0
    bars = from_closes([10, 9, 8, 9, 10, 11, 11, 10, 9, 8])

    assert spoken(THREE_DOWN_THREE_UP, bars, **GIVEN) == {
        "long": [2, 8, 9],
        "short": [4, 5],
        "leave_long": [5],
        "leave_short": [9],
    }


def test_three_down_three_up_with_its_filter_trades_with_the_trend_only():
    # ema of 3 (weight 1/2): 10 15 17.5 17.25 16.625: after two lower closes 16 lies below it.
    falling, dipping = from_closes([10, 20, 20, 17, 16]), from_closes([10, 40, 39, 38])
    given = {**GIVEN, "ema_period": 3, "use_ema_filter": True}

    assert spoken(THREE_DOWN_THREE_UP, falling, **given)["long"] == []
    # ema 10 25 32 35: 38 lies above it after two lower closes.
    assert spoken(THREE_DOWN_THREE_UP, dipping, **given)["long"] == [3]


def test_three_down_three_up_drops_duplicates_and_declares_enough_bars():
    cells = list(THREE_DOWN_THREE_UP.cells())

    assert len(cells) == 27 + 9
    for cell in cells:
        trend = bars_to_forget(2 / (int(cell["ema_period"]) + 1)) if cell["use_ema_filter"] else 0
        assert THREE_DOWN_THREE_UP.warmup(cell) > trend
