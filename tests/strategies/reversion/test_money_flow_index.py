from dataclasses import replace

import numpy as np

from alphamill.strategies.reversion.money_flow_index import MONEY_FLOW_INDEX

from ..markets import from_closes
from ..worksheet import spoken


def test_money_flow_index_worked_by_hand():
    # Bars that know closes only: the typical price is the close. Three bars.
    # bar   close  volume   money     in    out    MFI
    #  1      9      1        -9
    #  2      8      2       -16
    #  3      7      1        -7       0     32      0
    #  4      8      1         8       8     23     25.8   crosses above 20; it does not leave
    #  5     10      1        10      18      7     72
    #  6     11      1        11      29      0    100     at 80 or above
    #  7     12      2        24      45      0    100
    #  8     11      1       -11      35     11     76.1   crosses below 80
    #  9      9      3       -27      24     38     38.7
    close = [10.0, 9.0, 8.0, 7.0, 8.0, 10.0, 11.0, 12.0, 11.0, 9.0]
    volume = np.array([1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 3.0])

    said = spoken(MONEY_FLOW_INDEX, replace(from_closes(close), volume=volume), mfi_period=3)

    assert said == {"long": [4], "short": [8], "leave_long": [6, 7], "leave_short": [3]}


def test_money_flow_index_says_nothing_where_no_money_flows():
    close = [10.0, 9.0, 8.0, 7.0, 8.0, 10.0, 11.0]
    still = replace(from_closes(close), volume=np.zeros(7))

    assert sum(spoken(MONEY_FLOW_INDEX, still, mfi_period=3).values(), []) == []
