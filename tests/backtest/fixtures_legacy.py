"""The older systems' fills, worked by hand: each quirk alone, and what they did at one close.

A point is worth $10. ``ATR_1`` makes the range of the judging bar its own true range. Costly ones
pay 0.50 of slippage and $3 a side.
"""

from dataclasses import replace

from alphamill.backtest.legacy import Quirks

from .worksheet import ATR_1, COSTLY, NOTHING, fixture, trade

OLD = Quirks("same_close", "close_only")
FILL = Quirks("same_close", "touch")
STOP = Quirks("next_open", "close_only")
HALF_A_RANGE = replace(ATR_1, stop_loss_atr=0.5)

OLD_FIXTURES = (
    fixture(
        "entry_and_exit_at_the_deciding_close",
        "fill",
        """
        100 101  99 100
        100 103  99 102 long      # 102 + 0.5
        102 105 101 104
        104 107 103 106 leave     # 106 - 0.5: 30 - 6
        106 107 105 106
        """,
        trade(1, (1, 102.5), (3, 105.5), 24.0, "rule", bars_held=2, fees=6.0, slippage=10.0),
        instrument=COSTLY,
        equity={0: 0.0, 1: -8.0, 2: 12.0, 3: 24.0, 4: 24.0},
    ),
    fixture(
        "the_deciding_close_lets_nothing_leave",
        "fill",
        """
        100 101  99 100 long leave
        100 102  99 101
        101 103 100 102 leave
        """,
        trade(0, (0, 100), (2, 102), 20.0, "rule"),
    ),
    fixture(
        "a_stop_fills_at_its_level_though_the_close_lies_beyond",
        "stop",
        """
        100 101 99 100 long       # bought
        100 101 93  94            # TR 8: stop 96, and the close is 94
         94  95 93  94
        """,
        trade(0, (0, 100), (1, 96), -40.0, "stop", bars_held=1),
        stack=HALF_A_RANGE,
    ),
    fixture(
        "a_stop_that_was_only_touched_is_not_seen",
        "stop",
        """
        100 101 99 100 long
        100 101 90  99            # TR 11: stop 94.5, touched, and forgotten at 99
         99 101 98 100 leave
        """,
        trade(0, (0, 100), (2, 100), 0.0, "rule"),
        stack=HALF_A_RANGE,
    ),
    fixture(
        "the_stop_moves_with_the_range_to_where_no_price_was",
        "stop",
        """
        100 101   99 100 long
        100 101   91  96          # TR 10: stop 95
         96 97    95  96.5        # TR 2: stop 99, above all the bar saw, and filled there
         96 97    95  96
        """,
        trade(0, (0, 100), (2, 99), -10.0, "stop", bars_held=2),
        stack=HALF_A_RANGE,
    ),
    fixture(
        "levels_are_not_rounded",
        "stop",
        """
        100 101 99 100 long
        100 101 96  97            # TR 5: stop 100 - 0.33 * 5 = 98.35
         97  98 96  97
        """,
        trade(0, (0, 100), (1, 98.35), -16.5, "stop"),
        stack=replace(ATR_1, stop_loss_atr=0.33),
    ),
    fixture(
        "a_target_fills_at_its_level_and_slips",
        "stop",
        """
        100 101  99 100 long      # 100.5
        100 109 100 108           # TR 9: target 105; less 0.5: 40 - 6
        108 109 107 108
        """,
        trade(0, (0, 100.5), (1, 104.5), 34.0, "target", fees=6.0, slippage=10.0),
        stack=replace(ATR_1, take_profit_atr=0.5),
        instrument=COSTLY,
    ),
    fixture(
        "the_rule_comes_before_the_stop",
        "stop",
        """
        100 101 99 100 long
        100 101 93  94 leave      # beyond the stop at 96: the close all the same
         94  95 93  94
        """,
        trade(0, (0, 100), (1, 94), -60.0, "rule"),
        stack=HALF_A_RANGE,
    ),
    fixture(
        "the_stop_comes_before_time",
        "stop",
        """
        100 101 99 100 long
        100 101 93  94
         94  95 93  94
        """,
        trade(0, (0, 100), (1, 96), -40.0, "stop"),
        stack=replace(HALF_A_RANGE, max_bars_held=1),
    ),
    fixture(
        "time_counts_the_closes_after_the_deciding_one",
        "fill",
        """
        100 101  99 100 long
        100 101  99 101           # 1
        101 102 100 102           # 2: sold here
        102 103 101 102
        """,
        trade(0, (0, 100), (2, 102), 20.0, "time", bars_held=2),
        stack=replace(NOTHING, max_bars_held=2),
    ),
    fixture(
        "a_close_that_leaves_does_not_enter",
        "stop",
        """
        100 101  99 100 long
        100 101  99 101 leave long
        101 102 100 102 long
        102 104 101 103 leave
        """,
        trade(0, (0, 100), (1, 101), 10.0, "rule"),
        trade(2, (2, 102), (3, 103), 10.0, "rule"),
    ),
    fixture(
        "no_range_need_be_known",
        "stop",
        """
        100 101 99 100 long       # an average of three: unknown
        100 101 90  91            # no stop, for there is no range
         91  92 90  91            # TR 2, 11, 2: 2, 2 + 9/2, 6.5 - 4.5/2 = 4.25
         91  92 90  91
        """,
        trade(0, (0, 100), (2, 97.875), -21.25, "stop"),
        stack=replace(HALF_A_RANGE, atr_length=3),
    ),
    fixture(
        "a_trade_open_at_the_end_is_dropped",
        "fill",
        """
        100 101  99 100 long
        100 102  99 101 leave     # 101 - 0.5 after 100.5: 0 - 6
        101 102 100 102 long      # 102.5 and a fee, as if they had not been
        102 105 101 104
        """,
        trade(0, (0, 100.5), (1, 100.5), -6.0, "rule"),
        instrument=COSTLY,
        equity={0: -8.0, 1: -6.0, 2: -6.0, 3: -6.0},
    ),
    fixture(
        "a_percent_is_of_the_judging_close",
        "stop",
        """
        100 101 99 100 long       # a ratio leaves percents as they are
        100 100 79  80            # 10 % of 80: stop 92
         80  81 79  80
        """,
        trade(0, (0, 100), (1, 92), -80.0, "stop"),
        stack=replace(NOTHING, stop_loss_pct=10.0),
        adjusted="ratio",
    ),
    fixture(
        "floor_and_ceiling_are_judged_at_closes_as_ever",
        "fill",
        """
        100 101  99 100 long floor=98
        100 101  97  98           # at the floor
         98  99  97  97.5         # beyond: sold here
         97  98  96  97
        """,
        trade(0, (0, 100), (2, 97.5), -25.0, "rule"),
    ),
    fixture(
        "the_rules_trail_is_judged_at_closes_as_ever",
        "fill",
        """
        100 120  99 100  long trail=3   # this high was before the fill
        100 106  99 105  trail=3        # best 106, level 103
        105 105 103 103  trail=3        # at the level
        103 104 102 102.5 trail=9       # beyond 103, which does not loosen
        102 103 101 102
        """,
        trade(0, (0, 100), (3, 102.5), 25.0, "rule"),
    ),
)

