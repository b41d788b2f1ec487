"""Timeline lines 5 and 6, worked by hand: the session exit and what a close decides."""

from dataclasses import replace

from .worksheet import ATR_1, COSTLY, NOTHING, fixture, short, trade

SESSION = replace(NOTHING, session_exit=True)
STOP_1 = replace(ATR_1, stop_loss_atr=1.0)

SESSION_EXIT = (
    fixture(
        "position_is_closed_at_the_sessions_last_close",
        "5",
        """
        100 101  99 100 long
        102 103 101 102
        103 105 102 104 end       # sold at the close
        -----------------
        110 111 109 110
        """,
        trade(0, (1, 102), (2, 104), 20.0, "session", bars_held=2, mae=-10, mfe=30),
        stack=SESSION,
    ),
    fixture(
        "session_exit_pays_slippage",
        "5",
        """
        100 101  99 100 short
        102 103 101 102           # 102 - 0.5
        103 104 102 104 end       # 104 + 0.5, beyond the high: -30 - 6
        -----------------
        110 111 109 110
        """,
        short(0, (1, 101.5), (2, 104.5), -36.0, "session", slippage=10.0, mae=-30),
        stack=SESSION,
        instrument=COSTLY,
    ),
    fixture(
        "stop_comes_before_the_session_exit",
        "5",
        """
        100 101 99 100 long       # ATR 2
        100 101 99 100            # bought; stop 98
        100 101 98 101 end
        -----------------
        110 111 109 110
        """,
        trade(0, (1, 100), (2, 98), -20.0, "stop"),
        stack=replace(STOP_1, session_exit=True),
    ),
    fixture(
        "missing_last_bar_means_a_late_exit_at_the_next_open",
        "5",
        """
        100 101 99 100 long       # ATR 2
        100 101 99 100            # bought; stop 98; the calendar's last bar is missing
        -----------------
         95 101 94  96            # late, not stop_gap: 95 - 0.5 after 100.5
         96  97 95  96
        """,
        trade(0, (1, 100.5), (2, 94.5), -66.0, "late_session_exit", bars_held=1, mae=-60),
        stack=replace(STOP_1, session_exit=True),
        instrument=COSTLY,
    ),
    fixture(
        "quiet_last_bar_means_a_late_exit",
        "5",
        """
        100 101  99 100 long
        102 103 101 102
        103 103 103 103 quiet end leave   # cannot fill, and nothing is decided
        -----------------
        106 107 105 106
        107 108 106 107
        """,
        trade(0, (1, 102), (3, 106), 40.0, "late_session_exit", bars_held=2),
        stack=SESSION,
    ),
    fixture(
        "late_exit_waits_through_a_quiet_bar",
        "5",
        """
        100 101  99 100 long
        102 103 101 102
        -----------------
        103 103 103 103 quiet
        106 107 105 106
        107 108 106 107
        """,
        trade(0, (1, 102), (3, 106), 40.0, "late_session_exit", bars_held=2),
        stack=SESSION,
    ),
    fixture(
        "quiet_close_may_still_decide_before_the_late_exit",
        "5",
        """
        100 101  99 100 long
        102 103 101 102
        -----------------
        103 103 103 103 quiet leave short   # decided before the late exit could be
        106 107 105 106
        107 108 106 107
        """,
        trade(0, (1, 102), (3, 106), 40.0, "rule", bars_held=2),
        short(2, (3, 106), (4, 107), -10.0, "open_at_end"),
        stack=SESSION,
    ),
    fixture(
        "pending_exit_keeps_its_reason_over_a_missing_last_bar",
        "5",
        """
        100 101  99 100 long
        102 103 101 102           # one bar held
        -----------------
        106 107 105 106
        107 108 106 107
        """,
        trade(0, (1, 102), (2, 106), 40.0, "time"),
        stack=replace(SESSION, max_bars_held=1),
    ),
    fixture(
        "entry_on_the_sessions_last_bar_lives_one_bar",
        "5",
        """
        100 101  99 100
        100 101  99 100 long
        102 103 101 103 end       # bought at the open, sold at the close
        -----------------
        110 111 109 110
        """,
        trade(1, (2, 102), (2, 103), 10.0, "session", bars_held=1),
        stack=SESSION,
    ),
    fixture(
        "nothing_is_decided_at_the_sessions_last_close",
        "5",
        """
        100 101  99 100
        102 103 101 103 end long
        -----------------
        110 111 109 110
        112 113 111 112
        """,
        stack=SESSION,
    ),
    fixture(
        "session_exit_off_holds_and_decides_across_sessions",
        "5",
        """
        100 101  99 100
        102 103 101 103 end long
        -----------------
        110 111 109 110
        112 113 111 112 end
        """,
        trade(1, (2, 110), (3, 112), 20.0, "open_at_end"),
    ),
)

