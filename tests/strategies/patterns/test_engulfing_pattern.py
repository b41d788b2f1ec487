import numpy as np
import pytest

from alphamill.strategies.patterns.engulfing_pattern import ENGULFING_PATTERN

from ..markets import drawn
from ..worksheet import spoken

#          open  high   low  close
ROWS = [
    (10.0, 10.5, 8.5, 9.0),  # 0 red
    (9.0, 9.2, 7.8, 8.0),  # 1 red, the second in a row
    (8.0, 9.5, 7.5, 9.2),  # 2 green: 8.0 <= 8.0 and 9.2 >= 9.0; body 1.2 of 2.0
    (9.3, 9.4, 8.8, 9.0),  # 3 red, but 9.0 does not reach down to 8.0
    (8.9, 10.5, 8.5, 9.4),  # 4 green: 8.9 <= 9.0 and 9.4 >= 9.3; body 0.5 of 2.0
    (9.5, 9.6, 8.6, 8.8),  # 5 red: 9.5 >= 9.4 and 8.8 <= 8.9; body 0.7 of 1.0; one green before
]
BARS = drawn(*(list(column) for column in zip(*ROWS, strict=True)))


@pytest.mark.parametrize(
    ("least_body", "trend", "long", "short"),
    [
        (0.5, 0, [2], [5]),
        (0.2, 0, [2, 4], [5]),
        (0.65, 0, [], [5]),
        (0.5, 2, [2], []),
        (0.5, 3, [], []),
    ],
)
def test_engulfing_pattern_worked_by_hand(least_body, trend, long, short):
    said = spoken(ENGULFING_PATTERN, BARS, eng_min_body_pct=least_body, eng_require_trend=trend)

    assert said == {"long": long, "short": short, "leave_long": [], "leave_short": []}


def test_engulfing_pattern_leaves_beyond_the_far_end_of_its_own_bar():
    said = ENGULFING_PATTERN.rule(BARS, **ENGULFING_PATTERN.params())

    # A long has a floor and no ceiling, a short a ceiling and no floor.
    np.testing.assert_array_equal(said.floor, [np.nan, np.nan, 7.5, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(said.ceiling, [np.nan, np.nan, np.nan, np.nan, np.nan, 9.6])
