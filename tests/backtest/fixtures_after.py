"""Timeline lines 7 to 9, worked by hand: trail and break-even, the next entry, the end."""

from dataclasses import replace

from .worksheet import ATR_1, COSTLY, NOTHING, fixture, short, trade

SESSION = replace(NOTHING, session_exit=True)
STOP_1 = replace(ATR_1, stop_loss_atr=1.0)

TIGHTENED = (
    fixture(
        "trail_rests_from_the_next_bar",
        "7",
        """
        100 101  99    100 long   # ATR 2: trail distance 4
        100 106  99    105        # bought; best 106: stop 102 from the next bar
        105 106 102.25 104        # one tick away
        104 110 103    109        # best 110: stop 106
        108 109 106    107        # touched
        107 108 106    107
        """,
        trade(0, (1, 100), (4, 106), 60.0, "stop"),
        stack=replace(ATR_1, trail_atr=2.0),
    ),
    fixture(
        "trail_rounds_like_a_stop",
        "7",
        """
        100 101  99    100 long   # ATR 2: trail distance 1.1
        104 106 104    106        # best 106: 104.9, rounded to 104.75
        106 106 104.75 105
        105 106 104    105
        """,
        trade(0, (1, 104), (2, 104.75), 7.5, "stop"),
        stack=replace(ATR_1, trail_atr=0.55),
    ),
    fixture(
        "trail_never_loosens_a_nearer_stop",
        "7",
        """
        100 101 99 100 long       # ATR 2: stop 1 away, trail 4 away
        100 101 99.25 100         # best 101: 97 would be looser than 99
        100 101 99 100
        100 101 99 100
        """,
        trade(0, (1, 100), (2, 99), -10.0, "stop"),
        stack=replace(ATR_1, stop_loss_atr=0.5, trail_atr=2.0),
    ),
    fixture(
        "break_even_lifts_the_stop_to_the_fill",
        "7",
        """
        100 101    99    100 long # ATR 2
        100 101.75 98.25 100      # bought; stop 98; 1.75 is not 2
        100 102    98.25 101      # 2 is 1 ATR: stop 100 from the next bar
        101 103   100    102      # touched
        102 103   101    102
        """,
        trade(0, (1, 100), (3, 100), 0.0, "stop"),
        stack=replace(STOP_1, break_even_atr=1.0),
    ),
    fixture(
        "break_even_is_not_undone_by_a_wider_trail",
        "7",
        """
        100 101    99    100 long # ATR 2
        100 102    99    101      # +2: stop 100; the trail of 8 says 94
        101 103   100    102
        102 103   101    102
        """,
        trade(0, (1, 100), (2, 100), 0.0, "stop"),
        stack=replace(ATR_1, break_even_atr=1.0, trail_atr=4.0),
    ),
    fixture(
        "open_beyond_the_trailed_stop_is_a_gap",
        "7",
        """
        100 101  99 100 short     # ATR 2: trail distance 4
        100 101  92  98           # sold; best 92: stop 96, already behind the close
         98  99  97  98           # opens beyond it
         98  99  97  98
        """,
        short(0, (1, 100), (2, 98), 20.0, "stop_gap", mfe=80),
        stack=replace(ATR_1, trail_atr=2.0),
    ),
)

