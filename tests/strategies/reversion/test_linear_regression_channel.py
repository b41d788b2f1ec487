import pytest

from alphamill.strategies.reversion.linear_regression_channel import LINEAR_REGRESSION_CHANNEL

from ..markets import from_closes
from ..worksheet import spoken


def test_linear_regression_channel_worked_by_hand():
    # Five closes, one deviation. Off ten, and at the places -2 to 2: slope = sum of place x off
    # over 10, end = mean + 2 slopes, deviation = root of the squared residuals over 3.
    # bar   off ten           mean   slope    end    squares  deviation   band
    #  4    0  0  0  0 -5     -1     -1       -3      10       1.826      5.17 to  8.83: 5 below
    #  5    0  0  0 -5 -1     -1.2   -0.7     -2.6    13.9     2.153      5.25 to  9.55
    #  6    0  0 -5 -1  0     -1.2   -0.1     -1.4    18.7     2.497      6.10 to 11.10
    #  7    0 -5 -1  0  0     -1.2    0.5     -0.2    16.3     2.331      7.47 to 12.13
    #  8   -5 -1  0  0  0     -1.2    1.1      1       6.7     1.494      9.51 to 12.49
    #  9   -1  0  0  0  0     -0.2    0.2      0.2     0.4     0.365      9.83 to 10.57
    # 10    0  0  0  0  5      1      1        3      10       1.826     11.17 to 14.83: 15 above
    # 11    0  0  0  5  2      1.4    0.9      3.2    11.1     1.924     11.28 to 15.12
    bars = from_closes([10, 10, 10, 10, 5, 9, 10, 10, 10, 10, 15, 12])

    said = spoken(LINEAR_REGRESSION_CHANNEL, bars, lrc_length=5, lrc_width=1.0)

    assert said == {
        "long": [4],
        "short": [10],
        "leave_long": [5, 6, 7, 10],
        "leave_short": [4, 8, 9, 11],
    }


def test_linear_regression_channel_judges_by_the_deviation_that_two_lost_freedoms_leave():
    # At bar 4 above: 2 off the end are 1.095 deviations over 3, and would be 1.414 over 5.
    bars = from_closes([10, 10, 10, 10, 5])

    assert spoken(LINEAR_REGRESSION_CHANNEL, bars, lrc_length=5, lrc_width=1.1)["long"] == []


@pytest.mark.parametrize("step", [0.0, 0.1, -0.01])
def test_linear_regression_channel_says_nothing_about_a_price_on_a_straight_line(step):
    bars = from_closes([1000.1 + step * bar for bar in range(200)])

    assert sum(spoken(LINEAR_REGRESSION_CHANNEL, bars).values(), []) == []
