from alphamill.strategies.trend.adx_trend_strength import ADX_TREND_STRENGTH

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

# Highs and lows lie 1 beyond the close; Wilder's averages of 2: a mean of two, then halfway.
# bar  close   TR  +DM  -DM    mean TR  mean +DM  mean -DM      DX     ADX
#  1    12      3   2    0
#  2    14      3   2    0      3        2         0           100
#  3    11      4   0    3      3.5      1         1.5          20     60
#  4     8      4   0    3      3.75     0.5       2.25         63.6   61.8
#  5     9      2   1    0      2.875    0.75      1.125        20     40.9
#  6    13      5   4    0      3.9375   2.375     0.5625       61.7   51.3
#  7    17      5   4    0      4.4688   3.1875    0.2813       83.8   67.5
#  8    17      2   0    0                                      83.8   75.7
#  9    17      2   0    0                                      83.8   79.7
# 10    15      3   0    2      2.6836   0.3984    1.0352       44.4   62.1
CLOSE = [10.0, 12.0, 14.0, 11.0, 8.0, 9.0, 13.0, 17.0, 17.0, 17.0, 15.0]
BARS = drawn(CLOSE, [c + 1 for c in CLOSE], [c - 1 for c in CLOSE], CLOSE)


def test_adx_trend_strength_worked_by_hand():
    assert spoken(ADX_TREND_STRENGTH, BARS, adx_period=2, adx_threshold=30.0) == {
        "long": [6],
        "short": [3, 10],
        "leave_long": [3, 4, 5, 10],
        "leave_short": [2, 6, 7, 8, 9],
    }


def test_adx_trend_strength_wants_a_trend_and_leaves_without_one():
    # Below 55 at bars 5 and 6, so that the crossing of bar 6 is none of its business.
    assert spoken(ADX_TREND_STRENGTH, BARS, adx_period=2, adx_threshold=55.0) == {
        "long": [],
        "short": [3, 10],
        "leave_long": [3, 4, 5, 6, 10],
        "leave_short": [2, 5, 6, 7, 8, 9],
    }


def test_adx_trend_strength_declares_the_bars_that_two_averages_need_to_forget():
    for cell in ADX_TREND_STRENGTH.cells():
        n_bars = 2 * bars_to_forget(1 / int(cell["adx_period"]))

        assert ADX_TREND_STRENGTH.warmup(cell) > n_bars
