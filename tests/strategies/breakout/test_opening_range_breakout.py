from dataclasses import replace

import numpy as np

from alphamill.strategies.breakout.opening_range_breakout import OPENING_RANGE_BREAKOUT

from ..markets import drawn
from ..worksheet import spoken

# minute  high   low   close
ROWS = [
    (-15, 20.0, 5.0, 10.0),  # 0 before the cash open: counts for nothing
    (0, 12.0, 9.0, 11.0),  # 1 opening
    (15, 13.0, 10.0, 12.0),  # 2 opening: 9 .. 13 after 30 minutes
    (30, 13.2, 10.5, 12.5),  # 3 within
    (45, 14.0, 12.0, 13.5),  # 4 crosses above 13
    (60, 15.0, 13.0, 14.5),  # 5 above, as the bar before
    (-15, 17.0, 15.0, 16.0),  # 6 the next session: yesterday's range is forgotten
    (0, 16.5, 15.0, 16.0),  # 7 opening
    (15, 16.0, 14.0, 15.0),  # 8 opening: 14 .. 16.5
    (30, 15.0, 12.0, 12.0),  # 9 crosses below 14 on the first bar after it
    (45, 12.0, 10.0, 11.0),  # 10 below, as the bar before
    (60, 18.0, 11.0, 18.0),  # 11 crosses above 16.5
]
MINUTE, HIGH, LOW, CLOSE = (list(column) for column in zip(*ROWS, strict=True))
BARS = replace(
    drawn(CLOSE, HIGH, LOW, CLOSE),
    timeframe="15m",
    session=np.repeat([20240102, 20240103], 6),
    cash_minute=np.array(MINUTE),
)


def test_opening_range_breakout_worked_by_hand():
    said = spoken(OPENING_RANGE_BREAKOUT, BARS, or_duration_minutes=30)

    # It leaves by the stack alone.
    assert said == {"long": [4, 11], "short": [9], "leave_long": [], "leave_short": []}


def test_opening_range_breakout_may_ask_for_a_part_of_the_range_beyond():
    # A quarter of 4 and of 2.5: above 14, below 13.375, above 17.125.
    said = spoken(OPENING_RANGE_BREAKOUT, BARS, or_duration_minutes=30, or_breakout_pct=25.0)

    assert (said["long"], said["short"]) == ([5, 11], [9])


def test_opening_range_breakout_takes_the_minutes_asked_for():
    # 15 minutes: 9 .. 12 and 15 .. 16.5. Bar 3 crosses above 12; bar 8 closes at 15, not below.
    said = spoken(OPENING_RANGE_BREAKOUT, BARS, or_duration_minutes=15)

    assert (said["long"], said["short"]) == ([3, 11], [9])


def test_opening_range_breakout_says_nothing_in_a_session_without_an_opening():
    nightly = replace(BARS, cash_minute=np.array(MINUTE) + 60)

    assert spoken(OPENING_RANGE_BREAKOUT, nightly)["long"] == []
