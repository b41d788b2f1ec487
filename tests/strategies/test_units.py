from dataclasses import replace

import numpy as np

from alphamill.strategies.trend.roc_strategy import ROC_STRATEGY
from alphamill.strategies.units import ATR_BARS, ATR_WARMUP, traded, usual_range

from .markets import drawn, from_closes
from .worksheet import bars_to_forget, spoken

BARS = from_closes([10.0, 14.0, -2.0])


def test_prices_to_which_a_constant_was_added_are_put_back():
    added = replace(BARS, adjusted="add", raw_close=BARS.close + 90.0)

    np.testing.assert_array_equal(traded(added, added.close), [100.0, 104.0, 88.0])
    np.testing.assert_array_equal(traded(added, added.close + 1), [101.0, 105.0, 89.0])


def test_ratio_adjusted_prices_keep_their_percents_and_none_is_taken_of_a_price_below_0():
    ratio = replace(BARS, adjusted="ratio", raw_close=BARS.close * 3.0)

    np.testing.assert_array_equal(traded(ratio, ratio.close), [10.0, 14.0, np.nan])
    np.testing.assert_array_equal(traded(BARS, BARS.close), [10.0, 14.0, np.nan])


def test_a_rule_in_percent_reads_the_traded_price():
    # 4 on 10 is 40 percent, 4 on 100 is 4.
    close = [10.0, 10.0, 10.0, 14.0]
    bars = drawn(close, close, close, close)
    added = replace(bars, adjusted="add", raw_close=bars.close + 90.0)
    asked = {"roc_period": 1, "roc_ma_length": 2, "roc_threshold": 30.0, "unit": "percent"}

    assert spoken(ROC_STRATEGY, bars, **asked)["long"] == [3]
    assert spoken(ROC_STRATEGY, added, **asked)["long"] == []


def test_the_usual_range_is_the_average_of_14_bars_and_its_warm_up_enough_to_forget():
    close = [10.0] * 20
    bars = drawn(close, [c + 1 for c in close], [c - 2 for c in close], close)

    np.testing.assert_array_equal(usual_range(bars), [*[np.nan] * 13, *[3.0] * 7])
    assert bars_to_forget(1 / ATR_BARS) < ATR_WARMUP
