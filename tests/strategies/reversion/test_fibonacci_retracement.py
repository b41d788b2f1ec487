import numpy as np
import pytest

from alphamill.strategies.reversion.fibonacci_retracement import FIBONACCI_RETRACEMENT

from ..markets import drawn
from ..worksheet import spoken

# Fifty bars between 99 and 101, so that 50 swings of four bars are known from bar 52 on.
# bar  high   low    close   swing of four       half way   within 2 % of it
#  50  100     98     99
#  51  108    104    107
#  52  106    103    103.5   98 before 108        103       103 - 103.2: long, 103.5 above it
#  53  101     95     96     108 before 95        101.5     101 does not reach 101.24
#  54  101.6   99    100     108 before 95        101.5     101.6 does: short, 100 below it
#  55  102.5  100.6  102    106 before 95        100.5     above it, but the swing ran down
HIGH = [*[101.0] * 50, 100.0, 108.0, 106.0, 101.0, 101.6, 102.5]
LOW = [*[99.0] * 50, 98.0, 104.0, 103.0, 95.0, 99.0, 100.6]
CLOSE = [*[100.0] * 50, 99.0, 107.0, 103.5, 96.0, 100.0, 102.0]
BARS = drawn(CLOSE, HIGH, LOW, CLOSE)
GIVEN = {"fib_lookback": 4}


def test_fibonacci_retracement_worked_by_hand():
    said = spoken(FIBONACCI_RETRACEMENT, BARS, **GIVEN)

    assert said == {"long": [52], "short": [54], "leave_long": [], "leave_short": []}


def test_fibonacci_retracement_leaves_at_the_swings_ends():
    said = FIBONACCI_RETRACEMENT.rule(BARS, **FIBONACCI_RETRACEMENT.params(GIVEN))

    # 2 % of the swing before its goal: 108 - 0.2 and 95 + 0.26.
    assert (said.floor[52], said.ceiling[54]) == (98.0, 108.0)
    assert said.ceiling[52] == pytest.approx(107.8)
    assert said.floor[54] == pytest.approx(95.26)
    assert np.isnan(said.floor[53])


def test_fibonacci_retracement_in_percent_of_the_price_is_as_wide_as_the_registrys():
    # 2 % of 96 are 1.92: a high of 101 reaches 99.58.
    assert spoken(FIBONACCI_RETRACEMENT, BARS, **GIVEN, unit="percent")["short"] == [53, 54]


def test_fibonacci_retracement_reads_its_level():
    # A quarter of the way back from 108 to 98 is 105.5: bar 52 closes below. From 95 up to 108 it
    # is 98.25: bar 53 closes below, bar 54 above.
    said = spoken(FIBONACCI_RETRACEMENT, BARS, **GIVEN, fib_level=0.25)

    assert (said["long"], said["short"]) == ([], [53])
