import numpy as np
import pytest

from alphamill.strategies.patterns.hammer_shooting_star import HAMMER_SHOOTING_STAR

from ..markets import drawn
from ..worksheet import spoken

# Twenty bars of range 2 that are neither, the last two with lower closes; then:
PLAIN = [*[(100.0, 101.0, 99.0, 100.0)] * 18, (100.0, 101.0, 99.0, 99.9), (99.9, 101.0, 99.0, 99.8)]
#    open   high   low   close
ROWS = [
    *PLAIN,
    (99.5, 100.1, 97.5, 100.0),  # 20 body 0.5, lower 2.0 = 4 bodies = 0.77 of 2.6, upper 0.1
    (100.0, 100.0, 98.0, 100.0),  # 21 no body, no upper shadow: the best of hammers
    (100.0, 102.0, 99.4, 99.5),  # 22 body 0.5, upper 2.0 = 4 bodies = 0.77 of 2.6, lower 0.1
    (100.0, 100.1, 99.2, 100.1),  # 23 a hammer of range 0.9, below half of the usual 2.0
    (
        100.0,
        101.2,
        97.0,
        100.5,
    ),  # 24 body 0.5, lower 3.0 of 4.2, but the upper shadow of 0.7 is longer
    (100.0, 100.8, 98.0, 100.8),  # 25 lower 2.0 = 2.5 bodies of 0.8 = 0.714 of 2.8
]
BARS = drawn(*(list(column) for column in zip(*ROWS, strict=True)))


@pytest.mark.parametrize(
    ("ratio", "position", "trend", "long", "short"),
    [
        (2.4, 0.7, 0, [20, 21, 25], [22]),
        (2.6, 0.7, 0, [20, 21], [22]),
        (2.4, 0.72, 0, [20, 21], [22]),
        (2.4, 0.8, 0, [21], []),
        # Lower closes at 18 and 19 come before 20, one higher and one equal close before 22.
        (2.4, 0.7, 2, [20], []),
        (2.4, 0.7, 3, [], []),
    ],
)
def test_hammer_shooting_star_worked_by_hand(ratio, position, trend, long, short):
    said = spoken(
        HAMMER_SHOOTING_STAR,
        BARS,
        hammer_shadow_ratio=ratio,
        hammer_body_position=position,
        hammer_require_trend=trend,
    )

    assert said == {"long": long, "short": short, "leave_long": [], "leave_short": []}


def test_hammer_shooting_star_leaves_beyond_the_end_of_the_shadow():
    said = HAMMER_SHOOTING_STAR.rule(BARS, **HAMMER_SHOOTING_STAR.params())

    assert said.floor[20:22].tolist() == [97.5, 98.0]
    assert said.ceiling[22] == 102.0
    assert np.isnan(said.floor[22])
    assert np.isnan(said.ceiling[20])
