from dataclasses import replace

import numpy as np
import pytest

from alphamill.strategies.reversion.gap_fill import GAP_FILL

from ..markets import drawn
from ..worksheet import spoken

# Each bar is a session. Against 1 % of the close before:
#     open   high   low   close   gap    half filled at
ROWS = [
    (100.0, 101.0, 99.0, 100.0),
    (98.0, 99.0, 97.0, 98.5),  # 1  -2, at 99: not yet, bought
    (98.0, 100.5, 97.5, 100.0),  # 2  -0.5, too small
    (102.0, 103.0, 101.0, 101.5),  # 3   2, at 101: not yet, sold
    (99.0, 101.0, 98.5, 100.5),  # 4  -2.5, at 100.25: filled at once
]
BARS = drawn(*(list(column) for column in zip(*ROWS, strict=True)))


def test_gap_fill_in_percent_worked_by_hand():
    said = GAP_FILL.rule(BARS, **GAP_FILL.params({"unit": "percent"}))

    assert spoken(GAP_FILL, BARS, unit="percent") == {
        "long": [1],
        "short": [3],
        "leave_long": [],
        "leave_short": [],
    }
    assert said.ceiling[1] < 99.0 == pytest.approx(said.ceiling[1], abs=1e-12)
    assert said.floor[3] > 101.0 == pytest.approx(said.floor[3], abs=1e-12)
    assert np.isnan(said.floor[1])
    assert np.isnan(said.ceiling[3])


def test_gap_fill_target_is_the_share_that_is_filled():
    # 0.2 of the gap of -2.5 from 99: 99.5, and 0.9 of it: 101.25, still to come at 100.5.
    def bought(target):
        return spoken(GAP_FILL, BARS, unit="percent", gap_fill_target=target)["long"]

    assert (bought(0.2), bought(0.9)) == ([], [1, 4])


def test_gap_fill_in_ranges_worked_by_hand():
    # The true range has been 2 on each bar before: 1.14 of it are 2.28. The gap's own bar, of 3,
    # does not count; it would ask for 2.36.
    flat = [100.0] * 16
    bars = drawn([*flat, 97.7], [*[101.0] * 16, 98.0], [*[99.0] * 16, 97.0], [*flat, 97.5])

    assert spoken(GAP_FILL, bars, gap_threshold=1.14)["long"] == [16]
    assert spoken(GAP_FILL, bars, gap_threshold=1.16)["long"] == []


def test_gap_fill_takes_gaps_between_sessions_only():
    within = replace(BARS, session=np.array([1, 2, 2, 2, 3]))

    assert spoken(GAP_FILL, within, unit="percent")["long"] == [1]
    assert spoken(GAP_FILL, within, unit="percent")["short"] == []