NEXT_ENTRY = (
    fixture(
        "reversal_is_two_fills_and_two_costs_at_one_open",
        "8",
        """
        100 101  99 100 long
        102 103 101 102           # 102.5
        103 104 102 103 leave short
        105 106 104 105           # sold at 104.5: 20 - 6; and short at 104.5
        104 105 103 104 cover
        101 102 100 101           # covered at 101.5: 30 - 6
        101 102 100 101
        """,
        trade(0, (1, 102.5), (3, 104.5), 14.0, "rule"),
        short(2, (3, 104.5), (5, 101.5), 24.0, "rule"),
        instrument=COSTLY,
        equity={3: 14.0 - 3.0 - 5.0, 5: 38.0, 6: 38.0},
    ),
    fixture(
        "same_side_is_not_reentered_when_the_exit_is_decided",
        "8",
        """
        100 101  99 100 long
        102 103 101 102 leave long
        105 106 104 105
        107 108 106 107
        """,
        trade(0, (1, 102), (2, 105), 30.0, "rule"),
    ),
    fixture(
        "opposite_side_alone_does_not_reverse",
        "8",
        """
        100 101  99 100 long
        102 103 101 102 short
        105 106 104 105
        107 108 106 107
        """,
        trade(0, (1, 102), (3, 107), 50.0, "open_at_end"),
    ),
    fixture(
        "reentry_is_decided_at_the_close_of_the_bar_that_stopped_us",
        "8",
        """
        100 101 99 100 long       # ATR 2
        100 101 97  98 long       # stop 98 in the entry bar; TR 4
         97  98 95  96            # bought again; stop 93
         96  97 94  95
        """,
        trade(0, (1, 100), (1, 98), -20.0, "stop"),
        trade(1, (2, 97), (3, 95), -20.0, "open_at_end"),
        stack=STOP_1,
    ),
    fixture(
        "reentry_is_decided_at_the_close_of_the_bar_that_sold_at_its_open",
        "8",
        """
        100 101  99 100 long
        102 103 101 102 leave
        105 106 104 105 long      # sold at this open, flat at this close
        108 109 107 108           # bought
        110 111 109 110
        """,
        trade(0, (1, 102), (2, 105), 30.0, "rule"),
        trade(2, (3, 108), (4, 110), 20.0, "open_at_end"),
    ),
    fixture(
        "waiting_reversal_fills_with_its_waiting_exit",
        "8",
        """
        100 101  99 100 long
        102 103 101 102 leave short
        103 103 103 103 quiet
        105 106 104 105           # sold, and short
        101 102 100 101
        """,
        trade(0, (1, 102), (3, 105), 30.0, "rule"),
        short(1, (3, 105), (4, 101), 40.0, "open_at_end"),
    ),
    fixture(
        "quiet_close_after_a_decided_exit_may_still_reverse",
        "8",
        """
        100 101  99 100 long
        102 103 101 102 leave
        103 103 103 103 quiet short
        105 106 104 105           # sold, and short
        101 102 100 101
        """,
        trade(0, (1, 102), (3, 105), 30.0, "rule"),
        short(2, (3, 105), (4, 101), 40.0, "open_at_end"),
    ),
)

AT_THE_END = (
    fixture(
        "entry_on_the_datas_last_bar_is_marked_and_closed_there",
        "9",
        """
        100 101  99 100 long
        102 104 101 103           # 102.5 to 103 - 0.5, fees 6
        """,
        trade(0, (1, 102.5), (1, 102.5), -6.0, "open_at_end", bars_held=1, mae=-15, mfe=15),
        instrument=COSTLY,
        equity={0: 0.0, 1: -6.0},
    ),
    fixture(
        "no_entry_is_decided_on_the_last_bar",
        "9",
        """
        100 101  99 100
        102 104 101 103 long
        """,
        equity={0: 0.0, 1: 0.0},
    ),
    fixture(
        "exit_decided_on_the_last_bar_is_open_at_end",
        "9",
        """
        100 101  99 100 long
        102 104 101 103
        103 105 102 104 leave
        """,
        trade(0, (1, 102), (2, 104), 20.0, "open_at_end", bars_held=2),
    ),
    fixture(
        "exit_that_waits_on_a_quiet_last_bar_is_open_at_end",
        "9",
        """
        100 101  99 100 short
        102 104 101 103 cover     # 101.5
        103 103 103 103 quiet     # 103 + 0.5: -20 - 6
        """,
        short(0, (1, 101.5), (2, 103.5), -26.0, "open_at_end", bars_held=2),
        instrument=COSTLY,
    ),
    fixture(
        "session_exit_on_the_last_bar_is_a_session_exit",
        "9",
        """
        100 101  99 100 long
        102 104 101 103 end
        """,
        trade(0, (1, 102), (1, 103), 10.0, "session"),
        stack=SESSION,
    ),
)
