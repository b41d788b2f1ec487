from alphamill.strategies.reversion.three_bar_low import THREE_BAR_LOW

from ..markets import drawn
from ..worksheet import spoken

# bar           0   1   2   3   4   5   6
CLOSE = [10.0, 11.0, 9.0, 8.0, 10.2, 12.5, 11.5]
HIGH = [11.0, 12.0, 10.0, 9.0, 10.5, 13.0, 12.0]
LOW = [9.0, 10.0, 8.5, 7.5, 9.0, 12.0, 11.0]
SHORT = {"lookback_entry": 2, "lookback_exit": 3}


def test_three_bar_low_worked_by_hand():
    # Lowest low of the two bars before, highest high of the three before:
    # bar 2: lows 9 10     -> 9,   close 9 is not below
    # bar 3: lows 10 8.5   -> 8.5, close 8 is           highs 11 12 10 -> 12
    # bar 4: lows 8.5 7.5  -> 7.5, close 10.2 is not    highs 12 10 9  -> 12
    # bar 5:                                            highs 10 9 10.5 -> 10.5, close 12.5 is above
    said = spoken(THREE_BAR_LOW, drawn(CLOSE, HIGH, LOW, CLOSE), **SHORT)

    assert said == {"long": [3], "short": [], "leave_long": [5], "leave_short": []}


def test_three_bar_low_with_its_filter_buys_above_the_average_only():
    # The mean of the last four closes at bar 3 is 9.5, that of the last one the close itself.
    bars = drawn(CLOSE, HIGH, LOW, CLOSE)

    assert spoken(THREE_BAR_LOW, bars, **SHORT, ma_period=4, use_ma_filter=True)["long"] == []


def test_three_bar_low_with_its_filter_buys_a_dip_above_the_average():
    # bar 4: lows 20 19 -> 19, close 18 lies below them and above the mean of 5, 13.8.
    close = [5.0, 6.0, 20.0, 20.0, 18.0]
    bars = drawn(close, [c + 1 for c in close], [5, 6, 20, 19, 18], close)

    assert spoken(THREE_BAR_LOW, bars, **SHORT, ma_period=5, use_ma_filter=True)["long"] == [4]


def test_three_bar_low_without_its_filter_has_one_set_for_all_averages():
    assert THREE_BAR_LOW.canonical(THREE_BAR_LOW.params({"ma_period": 10})) == (
        THREE_BAR_LOW.params()
    )
