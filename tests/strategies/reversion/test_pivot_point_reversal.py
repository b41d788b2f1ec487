import numpy as np
import pytest

from alphamill.strategies.reversion.pivot_point_reversal import PIVOT_POINT_REVERSAL

from ..markets import drawn
from ..worksheet import spoken

# Each bar is a session.
# bar 1 sees pivot 105, S1 100, S2 95, R1 110, R2 115: its low is within 0.204 of S1.
# bar 2 sees pivot (106 + 100.2 + 102) / 3 = 102.733, R1 105.267: its high is within 0.208 of it.
HIGH, LOW, CLOSE = [110.0, 106.0, 105.2], [100.0, 100.2, 101.0], [105.0, 102.0, 104.0]
BARS = drawn(CLOSE, HIGH, LOW, CLOSE)


def test_pivot_point_reversal_worked_by_hand():
    assert spoken(PIVOT_POINT_REVERSAL, BARS) == {
        "long": [1],
        "short": [2],
        "leave_long": [2],
        "leave_short": [1],
    }
    assert spoken(PIVOT_POINT_REVERSAL, BARS, pp_tolerance=0.001)["long"] == []
    assert spoken(PIVOT_POINT_REVERSAL, BARS, pp_level="S2")["long"] == []


def test_pivot_point_reversal_at_the_second_level():
    # 95.1 lies within 0.2 of S2, 96 closes above it.
    bars = drawn([105.0, 96.0], [110.0, 98.0], [100.0, 95.1], [105.0, 96.0])

    assert spoken(PIVOT_POINT_REVERSAL, bars, pp_level="S2")["long"] == [1]
    # Below S1, which is no support any more.
    assert spoken(PIVOT_POINT_REVERSAL, bars)["long"] == []


def test_pivot_point_reversal_has_failed_beyond_the_level():
    said = PIVOT_POINT_REVERSAL.rule(BARS, **PIVOT_POINT_REVERSAL.params())

    assert said.floor[1] == 100.0
    assert said.ceiling[2] == pytest.approx(105.26667, abs=1e-5)
    assert np.isnan(said.floor[2])
    assert np.isnan(said.ceiling[1])
