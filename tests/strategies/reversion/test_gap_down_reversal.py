import pytest

from alphamill.strategies.reversion.gap_down_reversal import GAP_DOWN_REVERSAL

from ..markets import drawn
from ..worksheet import spoken

#  open  high   low  close
ROWS = [
    (10.0, 10.5, 9.5, 10.0),  # 0
    (10.0, 10.2, 8.8, 9.0),  # 1 red
    (8.5, 9.5, 8.4, 9.2),  # 2 opens 0.3 (3.4 %) below 8.8, closes above its open
    (9.0, 10.0, 8.9, 9.9),  # 3 opens within
    (10.0, 11.0, 9.5, 10.8),  # 4 closes above 10, the high of 2 and 3
    (11.2, 11.3, 10.5, 10.6),  # 5 opens 0.2 (1.8 %) above 11 after a green bar, closes below
    (11.0, 11.5, 10.5, 11.4),  # 6 closes above 11.3, the high of 4 and 5
    (12.0, 12.0, 10.0, 10.2),  # 7 opens 0.5 (4.3 %) above 11.5; closes below 10.5, low of 5 and 6
    (9.8, 9.9, 9.0, 9.5),  # 8 opens below 10 after a red bar, but closes below its open
]
BARS = drawn(*(list(column) for column in zip(*ROWS, strict=True)))


def test_gap_down_reversal_worked_by_hand():
    assert spoken(GAP_DOWN_REVERSAL, BARS, exit_lookback=2) == {
        "long": [2],
        "short": [5, 7],
        "leave_long": [4, 6],
        "leave_short": [7, 8],
    }


def test_gap_down_reversal_may_ask_for_a_gap_of_so_many_percent():
    for percent, long, short in ((3.0, [2], [7]), (4.0, [], [7]), (5.0, [], [])):
        said = spoken(GAP_DOWN_REVERSAL, BARS, exit_lookback=2, min_gap_pct=percent)

        assert (said["long"], said["short"]) == (long, short)


@pytest.mark.parametrize(
    ("before", "row"),
    [
        # Opens at the low of a red bar, at the high of a green one: no gap.
        ((10.0, 10.5, 9.0, 9.5), (9.0, 9.4, 8.5, 9.2)),
        ((9.5, 10.5, 9.0, 10.0), (10.5, 11.0, 10.0, 10.2)),
        # A gap, but a bar without a body.
        ((10.0, 10.5, 9.0, 9.5), (8.5, 9.4, 8.0, 8.5)),
        ((9.5, 10.5, 9.0, 10.0), (11.0, 11.5, 10.6, 11.0)),
    ],
)
def test_gap_down_reversal_takes_a_price_that_is_met_for_not_passed(before, row):
    bars = drawn(*(list(column) for column in zip(before, row, strict=True)))

    said = spoken(GAP_DOWN_REVERSAL, bars, exit_lookback=1)

    assert (said["long"], said["short"]) == ([], [])


def test_gap_down_reversal_leaves_beyond_the_extreme_not_at_it():
    close = [10.0, 10.5, 9.0]
    bars = drawn(close, [10.5] * 3, [9.0] * 3, close)

    assert sum(spoken(GAP_DOWN_REVERSAL, bars, exit_lookback=1).values(), []) == []


def test_gap_down_reversal_wants_a_red_bar_before_the_gap():
    # The same gap after a green bar.
    green = [(8.9, 10.2, 8.8, 9.0) if row == ROWS[1] else row for row in ROWS]
    bars = drawn(*(list(column) for column in zip(*green, strict=True)))

    assert spoken(GAP_DOWN_REVERSAL, bars, exit_lookback=2)["long"] == []
