from alphamill.strategies.reversion.buy_on_5_bar_low import BUY_ON_5_BAR_LOW

from ..markets import drawn
from ..worksheet import spoken


def test_buy_on_5_bar_low_worked_by_hand():
    # Lowest low of the three bars before, highest price of the bar before:
    # bar 3: lows 10  9.5 10   -> 9.5, close 9.4 lies below;  high 12
    # bar 4: lows 9.5 10  9.2  -> 9.2, close 9.2 does not;    high 11
    # bar 5: lows 10  9.2 8.5  -> 8.5, close 8.4 lies below;  high 10
    # bar 6: lows 9.2 8.5 8    -> 8;                          high 9, close 9 is not above
    # bar 7:                                                  high 9.5, close 10 is
    high = [12.0, 12.0, 12.0, 11.0, 10.0, 9.0, 9.5, 11.0]
    low = [10.0, 9.5, 10.0, 9.2, 8.5, 8.0, 8.3, 9.0]
    close = [11.0, 10.0, 11.0, 9.4, 9.2, 8.4, 9.0, 10.0]

    said = spoken(BUY_ON_5_BAR_LOW, drawn(close, high, low, close), lookback=3)

    assert said == {"long": [3, 5], "short": [], "leave_long": [7], "leave_short": []}
