from dataclasses import replace

from alphamill.strategies.reversion.connors_rsi import CONNORS_RSI

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken

# Wilder's averages of 2 for price and streak, rank among the 3 returns before.
# bar   close   RSI     streak   its RSI   return    lower of 3   mean of the three
#  1     102             1                  2.00
#  2     101    66.67   -1        33.33    -0.98
#  3      99    28.57   -2        20.00    -1.98
#  4      96    10.53   -3        11.11    -3.03         0           7.21
#  5      92     3.92   -4         5.88    -4.17         0           3.27
#  6     100    72.63    1        83.51     8.70         3          85.38
#  7     108    88.74    2        87.60     8.00         2          81.00
#  8     116    94.83    3        91.71     7.41         1          73.29
#  9     115    83.53   -1        25.10    -0.86         0          36.21
CLOSE = [100, 102, 101, 99, 96, 92, 100, 108, 116, 115]
GIVEN = {"crsi_length": 2, "crsi_streak": 2, "crsi_rank": 3}
SAID = {"long": [4, 5], "short": [6], "leave_long": [6, 7], "leave_short": [4, 5]}


def test_connors_rsi_worked_by_hand():
    assert spoken(CONNORS_RSI, from_closes(CLOSE), **GIVEN, crsi_oversold=15) == SAID


def test_connors_rsi_ranks_the_returns_of_traded_prices():
    # Adjusted ones may be negative, and a negative price has no return.
    bars = replace(from_closes([c - 203 for c in CLOSE]), adjusted="add", raw_close=CLOSE)

    assert spoken(CONNORS_RSI, bars, **GIVEN, crsi_oversold=15) == SAID


def test_connors_rsi_declares_the_bars_that_its_parts_need():
    for cell in CONNORS_RSI.cells():
        price, runs = (bars_to_forget(1 / int(cell[k])) for k in ("crsi_length", "crsi_streak"))

        # A run of 30 bars that began before the first of them is counted wrong until it ends.
        assert CONNORS_RSI.warmup(cell) > max(price, runs + 30, int(cell["crsi_rank"]) + 1)
