import numpy as np
import pytest

from alphamill.strategies.breakout.inside_bar_breakout import INSIDE_BAR_BREAKOUT

from ..markets import drawn
from ..worksheet import spoken

#  high   low  close
ROWS = [
    (12.0, 8.0, 10.0),  # 0 mother of 1
    (11.0, 9.0, 10.0),  # 1 inside
    (13.0, 9.0, 12.5),  # 2 closes above 12; mother of 3
    (12.5, 9.5, 10.0),  # 3 inside
    (12.0, 10.0, 11.0),  # 4 inside, the second; no close above 13
    (14.0, 10.0, 13.5),  # 5 closes above 12.5, the high of 3, and 13, that of 2; mother of 6
    (13.0, 10.5, 12.0),  # 6 inside
    (12.0, 11.0, 11.5),  # 7 inside, the second
    (11.9, 11.2, 11.5),  # 8 inside, the third
    (8.5, 7.0, 8.0),  # 9 closes below 11, the low of 7, 10.5, that of 6, and 10, that of 5
]
BARS = drawn(*(list(column) for column in zip(*[(r[2], *r) for r in ROWS], strict=True)))


@pytest.mark.parametrize(
    ("n_inside", "percent", "long", "short"),
    [
        (1, 0.0, [2, 5], [9]),
        # 12.5 is not above 12 x 1.05; 13.5 is above 12.5 x 1.05; 8 is below 11 x 0.95.
        (1, 5.0, [5], [9]),
        (2, 0.0, [5], [9]),
        # 13.5 is not above 13 x 1.05.
        (2, 5.0, [], [9]),
        (3, 0.0, [], [9]),
        (4, 0.0, [], []),
    ],
)
def test_inside_bar_breakout_worked_by_hand(n_inside, percent, long, short):
    asked = {"ib_min_inside_bars": n_inside, "ib_breakout_pct": percent, "unit": "percent"}

    said = spoken(INSIDE_BAR_BREAKOUT, BARS, **asked)

    assert said == {"long": long, "short": short, "leave_long": [], "leave_short": []}


def test_inside_bar_breakout_leaves_beyond_the_last_inside_bar():
    said = INSIDE_BAR_BREAKOUT.rule(BARS, **INSIDE_BAR_BREAKOUT.params({"unit": "percent"}))

    assert np.flatnonzero(np.isfinite(said.floor)).tolist() == [2, 5]
    assert said.floor[[2, 5]].tolist() == [9.0, 10.0]
    assert np.flatnonzero(np.isfinite(said.ceiling)).tolist() == [9]
    assert said.ceiling[9] == 11.9


@pytest.mark.parametrize(("close", "long"), [(12.4, []), (12.45, [22])])
def test_inside_bar_breakout_measures_the_distance_in_average_true_ranges(close, long):
    # Ranges of 2, then 4 and 2, then 2.5; Wilder's average of 14 bars:
    # 2 + 2/14 = 2.1429;  - 0.1429/14 = 2.1327;  + 0.3673/14 = 2.1589.  12 + 0.2 x 2.1589 = 12.43.
    closes = [*[10.0] * 22, close]
    high, low = [*[11.0] * 20, 12.0, 11.0, 12.5], [*[9.0] * 20, 8.0, 9.0, 10.0]

    said = spoken(INSIDE_BAR_BREAKOUT, drawn(closes, high, low, closes), ib_breakout_pct=0.2)

    assert said["long"] == long


# The mother reaches from 8 to 12. As high or as low as she, or beyond, is not inside; a close at
# her end is not beyond it.
ENDS = [(11, 9, 12.1, [2]), (12, 9, 12.1, []), (11, 8, 12.1, []), (11, 7, 12.1, []),
        (13, 9, 13.1, []), (11, 9, 12, []), (11, 9, 8, [])]  # fmt: skip


@pytest.mark.parametrize(("high", "low", "close", "said"), ENDS)
def test_inside_bar_breakout_takes_ends_for_strict(high, low, close, said):
    closes = [10.0, 10.0, close]
    bars = drawn(closes, [12.0, high, 14.0], [8.0, low, 7.0], closes)

    told = spoken(INSIDE_BAR_BREAKOUT, bars, unit="percent")
    assert told["long"] + told["short"] == said
