"""Timeline lines 3 and 7 in percent and in points, worked by hand.

Deciding bars close at 100, so that a percent is a point upside down too, and have a true range of
5, so that no distance is a range by chance.
"""

from dataclasses import replace

from .worksheet import ATR_1, NOTHING, fixture, short, trade

STOP_2_PERCENT = replace(NOTHING, stop_loss_pct=2.0)
RAW_STOP_AND_TARGET = replace(NOTHING, stop_loss_pct=2.0, take_profit_pct=4.0)

UNITS_OF_DISTANCE = (
    fixture(
        "percent_stop_is_of_the_deciding_close",
        "3",
        """
        100 103  98    100 long   # 2 points
        110 111 108.25 110        # bought; stop 108; 2 % of the fill would be 107.75
        110 111 108    109        # touched
        109 110 108    109
        """,
        trade(0, (1, 110), (2, 108), -20.0, "stop"),
        stack=STOP_2_PERCENT,
    ),
    fixture(
        "percent_target_is_of_the_deciding_close",
        "3",
        """
        100 103    98 100 long    # 2.5 points
        110 112.25 98 110         # bought; target 112.5; 2.5 % of the fill would be 112.75
        110 112.5  98 109         # touched
        109 110   108 109
        """,
        trade(0, (1, 110), (2, 112.5), 25.0, "target"),
        stack=replace(NOTHING, take_profit_pct=2.5),
    ),
    fixture(
        "points_stop_is_that_many_points_from_the_fill",
        "3",
        """
        100 103  98   100 long
        110 111 108.75 110        # bought; stop 108.5
        110 111 108.5 109         # touched
        109 110 108   109
        """,
        trade(0, (1, 110), (2, 108.5), -15.0, "stop"),
        stack=replace(NOTHING, stop_loss_points=1.5),
    ),
    fixture(
        "points_target_is_that_many_points_from_the_fill",
        "3",
        """
        100 103    98 100 long
        110 111.25 98 110         # bought; 1.4 points: 111.4, rounded to 111.5
        110 111.5  98 109         # touched
        109 110   108 109
        """,
        trade(0, (1, 110), (2, 111.5), 15.0, "target"),
        stack=replace(NOTHING, take_profit_points=1.4),
    ),
    fixture(
        "each_exit_has_its_own_unit",
        "3",
        """
        100 103  98   100 long    # stop 1 % = 1; target 3 points; trail 1 range = 5
        100 101  99.25 100        # bought; stop 99, target 103
        100 103  99.25 102        # target
        100 103  98   100 long
        100 101  99   100         # bought and stopped
        100 101  99   100
        """,
        trade(0, (1, 100), (2, 103), 30.0, "target"),
        trade(3, (4, 100), (4, 99), -10.0, "stop"),
        stack=replace(ATR_1, stop_loss_pct=1.0, take_profit_points=3.0, trail_atr=1.0),
    ),
    fixture(
        "percent_trail_rests_from_the_next_bar",
        "7",
        """
        100 103  98    100 long   # 4 points
        100 106  99    105        # bought; best 106: stop 102 from the next bar
        105 106 102.25 104        # one tick away; 4 % of the best would be 101.75
        104 110 103    109        # best 110: stop 106
        108 109 106    107        # touched
        107 108 106    107
        """,
        trade(0, (1, 100), (4, 106), 60.0, "stop"),
        stack=replace(NOTHING, trail_pct=4.0),
    ),
    fixture(
        "points_trail_ratchets",
        "7",
        """
        100 103  98    100 long
        100 106  99    105        # bought; best 106: stop 102.5
        105 105.5 103  104        # best stays, and so does the stop
        104 108 103    107        # best 108: stop 104.5
        107 107 104.75 105        # one tick away
        105 106 104.5  105        # touched
        107 108 106    107
        """,
        trade(0, (1, 100), (5, 104.5), 45.0, "stop"),
        stack=replace(NOTHING, trail_points=3.5),
    ),
    fixture(
        "percent_break_even_lifts_the_stop_to_the_fill",
        "7",
        """
        100 103    98    100 long # 2 points; a range would be 5
        110 111.75 109   110      # bought; 1.75 is not 2
        110 112    109   111      # 2: stop 110 from the next bar
        111 113   110    112      # touched
        112 113   111    112
        """,
        trade(0, (1, 110), (3, 110), 0.0, "stop"),
        stack=replace(NOTHING, break_even_pct=2.0),
    ),
    fixture(
        "points_break_even_lifts_the_stop_to_the_fill",
        "7",
        """
        100 103    98    100 long
        110 111.25 108.5 110      # bought; stop 108; 1.25 is not 1.5
        110 111.5  108.5 111      # 1.5: stop 110 from the next bar
        111 113   110    112      # touched
        112 113   111    112
        """,
        trade(0, (1, 110), (3, 110), 0.0, "stop"),
        stack=replace(NOTHING, stop_loss_points=2.0, break_even_points=1.5),
    ),
    fixture(
        "percent_of_an_added_adjustment_is_of_the_raw_close",
        "3",
        """
        100 103  98 100 long raw=50   # 2 % is 1 point, 4 % is 2
        100 101  99.25 100        # bought; stop 99, target 102
        100 101  99 100           # touched
        100 103  98 100 long raw=50
        100 101  99.25 100
        100 102  99.25 100        # the target
        100 101  99 100
        """,
        trade(0, (1, 100), (2, 99), -10.0, "stop"),
        trade(3, (4, 100), (5, 102), 20.0, "target"),
        stack=RAW_STOP_AND_TARGET,
        adjusted="add",
    ),
    fixture(
        "short_percent_of_an_added_adjustment_is_of_the_raw_close",
        "3",
        """
        100 103  98 100 short raw=50  # 2 % is 1 point, 4 % is 2
        100 100.75 99 100         # sold; stop 101, target 98
        100 101  99 100           # touched
        100 103  98 100 short raw=50
        100 100.75 99 100
        100 100.75 98 100         # the target
        100 101  99 100
        """,
        short(0, (1, 100), (2, 101), -10.0, "stop"),
        short(3, (4, 100), (5, 98), 20.0, "target"),
        stack=RAW_STOP_AND_TARGET,
        adjusted="add",
    ),
    fixture(
        "no_percent_of_a_price_that_is_not_above_zero",
        "3",
        """
        100 101  99 100 long raw=0    # no percent, no stop, no trade
        100 101  99 100 long raw=-40
        100 101  98 100 long raw=100
        100 101  98.25 100        # bought at last; stop 98
        100 101  98 100
        100 101  99 100
        """,
        trade(2, (3, 100), (4, 98), -20.0, "stop"),
        stack=STOP_2_PERCENT,
        adjusted="add",
    ),
    fixture(
        "short_no_percent_of_a_price_that_is_not_above_zero",
        "3",
        """
        100 101  99 100 short raw=-40
        100 101  98 100 short raw=100
        100 101.75 98 100         # sold; stop 102
        100 102  98 100
        100 101  99 100
        """,
        short(1, (2, 100), (3, 102), -20.0, "stop"),
        stack=STOP_2_PERCENT,
        adjusted="add",
    ),
    fixture(
        "points_and_ranges_need_no_price_above_zero",
        "3",
        """
        100 101  99 100 long raw=-40  # range 2
        100 101  98.25 100        # bought; stop 98, target 103
        100 103  98.25 102
        100 101  99 100
        """,
        trade(0, (1, 100), (2, 103), 30.0, "target"),
        stack=replace(ATR_1, stop_loss_atr=1.0, take_profit_points=3.0),
        adjusted="add",
    ),
    fixture(
        "points_are_points_of_the_traded_price",
        "3",
        """
        100 103 98 100 long raw=400   # since split four for one: 2 points then are 0.5 now
        100 101 99.75 100         # bought; stop 99.5
        100 101 99.5 100          # touched
        100 101 99  100
        """,
        trade(0, (1, 100), (2, 99.5), -5.0, "stop"),
        stack=replace(NOTHING, stop_loss_points=2.0),
        adjusted="ratio",
    ),
    fixture(
        "short_percent_of_a_ratio_adjustment_is_of_either_price",
        "3",
        """
        100 103 98 100 short raw=400  # 1 % of 400 is 4 then, and 1 now
        100 100.75 99 100         # sold; stop 101
        100 101 99.5 100          # touched
        100 101 99  100
        """,
        short(0, (1, 100), (2, 101), -10.0, "stop"),
        stack=replace(NOTHING, stop_loss_pct=1.0),
        adjusted="ratio",
    ),
)
