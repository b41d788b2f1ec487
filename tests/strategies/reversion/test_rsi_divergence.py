import numpy as np
import pytest

from alphamill.strategies.reversion.rsi_divergence import RSI_DIVERGENCE

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

# The RSI of 2 of RSI2_MeanReversion's worksheet:
# bar      2     3     4     5     6     7     8     9    10
# RSI    66.7  28.6  10.5   5.7  74.8  87.3  93.6  75.0  28.9
CLOSE = [10.0, 12.0, 11.0, 9.0, 6.0, 4.0, 10.0, 14.0, 18.0, 17.0, 13.0]
HIGH = [10.5, 12.5, 11.5, 9.5, 6.5, 4.5, 10.5, 14.5, 18.2, 18.5, 13.5]
LOW = [9.5, 11.5, 10.5, 8.5, 5.5, 3.5, 9.5, 13.5, 17.5, 16.5, 3.4]
GIVEN = {"rsi_div_length": 2, "rsi_div_lookback": 5}


def test_rsi_divergence_worked_by_hand():
    # bar  5: low 3.5 below bar 4's 5.5, the strength 5.7 below its 10.5: no divergence.
    # bar  8: high 18.2 above bar 7's 14.5, the strength 93.6 above its 87.3: none.
    # bar  9: high 18.5 above bar 8's 18.2, the strength 75 below its 93.6: short.
    # bar 10: low 3.4 below bar 5's 3.5, the strength 28.9 above its 5.7: long.
    bars = drawn(CLOSE, HIGH, LOW, CLOSE)

    assert spoken(RSI_DIVERGENCE, bars, **GIVEN) == {
        "long": [10],
        "short": [9],
        "leave_long": [6, 7, 8, 9],
        "leave_short": [3, 4, 5, 10],
    }


def test_rsi_divergence_asks_the_strength_at_the_low_before_not_the_lowest_strength():
    # Bar 6 with a low of 3.45 is a divergence itself, and then the low before bar 10: its strength
    # was 74.8, whatever the 5.7 of bar 5.
    low = [*LOW[:6], 3.45, *LOW[7:]]

    assert spoken(RSI_DIVERGENCE, drawn(CLOSE, HIGH, low, CLOSE), **GIVEN)["long"] == [6]


def test_rsi_divergence_takes_no_rounding_for_a_divergence():
    # Lower lows on a close that stands still, whose strength is the same but for rounding.
    close = [10.0, 12.0, 11.0, *[9.7] * 12]
    low = [9.0, 11.0, 10.0, *[9.6 - 0.1 * t for t in range(12)]]
    bars = drawn(close, [c + 1 for c in close], low, close)

    assert spoken(RSI_DIVERGENCE, bars, rsi_div_length=3, rsi_div_lookback=5)["long"] == []


def test_rsi_divergence_fails_half_a_percent_beyond_its_extreme():
    said = RSI_DIVERGENCE.rule(drawn(CLOSE, HIGH, LOW, CLOSE), **RSI_DIVERGENCE.params(GIVEN))

    # 3.4 - 0.5 % of 13; 18.5 + 0.5 % of 17.
    assert said.floor[10] == pytest.approx(3.335)
    assert said.ceiling[9] == pytest.approx(18.585)
    assert np.isnan(said.floor[9])
    assert np.isnan(said.ceiling[10])


def test_rsi_divergence_declares_the_bars_that_the_older_strength_needs_to_forget():
    for cell in RSI_DIVERGENCE.cells():
        memory = bars_to_forget(1 / int(cell["rsi_div_length"]))

        assert RSI_DIVERGENCE.warmup(cell) > memory + int(cell["rsi_div_lookback"])
