from alphamill.strategies.trend.roc_strategy import ROC_STRATEGY

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

# Highs and lows lie 1 beyond the close; change over two bars, mean of three closes.
# bar    close   range    ATR 14   x 2     change     percent   mean
# 13-16   10       2       2       4          0          0      10
#  17     14       5       2.214   4.43       4         40      11.33
#  18     18       5       2.413   4.83       8         80      14
#  19     19       2       2.384   4.77       5         35.7    17
#  20     17       3       2.428   4.86      -1         -5.6    18
#  21     13       5       2.611   5.22      -6        -31.6    16.33
#  22      9       5       2.782   5.56      -8        -47.1    13
CLOSE = [*[10.0] * 17, 14.0, 18.0, 19.0, 17.0, 13.0, 9.0]
BARS = drawn(CLOSE, [c + 1 for c in CLOSE], [c - 1 for c in CLOSE], CLOSE)
SHORT = {"roc_period": 2, "roc_ma_length": 3}


def test_roc_strategy_worked_by_hand():
    # In ranges: bar 18 moves more than two of them, bar 21 as far down.
    assert spoken(ROC_STRATEGY, BARS, **SHORT, roc_threshold=2.0) == {
        "long": [18],
        "short": [21],
        "leave_long": [13, 14, 15, 16, 17, 20, 21, 22],
        "leave_short": [13, 14, 15, 16, 17, 18, 19, 20],
    }


def test_roc_strategy_in_percent_worked_by_hand():
    assert spoken(ROC_STRATEGY, BARS, **SHORT, roc_threshold=30.0, unit="percent") == {
        "long": [17],
        "short": [21],
        "leave_long": [*range(2, 17), 20, 21, 22],
        "leave_short": [*range(2, 21)],
    }


def test_roc_strategy_wants_the_trend_on_its_side():
    # Bar 17 moves by 14 in ranges of 4.59. The last two closes average 17, the last 17 33.8.
    close = [*[40.0] * 14, 10.0, 10.0, 10.0, 24.0]
    bars = drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)
    near = {"roc_period": 1, "roc_threshold": 2.0}

    assert spoken(ROC_STRATEGY, bars, **near, roc_ma_length=2)["long"] == [17]
    assert spoken(ROC_STRATEGY, bars, **near, roc_ma_length=17)["long"] == []


def test_roc_strategy_declares_the_bars_that_its_range_needs_to_forget():
    assert all(ROC_STRATEGY.warmup(c) > bars_to_forget(1 / 14) for c in ROC_STRATEGY.cells())
