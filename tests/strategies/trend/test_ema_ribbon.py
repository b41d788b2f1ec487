import pytest

from alphamill.strategies.trend.ema_ribbon import EMA_RIBBON, middles

from ..markets import from_closes
from ..worksheet import bars_to_forget, spoken


def test_ema_ribbon_worked_by_hand():
    # Spans 1, 2, 4 and 8: the close, and weights 2/3, 2/5 and 2/9.
    # bar   close    span 2   span 4   span 8
    #  7     10      10       10       10        the first bar on which all are known
    #  8      8       8.667    9.2      9.556    falling order, the first time
    #  9      9       8.889    9.12     9.432
    # 10     12      10.963   10.272   10.003    rising order, the first time
    # 11     14      12.988   11.763   10.891    rising, as the bar before
    # 12     14      13.663   12.658   11.582
    # 13     10      11.221   11.595   11.230    falling but for the last two
    # 14      6       7.740    9.357   10.068    falling order, the first time again
    # 15      4       5.247    7.214    8.720
    # 16      8       7.082    7.529    8.560
    bars = from_closes([*[10.0] * 8, 8, 9, 12, 14, 14, 10, 6, 4, 8])

    assert spoken(EMA_RIBBON, bars, ribbon_fast=1, ribbon_slow=8) == {
        "long": [10],
        "short": [8, 14],
        "leave_long": [8, 9, 13, 14, 15, 16],
        "leave_short": [10, 11, 12],
    }


def test_ema_ribbon_does_not_take_the_first_known_bar_for_a_new_order():
    said = spoken(EMA_RIBBON, from_closes(list(range(1, 12))), ribbon_fast=1, ribbon_slow=8)

    # In order since ever, as far as anybody knows: nothing has begun.
    assert (said["long"], said["leave_short"]) == ([], [7, 8, 9, 10])


def test_ema_ribbon_takes_an_order_that_broke_for_a_new_one():
    # Bar 13 as above; then 20 over 17.07 over 14.96 over 13.18.
    bars = from_closes([*[10.0] * 8, 8, 9, 12, 14, 14, 10, 20])

    assert spoken(EMA_RIBBON, bars, ribbon_fast=1, ribbon_slow=8)["long"] == [10, 14]


@pytest.mark.parametrize(
    ("fast", "slow", "between"),
    [(13, 55, (21, 34)), (8, 34, (13, 21)), (21, 34, (25, 29)), (21, 89, (34, 55))],
)
def test_the_spans_between_grow_by_the_same_factor(fast, slow, between):
    assert middles(fast, slow) == between


def test_ema_ribbon_drops_sets_without_room_for_two_spans_between():
    assert EMA_RIBBON.canonical({"ribbon_fast": 34, "ribbon_slow": 34}) is None
    assert EMA_RIBBON.canonical({"ribbon_fast": 5, "ribbon_slow": 6}) is None


def test_ema_ribbon_declares_the_bars_that_its_averages_need_to_forget():
    for cell in EMA_RIBBON.cells():
        assert EMA_RIBBON.warmup(cell) > bars_to_forget(2 / (int(cell["ribbon_slow"]) + 1))
