"""Timeline lines 1 and 2, worked by hand: pending orders, quiet bars, gaps."""

from dataclasses import replace

from .worksheet import ATR_1, COSTLY, NOTHING, fixture, short, trade

STOP_1 = replace(ATR_1, stop_loss_atr=1.0)
STOP_1_TARGET_2 = replace(ATR_1, stop_loss_atr=1.0, take_profit_atr=2.0)

AT_THE_OPEN = (
    fixture(
        "orders_fill_at_the_next_open",
        "1",
        """
        100 101  99 100 long
        102 104 101 103           # bought
        103 105 102 104 leave
        106 107 105 106           # sold
        108 109 107 108
        """,
        trade(0, (1, 102), (3, 106), 40.0, "rule", bars_held=2, mae=-10, mfe=40, units=1.0),
        equity={0: 0.0, 1: 10.0, 2: 20.0, 3: 40.0, 4: 40.0},
    ),
    fixture(
        "short_orders_fill_at_the_next_open",
        "1",
        """
        100 101  99 100 short
        102 104 101 103           # sold
        103 105 102 104 cover
        106 107 105 106           # bought back: 4 points lost
        108 109 107 108
        """,
        short(0, (1, 102), (3, 106), -40.0, "rule", bars_held=2, mae=-40, mfe=10),
        equity={0: 0.0, 1: -10.0, 2: -20.0, 3: -40.0, 4: -40.0},
    ),
    fixture(
        "entry_expires_at_a_session_change_when_the_session_exit_is_on",
        "1",
        """
        100 101  99 100
        100 102 100 101 long      # the calendar's last bar is missing after it
        -----------------
        105 106 104 105
        106 107 105 106
        """,
        stack=replace(NOTHING, session_exit=True),
    ),
    fixture(
        "entry_survives_a_session_change_when_the_session_exit_is_off",
        "1",
        """
        100 101  99 100
        100 102 100 101 long
        -----------------
        105 106 104 105
        106 107 105 106
        """,
        trade(1, (2, 105), (3, 106), 10.0, "open_at_end"),
    ),
    fixture(
        "exit_never_expires",
        "1",
        """
        100 101  99 100 long
        102 103 101 102 leave     # the calendar's last bar is missing after it
        -----------------
        104 105 103 104           # its reason stands
        106 107 105 106
        """,
        trade(0, (1, 102), (2, 104), 20.0, "rule"),
        stack=replace(NOTHING, session_exit=True),
    ),
    fixture(
        "quiet_bar_makes_the_entry_wait",
        "1",
        """
        100 101  99 100 long
        103 103 103 103 quiet
        105 106 104 105           # bought
        106 107 105 106
        """,
        trade(0, (2, 105), (3, 106), 10.0, "open_at_end", bars_held=2),
    ),
    fixture(
        "quiet_bar_makes_the_exit_wait",
        "1",
        """
        100 101  99 100 long
        102 103 101 102 leave
        104 104 104 104 quiet
        107 108 106 107           # sold
        108 109 107 108
        """,
        trade(0, (1, 102), (3, 107), 50.0, "rule", bars_held=2),
    ),
    fixture(
        "waiting_entry_is_renewed_by_a_quiet_close",
        "1",
        """
        100 101  99 100 long
        103 103 103 103 quiet short   # its last word counts
        105 106 104 105
        102 103 101 102
        """,
        short(1, (2, 105), (3, 102), 30.0, "open_at_end"),
    ),
    fixture(
        "quiet_bar_fills_neither_stop_nor_target",
        "1",
        """
        100 101  99 100 long      # ATR 2
        100 101  99 100           # bought; stop 98, target 104
         97 105  96  97 quiet
        100 101  99 100
         97  98  96  97           # opens beyond the stop
         97  98  96  97
        """,
        trade(0, (1, 100), (4, 97), -30.0, "stop_gap", mae=-40, mfe=50, bars_held=3),
        stack=STOP_1_TARGET_2,
    ),
    fixture(
        "quiet_close_still_counts_as_a_bar_held",
        "1",
        """
        100 101  99 100 long
        102 103 101 102
        102 102 102 102 quiet     # the second bar held
        104 105 103 104
        105 106 104 105
        """,
        trade(0, (1, 102), (3, 104), 20.0, "time", bars_held=2),
        stack=replace(NOTHING, max_bars_held=2),
    ),
    fixture(
        "quiet_close_still_moves_best_and_decides",
        "1",
        """
        100 101  99 100 long
        102 103 101 102 trail=3
        106 110 106 106 quiet trail=3   # best 110, level 107: leaves
        105 106 104 105
        104 105 103 104
        """,
        trade(0, (1, 102), (3, 105), 30.0, "rule", mfe=80),
    ),
)

