from alphamill.strategies.reversion.consecutive_bearish_candle import CONSECUTIVE_BEARISH_CANDLE

from ..markets import drawn
from ..worksheet import spoken


def test_consecutive_bearish_candle_worked_by_hand():
    # bar      0   1   2   3   4   5   6    7
    # close   10   9   8   8   7   6   6.6  7.5
    # lower        1   2   0   1   2   0    0    closes in a row, whatever colour the candle has
    # high             9                6.5 7.4
    # bar 6: 6.6 > 6.5, the high before; bar 7: 7.5 > 7.4. Bar 4 and bar 3: below the high before.
    close = [10.0, 9.0, 8.0, 8.0, 7.0, 6.0, 6.6, 7.5]
    open_ = [10.0, 9.0, 7.5, 8.5, 7.0, 6.5, 7.0, 7.5]
    high = [11.0, 10.0, 9.0, 9.0, 8.0, 6.5, 7.4, 8.0]
    low = [9.0, 8.0, 7.5, 7.0, 6.5, 5.0, 6.0, 7.0]

    said = spoken(
        CONSECUTIVE_BEARISH_CANDLE, drawn(open_, high, low, close), consecutive_lookback=2
    )

    assert said == {"long": [2, 5], "short": [], "leave_long": [6, 7], "leave_short": []}
