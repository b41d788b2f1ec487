from alphamill.strategies.reversion.momentum_fade import MOMENTUM_FADE

from ..markets import from_closes
from ..worksheet import spoken


def test_momentum_fade_in_percent_worked_by_hand():
    # Change over two bars against 10 % of the close two bars ago, mean of 3 closes.
    # bar   close  change   10 %    2 %    mean
    #  2     100      0      10      2     100     spent on both sides, and on its mean
    #  3      85    -15      10      2      95     crosses below -10, below its mean
    #  4      88    -12      10      2      91     still below, no crossing
    #  5      88      3       8.5    1.7    87     spent: 3 > -1.7
    #  6     100     12       8.8    1.76   92     crosses above 8.8, above its mean
    #  7      96      8       8.8           94.7   not spent, above its mean
    #  8      99     -1      10      2      98.3   -1 < 2
    bars = from_closes([100, 100, 100, 85, 88, 88, 100, 96, 99])
    given = {"mf_period": 2, "mf_threshold": 10.0, "mf_ma_length": 3, "unit": "percent"}

    assert spoken(MOMENTUM_FADE, bars, **given) == {
        "long": [3],
        "short": [6],
        "leave_long": [2, 5, 6, 7, 8],
        "leave_short": [2, 3, 4, 8],
    }
    # A mean of one close is that close, which is on neither side of it.
    said = spoken(MOMENTUM_FADE, bars, **{**given, "mf_ma_length": 1})
    assert said["long"] == said["short"] == []


def test_momentum_fade_in_deviations_worked_by_hand():
    # 51 changes of 1 up and down in turn, then a fall of 9. Of the last 50 changes 25 are 1, 24
    # are -1 and one is -9: mean -0.16, squares 130 - 50 x 0.0256 = 128.72, over 49: 2.627; the
    # deviation is 1.621, and 9 are 5.55 of it.
    close = [100.0 + (t % 2) for t in range(52)]
    bars = from_closes([*close, close[-1] - 9])

    assert spoken(MOMENTUM_FADE, bars, mf_period=1, mf_threshold=5.5)["long"] == [52]
    assert spoken(MOMENTUM_FADE, bars, mf_period=1, mf_threshold=5.6)["long"] == []
