import numpy as np
import pytest

from alphamill.strategies.patterns.doji_reversal import DOJI_REVERSAL

from ..markets import drawn
from ..worksheet import spoken

# Twenty bars of range 2 and body 1; closes fall at 18 and 19.
PLAIN = [
    *[(100.0, 101.5, 99.5, 101.0)] * 18,
    (101.0, 101.5, 99.5, 100.0),
    (100.0, 101.0, 99.0, 99.0),
]
#    open   high   low   close
ROWS = [
    *PLAIN,
    (100.0, 101.0, 99.0, 100.15),  # 20 body 0.15 of 2.0: 0.075, after two lower closes
    (100.0, 101.0, 99.0, 100.2),  # 21 body 0.2 of 2.0: 0.1, after one higher close
    (100.0, 101.0, 99.0, 100.3),  # 22 body 0.3 of 2.0: 0.15, after two higher closes
    (100.5, 100.7, 100.2, 100.5),  # 23 no body, but a range of 0.5, below 0.3 of the usual 2
    (101.0, 102.0, 100.0, 101.0),  # 24 no body, after four higher closes
]
BARS = drawn(*(list(column) for column in zip(*ROWS, strict=True)))


@pytest.mark.parametrize(
    ("body", "trend", "long", "short"),
    [
        (0.11, 0, [20, 21, 24], []),
        (0.16, 0, [20, 21, 22, 24], []),
        (0.05, 0, [24], []),
        (0.11, 1, [20], [21, 24]),
        (0.16, 2, [20], [22, 24]),
        (0.16, 3, [], [24]),
    ],
)
def test_doji_reversal_worked_by_hand(body, trend, long, short):
    said = spoken(DOJI_REVERSAL, BARS, doji_body_pct=body, doji_require_trend=trend)

    assert said == {"long": long, "short": short, "leave_long": [], "leave_short": []}


def test_doji_reversal_leaves_beyond_the_end_of_its_bar():
    said = DOJI_REVERSAL.rule(BARS, **DOJI_REVERSAL.params())

    assert (said.floor[20], said.ceiling[24]) == (99.0, 102.0)
    assert np.isnan(said.floor[24])
    assert np.isnan(said.ceiling[20])


def test_doji_reversal_keeps_one_least_shadow_where_the_body_decides():
    tried = DOJI_REVERSAL.params({"doji_body_pct": 0.15, "doji_shadow_min": 0.7})
    large = DOJI_REVERSAL.params({"doji_body_pct": 0.4, "doji_shadow_min": 0.7})

    assert DOJI_REVERSAL.canonical(tried)["doji_shadow_min"] == 0.5
    assert DOJI_REVERSAL.canonical(large) == large
    # A body of 0.075 leaves 0.925 of the range.
    assert spoken(DOJI_REVERSAL, BARS, doji_shadow_min=0.93)["long"] == []
