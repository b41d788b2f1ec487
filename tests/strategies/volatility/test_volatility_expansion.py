from alphamill.strategies.volatility.volatility_expansion import VOLATILITY_EXPANSION

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken


def test_volatility_expansion_worked_by_hand():
    # Highs and lows lie 1 beyond the close; Wilder's average of 2.
    # bar   close   change   ATR before   range    ATR
    #  1     10        0        -           2      2
    #  2     12        2        2           3      2.5      2 is not more than 2
    #  3     15        3        2.5         4      3.25     more; not more than the bar's own 3.25
    #  4     16        1        3.25        2      2.625
    #  5     13       -3        2.625       4      3.3125   as far down
    #  6     12       -1        3.3125      2      2.6563
    #  7     15        3        2.6563      4      3.3281   more
    close = [10.0, 10.0, 12.0, 15.0, 16.0, 13.0, 12.0, 15.0]
    bars = drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)

    assert spoken(VOLATILITY_EXPANSION, bars, ve_length=2, ve_multiple=1.0) == {
        "long": [3, 7],
        "short": [5],
        "leave_long": [5],
        "leave_short": [3, 7],
    }


def test_volatility_expansion_declares_the_bars_that_its_range_needs_to_forget():
    for cell in VOLATILITY_EXPANSION.cells():
        memory = bars_to_forget(1 / int(cell["ve_length"]))

        # The average of the bar before, whose first true range needs the close before it.
        assert VOLATILITY_EXPANSION.warmup(cell) >= memory + 2
