import numpy as np

from alphamill.core.market import Bars
from alphamill.strategies.breakout.breakout import BREAKOUT

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

SHORT = {"breakout_lookback": 2, "atr_multiplier": 2.0}
# The range of 14 bars is known from bar 13 on.
PLATEAU = [10.0] * 14


def one_beyond(close: list[float]) -> Bars:
    return drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)


# Highs and lows lie 1 beyond the close; the two bars before reach from lowest to highest.
# bar   close   lowest  highest   true range
#  14    12        9      11          3         above
#  15    14        9      13          3         above again: a level, no crossing
#  16    15       11      15          2         not above 15
#  17    11       13      16          5         below
#  18    10       10      16          2         not below 10
#  19    13        9      12          4         above
BARS = one_beyond([*PLATEAU, 12, 14, 15, 11, 10, 13])


def test_breakout_worked_by_hand():
    said = spoken(BREAKOUT, BARS, **SHORT)

    assert said == {"long": [14, 15, 19], "short": [17], "leave_long": [], "leave_short": []}


def test_breakout_trails_by_so_many_ranges_at_every_bar():
    # Wilder's average of 14, from 2: 13 parts of the old and one of the new, doubled.
    expected, range_ = [4.0], 2.0
    for true_range in (3, 3, 2, 5, 2, 4):
        range_ = (13 * range_ + true_range) / 14
        expected.append(2.0 * range_)

    trail = BREAKOUT.rule(BARS, **BREAKOUT.params(SHORT)).trail

    np.testing.assert_allclose(trail[13:], expected, rtol=1e-12)
    assert np.isnan(trail[:13]).all()


def test_breakout_waits_until_it_knows_where_to_leave():
    # Every bar closes above the highs before it, and every bar of the mirror below the lows.
    rising = [10.0 + 3 * k for k in range(16)]

    assert spoken(BREAKOUT, one_beyond(rising), **SHORT)["long"] == [13, 14, 15]
    assert spoken(BREAKOUT, one_beyond(rising[::-1]), **SHORT)["short"] == [13, 14, 15]


def test_breakout_has_the_seeds_parameters_and_their_values():
    assert BREAKOUT.params() == {"breakout_lookback": 20, "atr_multiplier": 2.0}


def test_breakout_declares_the_bars_that_its_average_needs_to_forget():
    for cell in BREAKOUT.cells():
        needed = max(bars_to_forget(1 / 14), int(cell["breakout_lookback"]))
        assert BREAKOUT.warmup(cell) > needed
