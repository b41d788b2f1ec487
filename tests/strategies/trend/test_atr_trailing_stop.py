import numpy as np

from alphamill.core.market import Bars
from alphamill.strategies.trend.atr_trailing_stop import ATR_TRAILING_STOP

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

SHORT = {"atr_period": 2, "atr_mult": 2.0, "atr_entry_length": 2}
# The trend asks for 50 closes: as many at 10 come before the bars of interest.
PLATEAU = [10.0] * 50


def one_beyond(close: list[float]) -> Bars:
    return drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)


def test_atr_trailing_stop_worked_by_hand():
    # Highs and lows lie 1 beyond the close; channel of the two bars before, mean of 50 closes.
    # bar   close   lower  upper    mean
    #  50    12       9     11     10.04    crosses above, over the mean
    #  51    13       9     13     10.1     not above
    #  52     9      11     14     10.08    crosses below, under the mean
    #  53     8       8     14     10.04    not below
    #  54     7       7     10      9.98    not below
    #  55    12       6      9     10.02    crosses above, over the mean
    said = spoken(ATR_TRAILING_STOP, one_beyond([*PLATEAU, 12, 13, 9, 8, 7, 12]), **SHORT)

    assert said == {"long": [50, 55], "short": [52], "leave_long": [], "leave_short": []}


def test_atr_trailing_stop_does_not_buy_below_the_trend():
    # 9.5 crosses above 9 too, but the mean is 9.97.
    said = spoken(ATR_TRAILING_STOP, one_beyond([*PLATEAU, 12, 13, 9, 8, 7, 9.5]), **SHORT)

    assert said["long"] == [50]


def test_atr_trailing_stop_trails_by_so_many_ranges_at_every_bar():
    # True ranges 2, then 3 2 5 2 2 6; Wilder's average of 2 goes halfway each bar; doubled.
    bars = one_beyond([*PLATEAU, 12, 13, 9, 8, 7, 12])

    trail = ATR_TRAILING_STOP.rule(bars, **ATR_TRAILING_STOP.params(SHORT)).trail

    np.testing.assert_allclose(trail[48:], [4, 4, 5, 4.5, 7.25, 5.625, 4.8125, 8.40625], rtol=1e-12)


def test_atr_trailing_stop_declares_the_bars_that_its_average_needs_to_forget():
    for cell in ATR_TRAILING_STOP.cells():
        assert ATR_TRAILING_STOP.warmup(cell) > bars_to_forget(1 / int(cell["atr_period"]))
