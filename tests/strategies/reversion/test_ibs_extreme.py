from alphamill.strategies.reversion.ibs_extreme import IBS_EXTREME

from ..markets import drawn
from ..worksheet import spoken


def test_ibs_extreme_worked_by_hand():
    # Low 0 and high 8: strengths 1/8, 2/8, 7/8, 6/8, 1/2. Thresholds of 1/8 and 3/4 are included.
    close = [1.0, 2.0, 7.0, 6.0, 4.0]
    given = {"ibs_entry_threshold": 0.125, "ibs_exit_threshold": 0.75}

    assert spoken(IBS_EXTREME, drawn(close, [8.0] * 5, [0.0] * 5, close), **given) == {
        "long": [0],
        "short": [2],
        "leave_long": [2, 3],
        "leave_short": [0, 1],
    }
