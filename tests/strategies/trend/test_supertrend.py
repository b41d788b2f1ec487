from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.strategies.trend.supertrend import SUPERTREND

from ..markets import drawn
from ..worksheet import spoken


def test_supertrend_worked_by_hand():
    # Highs and lows lie 1 beyond the close, so the middle is the close; Wilder's average of 2, x 1.
    # bar   close   range   ATR      lower band              upper band
    #  1     10      2      2         8                      12       short: where it begins
    #  2     14      5      3.5      10.5                    12 stays, 14 above it: long
    #  3     15      2      2.75     12.25                   17.75
    #  4     13      3      2.875    12.25, not 10.125       15.875
    #  5     11      3      2.9375   12.25, 11 below: short  13.9375
    #  6     11      2      2.4688    8.5313                 13.4688
    #  7     14      4      3.2344   10.7656                 13.4688, 14 above it: long
    close = [10.0, 10.0, 14.0, 15.0, 13.0, 11.0, 11.0, 14.0]
    bars = drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)

    assert spoken(SUPERTREND, bars, st_length=2, st_multiple=1.0) == {
        "long": [2, 7],
        "short": [5],
        "leave_long": [1, 5, 6],
        "leave_short": [2, 3, 4, 7],
    }


def test_supertrend_does_not_take_the_side_it_begins_on_for_a_turn():
    # Closes at the high: 10 lies above the first upper band, 9 + 0.25 x 2.
    bars = drawn([10.0, 10.0], [10.0, 10.0], [8.0, 8.0], [10.0, 10.0])

    said = spoken(SUPERTREND, bars, st_length=1, st_multiple=0.25)

    assert (said["long"], said["leave_short"]) == ([], [0, 1])


def test_supertrend_depends_on_its_first_bar_for_ever():
    assert {SUPERTREND.warmup(cell) for cell in SUPERTREND.cells()} == {WHOLE_HISTORY}
