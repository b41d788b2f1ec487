from alphamill.strategies.reversion.four_bar_momentum_reversal import FOUR_BAR_MOMENTUM_REVERSAL

from ..markets import drawn
from ..worksheet import spoken


def test_four_bar_momentum_reversal_worked_by_hand():
    # Highs and lows lie 0.5 beyond the close; compared with the close of two bars before.
    # bar     0   1   2   3   4   5   6   7
    # close  10   9   8   9   7   9   9.5 9.4
    # change          -2   0  -1   0  2.5  0.4
    # bar 3 breaks the row; bar 4 begins another; at 5 it breaks: no two in a row.
    # bars 6, 7: two rises in a row -> short.
    # leave long: close above the high before: bar 3 (9 > 8.5), 5 (9 > 7.5); 9.5 is not > 9.5.
    # leave short: close below the low before: bar 1 (9 < 9.5), 2 (8 < 8.5), 4 (7 < 8.5).
    close = [10.0, 9.0, 8.0, 9.0, 7.0, 9.0, 9.5, 9.4]
    bars = drawn(close, [c + 0.5 for c in close], [c - 0.5 for c in close], close)

    assert spoken(FOUR_BAR_MOMENTUM_REVERSAL, bars, lookback=2, buy_threshold=2) == {
        "long": [],
        "short": [7],
        "leave_long": [3, 5],
        "leave_short": [1, 2, 4],
    }


def test_four_bar_momentum_reversal_buys_after_a_row_of_losses():
    # bar 2: 8 < 10, bar 3: 8.5 < 9, two in a row; bar 4: 8.2 > 8 ends it.
    bars = drawn(*[[10.0, 9.0, 8.0, 8.5, 8.2]] * 4)

    assert spoken(FOUR_BAR_MOMENTUM_REVERSAL, bars, lookback=2, buy_threshold=2)["long"] == [3]
