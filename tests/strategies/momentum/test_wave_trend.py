from alphamill.strategies.momentum.wave_trend import WAVE_TREND

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

# Highs and lows lie 1 beyond the close, so the typical price is the close. Averages of span 3
# (weight 1/2) and 1 (the index itself); spread is the average of the distances without their sign.
# bar   close   average   distance   spread   index = distance / (0.015 x spread)   mean of 4
#  2      92      96        -4        4
#  3      88      92        -4        4
# 4-7     84..    88..      -4        4         -66.67                          at 7: -66.67
#  8      60      68        -8        6         -88.89                                -72.22
#  9      56      62        -6        6         -66.67   above its mean, below -60    -72.22
# 10      74      68         6        6          66.67                                -38.89
# 11      80      74         6        6          66.67                                 -5.56
# 12      86      80         6        6          66.67                                 33.33
# 13     104      92        12        9          88.89                                 72.22
# 14     110     101         9        9          66.67   below its mean, above 60      72.22
# 15      83      92        -9        9         -66.67                                 38.89
CLOSE = [100.0, 100, 92, 88, 84, 80, 76, 72, 60, 56, 74, 80, 86, 104, 110, 83]
BARS = drawn(CLOSE, [c + 1 for c in CLOSE], [c - 1 for c in CLOSE], CLOSE)
SHORT = {"wt_channel": 3, "wt_average": 1}


def test_wave_trend_worked_by_hand():
    assert spoken(WAVE_TREND, BARS, **SHORT) == {
        "long": [9],
        "short": [14],
        "leave_long": [10, 11, 12, 13, 14],
        "leave_short": [4, 5, 6, 7, 8, 9, 15],
    }


def test_wave_trend_ignores_a_turn_before_the_wave_has_gone_far():
    said = spoken(WAVE_TREND, BARS, **SHORT, wt_oversold=-67)

    # -66.67 is not below -67, and 66.67 not above 67.
    assert (said["long"], said["short"]) == ([], [])


def test_wave_trend_leaves_only_where_the_wave_has_swung_far_to_the_other_side():
    said = spoken(WAVE_TREND, BARS, **SHORT, wt_overbought=70)

    assert (said["leave_long"], said["leave_short"]) == ([13], [8])


def test_wave_trend_declares_the_bars_that_one_average_after_the_other_needs_to_forget():
    for cell in WAVE_TREND.cells():
        channel, average = (2 / (int(cell[name]) + 1) for name in ("wt_channel", "wt_average"))
        memory = 2 * bars_to_forget(channel) + bars_to_forget(average)

        assert WAVE_TREND.warmup(cell) > memory + 4
