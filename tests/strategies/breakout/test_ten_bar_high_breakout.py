from alphamill.strategies.breakout.ten_bar_high_breakout import TEN_BAR_HIGH_BREAKOUT

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

# bar   high   low  close   strength   ema 2
#  2     11     9    9.2     0.1       9.133   above 10; weak close
#  3     12     8    8.5     0.125     8.711   above 11; weak close; closes below 9
#  4     10     8   10       1         9.570
#  5      9     7    8.8     0.9       9.057   below 8; strong close
#  6     10     6    9.9     0.975     9.619   below 7; strong close; closes above 9
HIGH = [10.0, 10.0, 11.0, 12.0, 10.0, 9.0, 10.0]
LOW = [8.0, 8.0, 9.0, 8.0, 8.0, 7.0, 6.0]
CLOSE = [9.0, 9.0, 9.2, 8.5, 10.0, 8.8, 9.9]
BARS = drawn(CLOSE, HIGH, LOW, CLOSE)


def test_ten_bar_high_breakout_worked_by_hand():
    assert spoken(TEN_BAR_HIGH_BREAKOUT, BARS, lookback_period=2) == {
        "long": [2, 3],
        "short": [5, 6],
        "leave_long": [6],
        "leave_short": [3],
    }


def test_ten_bar_high_breakout_wants_a_close_at_the_other_end():
    said = spoken(TEN_BAR_HIGH_BREAKOUT, BARS, lookback_period=2, ibs_threshold=0.05)

    assert (said["long"], said["short"]) == ([], [6])


def test_ten_bar_high_breakout_takes_a_level_that_is_met_for_not_passed():
    # The high and the low of bar 1 equal those of bar 0, the close of bar 2 the high, then the low.
    high, low = [10.0, 10.0, 10.0, 10.0], [8.0, 8.0, 8.0, 8.0]
    close = [9.0, 8.0, 10.0, 8.0]

    said = spoken(TEN_BAR_HIGH_BREAKOUT, drawn(close, high, low, close), lookback_period=1)

    assert sum(said.values(), []) == []


def test_ten_bar_high_breakout_with_its_filter_goes_with_the_trend_only():
    filtered = {"lookback_period": 2, "use_ema_filter": True, "ema_period": 2}

    said = spoken(TEN_BAR_HIGH_BREAKOUT, BARS, **filtered)

    assert (said["long"], said["short"]) == ([2], [5])


def test_ten_bar_high_breakout_without_its_filter_has_one_set_for_all_spans():
    unread = TEN_BAR_HIGH_BREAKOUT.params({"ema_period": 100})
    read = TEN_BAR_HIGH_BREAKOUT.params({"ema_period": 100, "use_ema_filter": True})

    assert TEN_BAR_HIGH_BREAKOUT.canonical(unread) == TEN_BAR_HIGH_BREAKOUT.params()
    assert TEN_BAR_HIGH_BREAKOUT.canonical(read) == read


def test_ten_bar_high_breakout_declares_the_bars_that_its_filter_needs_to_forget():
    for cell in TEN_BAR_HIGH_BREAKOUT.cells():
        trend = bars_to_forget(2 / (int(cell["ema_period"]) + 1))

        needed = trend if cell["use_ema_filter"] else int(cell["lookback_period"])
        assert TEN_BAR_HIGH_BREAKOUT.warmup(cell) > needed
