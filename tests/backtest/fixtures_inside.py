"""Timeline lines 3 and 4, worked by hand: levels at the fill, stop and target inside the bar."""

from dataclasses import replace

from .worksheet import ATR_1, COSTLY, NOTHING, fixture, short, trade

STOP_1 = replace(ATR_1, stop_loss_atr=1.0)
TARGET_1 = replace(ATR_1, take_profit_atr=1.0)
STOP_1_TARGET_2 = replace(ATR_1, stop_loss_atr=1.0, take_profit_atr=2.0)

AT_ENTRY = (
    fixture(
        "stop_rests_in_the_entry_bar",
        "3",
        """
        100 101 99 100 long       # ATR 2
        100 103 97  98            # bought; stop 98 touched
         98 103 97 102
        """,
        trade(0, (1, 100), (1, 98), -20.0, "stop", bars_held=1, mae=-20, mfe=0),
        stack=STOP_1,
    ),
    fixture(
        "target_rests_in_the_entry_bar",
        "3",
        """
        100 101  99 100 long      # ATR 2
        100 103  99 101           # bought; target 102 touched
        101 104 100 103
        """,
        trade(0, (1, 100), (1, 102), 20.0, "target", bars_held=1, mae=-10, mfe=20),
        stack=TARGET_1,
    ),
    fixture(
        "short_target_rests_in_the_entry_bar",
        "3",
        """
        100 101 99 100 short      # ATR 2
        100 101 97  99            # sold; target 98 touched
         99 100 96  97
        """,
        short(0, (1, 100), (1, 98), 20.0, "target", bars_held=1, mae=-10, mfe=20),
        stack=TARGET_1,
    ),
    fixture(
        "distances_are_measured_from_the_fill",
        "3",
        """
        100 101  99   100 long    # ATR 2; from this close the stop would be 98
        110 111 109   110         # bought; stop 108
        110 111 108.25 110
        110 111 108   109
        109 110 108   109
        """,
        trade(0, (1, 110), (3, 108), -20.0, "stop"),
        stack=STOP_1,
    ),
    fixture(
        "distances_are_those_of_the_deciding_bar",
        "3",
        """
        100 110  90 100           # TR 20
        100 101  99 100 long      # TR 2: stop 2 away
        100 104  98.5 103         # TR 5.5
        103 104  97 98            # 98 touched
         98  99  97  98
        """,
        trade(1, (2, 100), (3, 98), -20.0, "stop"),
        stack=STOP_1,
    ),
    fixture(
        "no_entry_while_atr_is_undefined",
        "3",
        """
        100 101  99 100           # TR 2
        100 102  99 101 long      # TR 3; ATR(3) is not known yet
        101 103  99 101 long      # TR 4; ATR (2 + 3 + 4) / 3 = 3
        101 102 100 101           # bought; stop 98
        101 102  98  99
         99 100  98  99
        """,
        trade(2, (3, 101), (4, 98), -30.0, "stop"),
        stack=replace(NOTHING, stop_loss_atr=1.0, atr_length=3),
    ),
    fixture(
        "atr_is_wilders",
        "3",
        """
        100 101  99    100        # TR 2
        100 102  98    100        # TR 4, ATR (2 + 4) / 2 = 3
        100 103  98    100 long   # TR 5, ATR 3 + (5 - 3) / 2 = 4
        100 101  99    100        # bought; stop 96
        100 101  96.25  97
         97  98  96     97
         97  98  96     97
        """,
        trade(2, (3, 100), (5, 96), -40.0, "stop"),
        stack=replace(NOTHING, stop_loss_atr=1.0, atr_length=2),
    ),
    fixture(
        "undefined_atr_forbids_nothing_where_no_distance_is_used",
        "3",
        """
        100 101  99 100 long      # ATR(14) is unknown for ever
        102 103 101 102
        104 105 103 104
        """,
        trade(0, (1, 102), (2, 104), 20.0, "open_at_end"),
    ),
)

INSIDE = (
    fixture(
        "stop_touched_fills_at_the_stop",
        "4",
        """
        100 101 99    100 long    # ATR 2
        100 101 98.25 100         # bought; stop 98 one tick away
        100 101 98     99
         99 100 98     99
        """,
        trade(0, (1, 100), (2, 98), -20.0, "stop", bars_held=2, mae=-20, mfe=10, ambiguous=False),
        stack=STOP_1,
    ),
    fixture(
        "short_stop_touched_fills_at_the_stop",
        "4",
        """
        100 101    99 100 short   # ATR 2
        100 101.75 99 100         # sold; stop 102 one tick away
        100 102    99 101
        101 102   100 101
        """,
        short(0, (1, 100), (2, 102), -20.0, "stop", mae=-20, mfe=10),
        stack=STOP_1,
    ),
    fixture(
        "target_touched_fills_at_the_target",
        "4",
        """
        100 101    99 100 long    # ATR 2
        100 101.75 98 100         # bought; target 102 one tick away
        100 105    97 101
        101 102   100 101
        """,
        trade(0, (1, 100), (2, 102), 20.0, "target", mae=-30, mfe=20, ambiguous=False),
        stack=TARGET_1,
    ),
    fixture(
        "both_touched_means_the_stop",
        "4",
        """
        100 101 99 100 long       # ATR 2
        100 101 99 100            # bought; stop 98, target 104
        100 105 97 104
        104 105 97 104
        """,
        trade(0, (1, 100), (2, 98), -20.0, "stop", ambiguous=True, mfe=10),
        stack=STOP_1_TARGET_2,
    ),
    fixture(
        "closes_only_stop_fills_at_the_close",
        "4",
        """
        100
        102 long                  # TR 2
        103                       # bought at the close, all there is; stop 101
        101.25
        100.5                     # beyond: sold here
        100
        """,
        trade(1, (2, 103), (4, 100.5), -25.0, "stop", mae=-25, mfe=0, bars_held=3),
        stack=STOP_1,
        closes_only=True,
    ),
    fixture(
        "closes_only_target_fills_at_its_level",
        "4",
        """
        100
        102 long                  # TR 2
        103                       # bought; target 105
        106                       # beyond: sold at 105, for the close is not known to be ours
        107
        """,
        trade(1, (2, 103), (3, 105), 20.0, "target", mfe=20),
        stack=TARGET_1,
        closes_only=True,
    ),
    fixture(
        "closes_only_stop_pays_slippage",
        "4",
        """
        100
        102 short                 # TR 2
        103                       # 103 - 0.5; stop 104.5
        105                       # 105 + 0.5: -30 - 6
        105
        """,
        short(1, (2, 102.5), (3, 105.5), -36.0, "stop"),
        stack=STOP_1,
        instrument=COSTLY,
        closes_only=True,
    ),
    fixture(
        "closes_only_first_true_range_is_nothing",
        "4",
        """
        100 long                  # TR 0: the stop lies at the fill
        103                       # bought and, the close being at the stop, sold
        106
        """,
        trade(0, (1, 103), (1, 103), 0.0, "stop"),
        stack=STOP_1,
        closes_only=True,
    ),
)