# Every bar of a worksheet is a minute after the one before; this clock strikes at bar 3.
CLOCK_FIXTURES = (
    fixture(
        "from_the_closing_time_on_every_close_of_the_day_leaves",
        "auto_close",
        """
        100 101  99 100
        100 102  99 101 long
        101 103 100 102
        102 104 101 103           # shut: sold
        103 105 102 104 long      # the evening: bought
        104 106 103 105 long      # and sold at the very next close
        105 107 104 106
        """,
        trade(1, (1, 101), (3, 103), 20.0, "session", bars_held=2),
        trade(4, (4, 104), (5, 105), 10.0, "session", bars_held=1),
    ),
    fixture(
        "the_stop_comes_before_the_closing_time",
        "auto_close",
        """
        100 101  99 100
        100 101  99 100 long
        100 101  99 100
        100 101  93  94           # TR 8: the stop at 96
         94  95  93  94
        """,
        trade(1, (1, 100), (3, 96), -40.0, "stop"),
        stack=HALF_A_RANGE,
    ),
    fixture(
        "time_comes_before_the_closing_time",
        "auto_close",
        """
        100 101  99 100
        100 101  99 100 long
        100 101  99 100
        100 102  99 101           # 2 bars held, and shut
        101 102 100 101
        """,
        trade(1, (1, 100), (3, 101), 10.0, "time"),
        stack=replace(NOTHING, max_bars_held=2),
    ),
)

