import numpy as np
import pytest

from alphamill.strategies.reversion.mean_reversion_bands import MEAN_REVERSION_BANDS

from ..markets import from_closes
from ..worksheet import spoken

# The bands of BollingerBands' worksheet: three closes, 1.1 sample deviations.
# bar 3: 10 10  7: lower  7.095: 7 has crossed it; the mean is  9.
# bar 9: 11 11 14: upper 13.905: 14 has crossed it; the mean is 12.
BARS = from_closes([10, 10, 10, 7, 10, 9, 7, 11, 11, 14])
GIVEN = {"mrb_length": 3, "mrb_std": 1.1}


def test_mean_reversion_bands_worked_by_hand():
    assert spoken(MEAN_REVERSION_BANDS, BARS, **GIVEN) == {
        "long": [3],
        "short": [9],
        "leave_long": [],
        "leave_short": [],
    }


def test_mean_reversion_bands_leave_at_their_share_of_the_way_to_the_mean():
    said = MEAN_REVERSION_BANDS.rule(BARS, **GIVEN, mrb_exit_pct=0.75)

    # 7 + 0.75 x 2 = 8.5 and 14 - 0.75 x 2 = 12.5; a close of just that already leaves.
    assert said.ceiling[3] < 8.5 == pytest.approx(said.ceiling[3], abs=1e-12)
    assert said.floor[9] > 12.5 == pytest.approx(said.floor[9], abs=1e-12)
    assert np.isnan(said.floor[:9]).all()
    assert np.isnan(np.delete(said.ceiling, 3)).all()


def test_mean_reversion_bands_enter_on_the_crossing_only():
    # 0.9 deviations: 7 < 9 - 1.56 has crossed; 3 < 6.67 - 3.16 lies below as the bar before.
    bars = from_closes([10, 10, 10, 7, 3])

    assert spoken(MEAN_REVERSION_BANDS, bars, mrb_length=3, mrb_std=0.9)["long"] == [3]
