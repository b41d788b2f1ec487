from alphamill.strategies.patterns.three_bar_reversal import THREE_BAR_REVERSAL

from ..markets import drawn
from ..worksheet import spoken


def test_three_bar_reversal_in_percent_worked_by_hand():
    # bar     0    1   2   3   4     5   6     7   8     9   10    11
    # close  100  99  98  97  97.5  98  98.5  98  98.5  99  99.5  99
    # fell         1   2   3   0               1                   1
    # rose                     1     2   3     0   1     2   3     0
    # bar  4: 0.5 above its low, 0.5 % are 0.4875: enough.
    # bar  7: 0.4 below its high, 0.5 % are 0.49:  not enough.
    # bar 11: 0.5 below its high, 0.5 % are 0.495: enough.
    # bars 12 to 14: 99.5, 100, 99.5: two rises before a fall are too few.
    close = [
        100.0,
        99.0,
        98.0,
        97.0,
        97.5,
        98.0,
        98.5,
        98.0,
        98.5,
        99.0,
        99.5,
        99.0,
        99.5,
        100.0,
        99.5,
    ]
    low = [c - 0.5 for c in close]
    high = [c + 0.5 for c in close]
    high[7] = 98.4
    bars = drawn(close, high, low, close)
    given = {"tbr_reversal_pct": 0.5, "tbr_exit_bars": 2, "unit": "percent"}

    assert spoken(THREE_BAR_REVERSAL, bars, **given) == {
        "long": [4],
        "short": [11],
        "leave_long": [5, 6, 9, 10, 13],
        "leave_short": [2, 3],
    }


def test_three_bar_reversal_in_ranges_worked_by_hand():
    # Every true range is 2, so their average is: 1.5 above the low are 0.75 ranges.
    close = [*[100.0] * 15, 99.0, 98.0, 97.0, 97.5]
    low = [*[c - 1 for c in close[:-1]], 96.0]
    bars = drawn(close, [x + 2 for x in low], low, close)

    assert spoken(THREE_BAR_REVERSAL, bars, tbr_reversal_pct=0.75)["long"] == [18]
    assert spoken(THREE_BAR_REVERSAL, bars, tbr_reversal_pct=0.76)["long"] == []
