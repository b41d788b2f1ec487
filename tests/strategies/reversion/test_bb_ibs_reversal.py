from alphamill.strategies.reversion.bb_ibs_reversal import BB_IBS_REVERSAL

from ..markets import drawn
from ..worksheet import spoken


def test_bb_ibs_reversal_worked_by_hand():
    # Three closes, 1.1 sample deviations, as BollingerBands; strength below 0.2 or above 0.8.
    # bar 3: 10 10  7: lower  7.095; strength (7 - 6.9) / 2 = 0.05: enters.
    # bar 4: strength 0.9 leaves a long.
    # bar 6: 10 10  7 again, but strength 0.5: does not.
    # bar 9:  7  7 10: upper  9.905; strength 0.95: short. Bar 3's 0.05 leaves shorts.
    close = [10.0, 10.0, 10.0, 7.0, 10.0, 10.0, 7.0, 7.0, 7.0, 10.0]
    strength = [0.5, 0.5, 0.5, 0.05, 0.9, 0.5, 0.5, 0.5, 0.5, 0.95]
    low = [c - 2 * s for c, s in zip(close, strength, strict=True)]
    bars = drawn(close, [x + 2 for x in low], low, close)

    assert spoken(BB_IBS_REVERSAL, bars, bb_period=3, bb_mult=1.1) == {
        "long": [3],
        "short": [9],
        "leave_long": [4, 9],
        "leave_short": [3],
    }
