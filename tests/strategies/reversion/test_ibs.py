from dataclasses import replace

import numpy as np

from alphamill.strategies.reversion.ibs import IBS

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

# Low 100 and high 110: the strength is a tenth of what the close has over 100.
#  minute  close   strength
ROWS = [
    (0, 102.0),  # 0   0.2    enter: the edge is in the band, midnight in the first window
    (0, 102.5),  # 1   0.25   above the band
    (899, 100.5),  # 2 0.05   enter: 14:59
    (900, 100.5),  # 3 0.05   15:00, between the windows
    (1019, 100.5),  # 4       16:59, likewise
    (1020, 101.0),  # 5       enter: 17:00
    (1439, 101.0),  # 6       enter: 23:59
    (600, 108.0),  # 7 0.8    leave: the edge is in the band
    (960, 110.0),  # 8 1.0    leave, between the windows too
    (600, 107.5),  # 9 0.75   below the exit band
    (600, 103.0),  # 10 0.3
    (600, 107.0),  # 11 0.7
]
MINUTE, CLOSE = (list(column) for column in zip(*ROWS, strict=True))
BARS = replace(
    drawn(CLOSE, [110.0] * 12, [100.0] * 12, CLOSE), timeframe="1h", minute=np.array(MINUTE)
)


def test_ibs_worked_by_hand():
    assert spoken(IBS, BARS) == {
        "long": [0, 2, 5, 6],
        "short": [],
        "leave_long": [7, 8],
        "leave_short": [],
    }


def test_ibs_window_may_pass_midnight_and_no_window_is_no_filter():
    at_night = {"use_window2": False, "start_time1": "23:00", "end_time1": "0010"}
    whole_day = {"use_window1": False, "start_time2": "0000"}

    assert spoken(IBS, BARS, **at_night)["long"] == [0, 6]
    assert spoken(IBS, BARS, **whole_day)["long"] == [0, 2, 3, 4, 5, 6]
    assert spoken(IBS, BARS, use_window1=False, use_window2=False)["long"] == [0, 2, 3, 4, 5, 6]


def test_ibs_bands_that_are_switched_off_ask_for_nothing():
    unasked = spoken(IBS, BARS, enable_ibs_entry=False, enable_ibs_exit=False)

    assert unasked["long"] == [0, 1, 2, 5, 6, 7, 9, 10, 11]
    assert unasked["leave_long"] == []


def test_ibs_stop_and_target_in_percent_lie_so_far_from_the_deciding_close():
    said = IBS.rule(BARS, **IBS.params({"stop_perc": 2.0, "tp_perc": 3.0}))

    np.testing.assert_allclose(said.floor, 0.98 * BARS.close, rtol=1e-12)
    np.testing.assert_allclose(said.ceiling, 1.03 * BARS.close, rtol=1e-12)


def test_ibs_stop_and_target_in_ranges_wait_until_the_range_is_known():
    # True range 10 on each bar: known from bar 13 on.
    low, high = [100.0] * 16, [110.0] * 16
    bars = replace(drawn(low, high, low, low), minute=np.zeros(16))
    half = {"stop_type": "atr", "stop_perc": 0.5, "tp_type": "atr", "tp_perc": 2.0}

    said = IBS.rule(bars, **IBS.params(half))

    assert np.flatnonzero(said.enter).tolist() == [13, 14, 15]
    assert (said.floor[15], said.ceiling[15]) == (95.0, 120.0)


def test_ibs_declares_the_bars_that_its_ranges_need_to_forget():
    for cell in IBS.cells():
        assert IBS.warmup(cell) > bars_to_forget(1 / 14)
    assert IBS.warmup(IBS.params()) == 1