AT_THE_CLOSE = (
    fixture(
        "leave_is_not_asked_on_the_deciding_bar",
        "6",
        """
        100 101  99 100 long leave
        102 104 101 103
        103 105 102 104
        105 106 104 105
        """,
        trade(0, (1, 102), (3, 105), 30.0, "open_at_end", bars_held=3),
    ),
    fixture(
        "leave_is_asked_at_the_fill_bars_close",
        "6",
        """
        100 101  99 100 long
        102 104 101 103 leave
        106 107 105 106
        108 109 107 108
        """,
        trade(0, (1, 102), (2, 106), 40.0, "rule", bars_held=1),
    ),
    fixture(
        "cover_says_nothing_to_a_long",
        "6",
        """
        100 101  99 100 long
        102 104 101 103 cover
        106 107 105 106
        108 109 107 108
        """,
        trade(0, (1, 102), (3, 108), 60.0, "open_at_end"),
    ),
    fixture(
        "close_beyond_the_floor_of_the_deciding_bar_leaves",
        "6",
        """
        100 101 99 100    long floor=99
        100 101 98  99    floor=120   # at the floor, the low beyond it: stays
        100 101 98  98.75             # beyond
         97  98 96  97
         97  98 96  97
        """,
        trade(0, (1, 100), (3, 97), -30.0, "rule"),
    ),
    fixture(
        "close_beyond_the_ceiling_of_the_deciding_bar_leaves",
        "6",
        """
        100 101  99 100   long ceiling=103
        100 104  99 103   ceiling=50  # at the ceiling, the high beyond it: stays
        103 104 102 103.25            # beyond
        105 106 104 105
        105 106 104 105
        """,
        trade(0, (1, 100), (3, 105), 50.0, "rule"),
    ),
    fixture(
        "touched_floor_is_a_stop",
        "6",
        """
        100 101  99    100 long floor=98.9
        100 101  98.75 101        # rests from the fill, rounded to 98.75
        101 102 100    101
        """,
        trade(0, (1, 100), (1, 98.75), -12.5, "stop"),
        levels="touch",
    ),
    fixture(
        "touched_ceiling_is_a_target",
        "6",
        """
        100 101    99 100 long ceiling=101.1
        100 101    99 101         # rounded to 101.25
        100 101.25 99 101
        101 102   100 101
        """,
        trade(0, (1, 100), (2, 101.25), 12.5, "target"),
        levels="touch",
    ),
    fixture(
        "touch_the_tighter_of_floor_and_stop_rests",
        "6",
        """
        100 101 99 100 long floor=98.5   # ATR 2: stop 98
        100 101 98 100            # out at 98.5
        100 101 99 100 long floor=95     # TR 2
        100 101 99 100
        100 101 98 100            # out at 98
        100 101 99 100
        """,
        trade(0, (1, 100), (1, 98.5), -15.0, "stop"),
        trade(2, (3, 100), (4, 98.0), -20.0, "stop"),
        stack=STOP_1,
        levels="touch",
    ),
    fixture(
        "touch_levels_are_not_judged_at_closes",
        "6",
        """
        100 101  99 100 long floor=98
        100 101  99 100
         97  97  97  97 quiet     # nothing fills here, and its close is not asked
        100 101  99 101
        102 103 101 102
        """,
        trade(0, (1, 100), (4, 102), 20.0, "open_at_end"),
        levels="touch",
    ),
    fixture(
        "rule_trail_leaves_strictly_beyond_the_best_less_its_distance",
        "6",
        """
        100 120  99 100    long trail=3   # this high was before the fill
        102 103 101 102    trail=3        # best 103, level 100
        104 108 103 107    trail=3        # best 108, level 105
        106 107 104 105    trail=3        # at the level: stays
        105 106 104 104.75 trail=3        # beyond
        103 104 102 103
        103 104 102 103
        """,
        trade(0, (1, 102), (5, 103), 10.0, "rule"),
    ),
    fixture(
        "rule_trail_never_loosens",
        "6",
        """
        100 101  99 100  long
        104 108 103 107  trail=3      # best 108, level 105
        106 107 104 105  trail=9      # 99 would be looser
        106 107 104 104.5             # unknown here: 105 holds
        103 104 102 103
        103 104 102 103
        """,
        trade(0, (1, 104), (4, 103), -10.0, "rule"),
    ),
    fixture(
        "time_exit_at_the_next_open",
        "6",
        """
        100 101  99 100 long
        102 103 101 102           # 1
        102 103 101 102           # 2
        105 106 104 105           # sold
        107 108 106 107
        """,
        trade(0, (1, 102), (3, 105), 30.0, "time", bars_held=2),
        stack=replace(NOTHING, max_bars_held=2),
    ),
    fixture(
        "rule_wins_over_time",
        "6",
        """
        100 101  99 100 long
        102 103 101 102 leave
        105 106 104 105
        107 108 106 107
        """,
        trade(0, (1, 102), (2, 105), 30.0, "rule"),
        stack=replace(NOTHING, max_bars_held=1),
    ),
)
