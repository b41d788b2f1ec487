from dataclasses import replace

from alphamill.strategies.momentum.kst import KST

from ..markets import from_closes
from ..worksheet import spoken

# One step of 10 percent at bar 11: a change over k bars sees it for k bars. Changes over 2, 3, 4
# and 6 bars, averaged over 2, 2, 2 and 3, weighted 1, 2, 3, 4.
# bar    the four means in percent      line     mean of 2
# 10      0      0      0      0          0          0
# 11      5      5      5      3.33      43.33      21.67   crosses above
# 12     10     10     10      6.67      86.67      65
# 13      5     10     10     10         95         90.83
# 14      0      5     10     10         80         87.5    crosses below
# 15      0      0      5     10         55         67.5
# 16      0      0      0     10         40         47.5
# 17      0      0      0      6.67      26.67      33.33
# 18      0      0      0      3.33      13.33      20
# 19      0      0      0      0          0          6.67
# 20      0      0      0      0          0          0      equal: neither side leaves
CLOSE = [*[100.0] * 11, *[110.0] * 10]
SHORT = {"kst_change": 2, "kst_mean": 2, "kst_signal": 2}
SAID = {
    "long": [11],
    "short": [14],
    "leave_long": [14, 15, 16, 17, 18, 19],
    "leave_short": [11, 12, 13],
}


def test_kst_worked_by_hand():
    assert spoken(KST, from_closes(CLOSE), **SHORT) == SAID


def test_kst_takes_percents_of_traded_prices():
    bars = replace(from_closes([c - 105 for c in CLOSE]), adjusted="add", raw_close=CLOSE)

    assert spoken(KST, bars, **SHORT) == SAID


def test_kst_needs_its_longest_change_the_mean_of_it_and_the_signal():
    # 30 bars back from each of 15, of each of 9, and the bar before a crossing.
    assert KST.warmup({"kst_change": 10, "kst_mean": 10, "kst_signal": 9}) == 30 + 15 + 8 + 1
