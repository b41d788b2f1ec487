from dataclasses import replace

import numpy as np

from alphamill.strategies.breakout.volume_breakout import VOLUME_BREAKOUT

from ..markets import drawn
from ..worksheet import spoken

# Highs and lows lie 0.5 beyond the close; channel of the two bars before, mean of three volumes.
# bar   close   lower  upper   volume  of its mean
#  2     10      9.5   10.5      4       1
#  3     12      9.5   10.5     12       1.8     crosses above on 1.8 times the usual
#  4     13      9.5   12.5      6       0.82    above, as the bar before
#  5     11     11.5   13.5      2       0.3     crosses below on nothing
#  6     12     10.5   13.5      4       1
#  7      8     10.5   12.5     16       2.18    crosses below
#  8      8      7.5   12.5      5       0.6
CLOSE = [10.0, 10.0, 10.0, 12.0, 13.0, 11.0, 12.0, 8.0, 8.0]
BARS = replace(
    drawn(CLOSE, [c + 0.5 for c in CLOSE], [c - 0.5 for c in CLOSE], CLOSE),
    volume=np.array([4.0, 4.0, 4.0, 12.0, 6.0, 2.0, 4.0, 16.0, 5.0]),
)
SHORT = {"vb_lookback": 2, "vb_vol_period": 3}


def test_volume_breakout_worked_by_hand():
    assert spoken(VOLUME_BREAKOUT, BARS, **SHORT, vb_vol_mult=1.5) == {
        "long": [3],
        "short": [7],
        "leave_long": [5, 8],
        "leave_short": [5, 8],
    }


def test_volume_breakout_wants_so_many_times_the_usual_volume():
    said = spoken(VOLUME_BREAKOUT, BARS, **SHORT, vb_vol_mult=2.0)

    assert (said["long"], said["short"]) == ([], [7])


def test_volume_breakout_leaves_beyond_the_far_end_of_its_own_bar():
    said = VOLUME_BREAKOUT.rule(BARS, **VOLUME_BREAKOUT.params({**SHORT, "vb_vol_mult": 1.5}))

    assert [said.floor[3], said.ceiling[7]] == [11.5, 8.5]
    assert np.isfinite(said.floor).sum() == np.isfinite(said.ceiling).sum() == 1


def test_volume_breakout_says_nothing_where_nothing_trades():
    still = replace(BARS, volume=np.zeros(len(BARS)))

    assert sum(spoken(VOLUME_BREAKOUT, still, **SHORT).values(), []) == []
