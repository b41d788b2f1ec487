from alphamill.strategies.reversion.bollinger_bands import BOLLINGER_BANDS

from ..markets import from_closes
from ..worksheet import spoken


def test_bollinger_bands_worked_by_hand():
    # Three closes, 1.1 sample deviations (ddof 1).
    # bar 3: 10 10  7  mean  9, deviation sqrt(6/2) = 1.732, lower 7.095: 7 lies below.
    # bar 4:  7 10    mean  9, 10 lies above it.        bar 5: 7 10 9 mean 8.667, 9 above it.
    # bar 6: 10  9  7  mean 8.667, deviation sqrt(4.667/2) = 1.528, lower 6.986: 7 does not
    #        (the population's deviation, 1.247, would say 7.295 and buy).
    # bar 7:  9  7 11  mean  9, deviation 2, upper 11.2.
    # bar 9: 11 11 14  mean 12, deviation 1.732, upper 13.905: 14 lies above.
    bars = from_closes([10, 10, 10, 7, 10, 9, 7, 11, 11, 14])

    assert spoken(BOLLINGER_BANDS, bars, bb_length=3, bb_stddev=1.1) == {
        "long": [3],
        "short": [9],
        "leave_long": [4, 5, 7, 8, 9],
        "leave_short": [3, 6],
    }


def test_bollinger_bands_buy_nothing_on_a_quiet_night():
    bars = from_closes([1.1, 1.1012, 1.0993, *[1.10001] * 27])

    said = spoken(BOLLINGER_BANDS, bars, bb_length=5, bb_stddev=0.1)

    # From bar 7 on the window is flat: the price is neither above nor below its mean.
    assert max(bar for told in said.values() for bar in told) <= 6