FILL_FIXTURES = (
    fixture(
        "only_the_fill_levels_rest_from_the_close_that_bought",
        "fill",
        """
        100 101   99 100 long     # TR 2; bought at 100; stop 98, target 104
        100 101   99 100
        100 101   97  99          # TR 4, and the stop stays at 98: touched
         99 100   98  99
        """,
        trade(0, (0, 100), (2, 98), -20.0, "stop", bars_held=2, ambiguous=False),
        stack=replace(ATR_1, stop_loss_atr=1.0, take_profit_atr=2.0),
    ),
    fixture(
        "only_the_fill_gaps_are_gaps",
        "fill",
        """
        100 101  99 100 long      # 100.5; stop 98.5
         95  96  94  95           # 95 - 0.5
         95  96  94  95
        """,
        trade(0, (0, 100.5), (1, 94.5), -66.0, "stop_gap"),
        stack=replace(ATR_1, stop_loss_atr=1.0),
        instrument=COSTLY,
    ),
    fixture(
        "only_the_fill_the_bar_that_decides_touches_nothing",
        "fill",
        """
        100 110  90 100 long      # TR 20; bought at its close; stop 98, target 102
        100 101  99 100
        100 102.5 99 101          # target, without slippage
        101 102 100 101
        """,
        trade(0, (0, 100.5), (2, 102.5), 14.0, "target", slippage=5.0),
        stack=replace(ATR_1, stop_loss_atr=0.1, take_profit_atr=0.1),
        instrument=COSTLY,
    ),
    fixture(
        "only_the_fill_a_bar_that_stopped_us_may_buy_again",
        "fill",
        """
        100 101  99 100 long      # stop 98
        100 101  98  99 long      # stopped, and bought at 99; TR 3: stop 96
         99 101  98 100 leave     # sold at 100
        100 101  99 100
        """,
        trade(0, (0, 100), (1, 98), -20.0, "stop"),
        trade(1, (1, 99), (2, 100), 10.0, "rule"),
        stack=replace(ATR_1, stop_loss_atr=1.0),
    ),
    fixture(
        "only_the_fill_an_unknown_range_forbids_the_entry",
        "fill",
        """
        100 101  99 100 long      # an average of two: unknown
        100 101  99 100 long
        100 101  98  99           # 2: stop 98
         99 100  98  99
        """,
        trade(1, (1, 100), (2, 98), -20.0, "stop"),
        stack=replace(ATR_1, stop_loss_atr=1.0, atr_length=2),
    ),
)

STOP_FIXTURES = (
    fixture(
        "only_the_stop_orders_fill_at_the_next_open",
        "stop",
        """
        100 101  99 100 long
        102 103 101 103           # bought at 102
        103 105 102 104 leave
        106 107 105 106           # sold at 106
        106 107 105 106
        """,
        trade(0, (1, 102), (3, 106), 40.0, "rule", bars_held=2),
    ),
    fixture(
        "only_the_stop_is_judged_at_the_close_of_the_bar_that_bought",
        "stop",
        """
        100 101  99 100 long
        102 103  93  94           # bought at 102; TR 10: stop 97, and the close is 94
         94  95  93  94
        """,
        trade(0, (1, 102), (1, 97), -50.0, "stop", bars_held=1),
        stack=HALF_A_RANGE,
    ),
    fixture(
        "only_the_stop_an_order_waits_through_a_quiet_bar",
        "stop",
        """
        100 101  99 100 long
        103 103 103 103 quiet
        105 106 104 105           # bought
        105 106 104 105 leave
         90  90  90  90 quiet     # beyond any stop, but on the way out
        106 107 105 106           # sold
        106 107 105 106
        """,
        trade(0, (2, 105), (5, 106), 10.0, "rule"),
        stack=HALF_A_RANGE,
    ),
)

LEGACY_FIXTURES = tuple(
    (case, quirks)
    for cases, quirks in (
        (OLD_FIXTURES, OLD),
        (CLOCK_FIXTURES, replace(OLD, auto_close="00:03")),
        (FILL_FIXTURES, FILL),
        (STOP_FIXTURES, STOP),
    )
    for case in cases
)