GAPS = (
    fixture(
        "open_beyond_the_stop_fills_at_the_open",
        "2",
        """
        100 101 99 100 long       # ATR 2
        100 101 99 100            # bought; stop 98
         95  99 94  95            # 95, not 98
         95  96 94  95
        """,
        trade(0, (1, 100), (2, 95), -50.0, "stop_gap", bars_held=1, mae=-50, ambiguous=False),
        stack=STOP_1,
    ),
    fixture(
        "short_open_beyond_the_stop_fills_at_the_open",
        "2",
        """
        100 101  99 100 short     # ATR 2
        100 101  99 100           # sold; stop 102
        105 106 101 105           # 105, not 102
        105 106 104 105
        """,
        short(0, (1, 100), (2, 105), -50.0, "stop_gap", mae=-50, mfe=10),
        stack=STOP_1,
    ),
    fixture(
        "open_beyond_the_target_fills_at_the_open",
        "2",
        """
        100 101  99 100 long      # ATR 2
        100 101  99 100           # 100.5; target 104.5
        107 108  97 107           # 107 with no slippage: 65 - 6; the stop at 98.5 came later
        107 108 106 107
        """,
        trade(0, (1, 100.5), (2, 107), 59.0, "target_gap", mae=-15, mfe=65, ambiguous=False),
        stack=STOP_1_TARGET_2,
        instrument=COSTLY,
    ),
    fixture(
        "gap_through_the_stop_pays_slippage",
        "2",
        """
        100 101 99 100 long       # ATR 2
        100 101 99 100            # 100.5; stop 98.5
         95  96 94  95            # 95 - 0.5: -60 - 6
         95  96 94  95
        """,
        trade(0, (1, 100.5), (2, 94.5), -66.0, "stop_gap", slippage=10.0, mae=-60),
        stack=STOP_1,
        instrument=COSTLY,
    ),
    fixture(
        "open_at_the_stop_fills_at_the_open",
        "2",
        """
        100 101 99 100 long       # ATR 2
        100 101 99 100            # bought; stop 98
         98  99 97  98            # the bar's first price is the level
         98  99 97  98
        """,
        trade(0, (1, 100), (2, 98), -20.0, "stop_gap", bars_held=1),
        stack=STOP_1,
    ),
    fixture(
        "open_at_the_target_comes_before_a_stop_touched_later",
        "2",
        """
        100 101  99 100 long      # ATR 2
        100 101  99 100           # bought; stop 98, target 104
        104 105  97  98           # 104 first
         98  99  97  98
        """,
        trade(0, (1, 100), (2, 104), 40.0, "target_gap", bars_held=1, ambiguous=False),
        stack=STOP_1_TARGET_2,
    ),
    fixture(
        "pending_exit_has_cancelled_stop_and_target",
        "2",
        """
        100 101  99 100 long      # ATR 2
        100 101  99 100 leave     # 100.5; target 104.5
        107 108 106 107           # a market fill, 107 - 0.5, not the target's
        107 108 106 107
        """,
        trade(0, (1, 100.5), (2, 106.5), 54.0, "rule"),
        stack=STOP_1_TARGET_2,
        instrument=COSTLY,
    ),
)
