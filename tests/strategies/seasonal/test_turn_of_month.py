from dataclasses import replace

import numpy as np

from alphamill.strategies.seasonal.turn_of_month import TURN_OF_MONTH

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken

# January 2024 from Wednesday 24, February from Thursday 1. All but bars 6 and 10 close lower.
DATES = [124, 125, 126, 129, 130, 131, 201, 202, 205, 206, 207]
CLOSE = [20.0, 19.0, 18.0, 17.0, 16.0, 15.5, 16.0, 15.0, 14.0, 13.0, 18.0]
BARS = replace(
    from_closes(CLOSE),
    session=20240000 + np.array(DATES),
    sessions_left_in_month=np.array([5, 4, 3, 2, 1, 0, 20, 19, 18, 17, 16]),
)


def test_turn_of_month_worked_by_hand():
    # Day 25 stands for (30 - 25) x 5 / 7, three sessions: 29, 30 and 31 January; then the first
    # three weekdays, 1, 2 and 5 February, of which the 1st closes higher.
    # RSI of 2 at bar 9: gains 0.031, losses 0.92; at bar 10: 2.516 and 0.46, or 84.5.
    said = spoken(TURN_OF_MONTH, BARS, rsi_period=2)

    assert said == {"long": [3, 4, 5, 7, 8], "short": [], "leave_long": [10], "leave_short": []}


def test_turn_of_month_counts_as_many_sessions_as_its_day_leaves_weekdays():
    # Day 20 leaves seven, more than are shown; day 28 one.
    assert spoken(TURN_OF_MONTH, BARS, day_threshold=20)["long"] == [1, 2, 3, 4, 5, 7, 8]
    assert spoken(TURN_OF_MONTH, BARS, day_threshold=28)["long"] == [5, 7, 8]


def test_turn_of_month_by_dates_ends_with_the_month():
    assert spoken(TURN_OF_MONTH, BARS, window="dates")["long"] == [1, 2, 3, 4, 5]


def test_turn_of_month_declares_the_bars_that_its_strength_needs_to_forget():
    for cell in TURN_OF_MONTH.cells():
        assert TURN_OF_MONTH.warmup(cell) > bars_to_forget(1 / int(cell["rsi_period"]))
