from dataclasses import replace

import numpy as np
import pytest

from alphamill.strategies.reversion.overnight_gap_strategy import OVERNIGHT_GAP_STRATEGY

from ..markets import drawn
from ..worksheet import spoken

#     session, cash minute, open, close
ROWS = [
    (1, 0, 100.0, 101.0),
    (1, 15, 101.0, 100.0),
    (2, -15, 99.5, 99.0),  # 2 before the cash market opens
    (2, 0, 99.0, 98.8),  # 3 it opens 1 % below 100
    (2, 15, 98.8, 99.2),  # 4 one bar later: bought
    (2, 30, 99.2, 100.0),  # 5 filled
    (2, 45, 100.0, 99.5),  # 6 below 100 once more
    (3, 0, 100.5, 101.0),  # 7 1.005 % above 99.5
    (3, 15, 101.0, 100.8),  # 8 sold
    (4, 0, 98.0, 98.5),  # 9 2.8 % below 100.8: news
    (4, 15, 98.5, 98.2),
]
SESSION, CASH, OPEN, CLOSE = zip(*ROWS, strict=True)
BARS = replace(
    drawn(list(OPEN), [c + 2 for c in CLOSE], [c - 2 for c in CLOSE], list(CLOSE)),
    session=np.array(SESSION),
    cash_minute=np.array(CASH),
    timeframe="15m",
)


@pytest.mark.parametrize(
    ("given", "long", "short"),
    [
        ({}, [4, 6], [8]),
        ({"gap_entry_time": 0}, [3, 4, 6], [7, 8]),
        ({"gap_entry_time": 2}, [6], []),
        ({"gap_threshold": 0.0100}, [], [8]),
        ({"gap_max": 0.03}, [4, 6, 10], [8]),
    ],
)
def test_overnight_gap_strategy_worked_by_hand(given, long, short):
    said = spoken(OVERNIGHT_GAP_STRATEGY, BARS, **given)

    assert said == {"long": long, "short": short, "leave_long": [], "leave_short": []}


def test_overnight_gap_strategy_leaves_at_the_close_of_the_session_before():
    said = OVERNIGHT_GAP_STRATEGY.rule(BARS, **OVERNIGHT_GAP_STRATEGY.params())

    assert said.ceiling[4] < 100.0 == pytest.approx(said.ceiling[4], abs=1e-12)
    assert said.floor[8] > 99.5 == pytest.approx(said.floor[8], abs=1e-12)
    assert np.isnan(said.floor[4])
    assert np.isnan(said.ceiling[8])


def test_overnight_gap_strategy_reads_percents_off_traded_prices():
    # 1000 added to every price: a gap of 1 is still 1 % of the 100 that was traded.
    raised = {name: getattr(BARS, name) + 1000.0 for name in ("open", "high", "low", "close")}
    added = replace(BARS, **raised, raw_close=BARS.close, adjusted="add")

    assert spoken(OVERNIGHT_GAP_STRATEGY, added)["long"] == [4, 6]
