from dataclasses import replace

import numpy as np

from alphamill.strategies.reversion.vwap_reversion import VWAP_REVERSION

from ..markets import drawn
from ..worksheet import spoken


def test_vwap_reversion_worked_by_hand():
    # Session 2 trades at bar 1 only, at 100: that is its average to the end. The closes of bars 2
    # to 20 lie 1 above (10 of them) and 1 below (9).
    # bar 21: -5. Of bars 2 .. 21: mean -0.2, squares 44 - 0.8 over 19: deviation 1.508; two of
    #         them 3.02: long.
    # bar 22:  6. Of bars 3 .. 22: mean 0.05, squares 79 - 0.05 over 19: 2.038; two are 4.08: short.
    # bar 23 opens session 3: it is its own average, which leaves both sides.
    wave = [101.0 if t % 2 == 0 else 99.0 for t in range(2, 21)]
    close = [50.0, 100.0, *wave, 95.0, 106.0, 90.0]
    bars = replace(
        drawn(close, close, close, close),
        session=np.array([1, *[2] * 22, 3]),
        volume=np.array([7.0, 5.0, *[0.0] * 21, 5.0]),
    )

    above = [*range(2, 21, 2), 22]
    below = [*range(3, 21, 2), 21]
    assert spoken(VWAP_REVERSION, bars) == {
        "long": [21],
        "short": [22],
        "leave_long": [1, *above, 23],
        "leave_short": [1, *below, 23],
    }
    # 3.3 deviations are 4.98, 3.35 are 5.05.
    assert spoken(VWAP_REVERSION, bars, vwap_std_threshold=3.3)["long"] == [21]
    assert spoken(VWAP_REVERSION, bars, vwap_std_threshold=3.35)["long"] == []
