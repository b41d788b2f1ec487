"""Timeline line 0, worked by hand: rounding to the tick, slippage, fees, percent costs.

Unless said otherwise a point is worth $10, a tick is 0.25, nothing costs anything and ATR is the
true range of the deciding bar. Each tape is chosen so that the plausible bug gives other numbers.
"""

from dataclasses import replace

from .worksheet import ATR_1, COSTLY, FREE, PERCENT, fixture, short, trade

STOP_1 = replace(ATR_1, stop_loss_atr=1.0)
TARGET_1 = replace(ATR_1, take_profit_atr=1.0)
TENTHS = replace(FREE, tick=0.1)
OFF_GRID = replace(FREE, slippage_ticks=None, slippage_bps=0.0)

_UNITS_AT_100_10 = 10_000 / 100.1
_UNITS_AT_99_90 = 10_000 / 99.9

ROUNDING_AND_COSTS = (
    fixture(
        "long_stop_rounds_down",
        "0",
        """
        100 101  99    100 long   # ATR 2
        100 101  98.75 100        # 100 - 0.55 * 2 = 98.9, rounded to 98.75
        100 101  99    100
        """,
        trade(0, (1, 100), (1, 98.75), -12.5, "stop"),
        stack=replace(ATR_1, stop_loss_atr=0.55),
    ),
    fixture(
        "long_target_rounds_up",
        "0",
        """
        100 101    99 100 long    # ATR 2
        100 101    99 100         # 100 + 0.55 * 2 = 101.1, rounded to 101.25: not reached
        100 101.25 99 100
        100 101    99 100
        """,
        trade(0, (1, 100), (2, 101.25), 12.5, "target"),
        stack=replace(ATR_1, take_profit_atr=0.55),
    ),
    fixture(
        "off_the_grid_nothing_rounds",
        "0",
        """
        100 101  99   100 long    # ATR 2
        100 101  98.5 100         # 98.9 as it is
        100 101  99   100
        """,
        trade(0, (1, 100), (1, 98.9), -11.0, "stop"),
        stack=replace(ATR_1, stop_loss_atr=0.55),
        instrument=OFF_GRID,
    ),
    fixture(
        "short_stop_touched_to_the_tick_despite_float_noise",
        "0",
        """
        99.2 99.5 99.0 99.2 short   # ATR 0.5
        99.0 99.0 98.8 98.9         # sold at 99.0; 99.0 + 0.2 * 0.5 = 99.1
        98.9 99.1 98.8 98.9         # 99.1 is touched, though 991 * 0.1 = 99.10000000000001
        98.9 98.9 98.8 98.9
        """,
        short(0, (1, 99.0), (2, 99.1), -1.0, "stop"),
        stack=replace(ATR_1, stop_loss_atr=0.2),
        instrument=TENTHS,
    ),
    fixture(
        "long_stop_on_the_tick_stays_there_despite_float_noise",
        "0",
        """
        100.2 100.5 100.0 100.2 long   # ATR 0.5
        100.2 100.3 100.1 100.2        # 100.2 - 0.4 * 0.5 = 100.0; a bare floor may say 99.9
        100.2 100.3 100.0 100.2
        100.2 100.3 100.1 100.2
        """,
        trade(0, (1, 100.2), (2, 100.0), -2.0, "stop"),
        stack=replace(ATR_1, stop_loss_atr=0.4),
        instrument=TENTHS,
    ),
    fixture(
        "three_tenths_are_three_ticks",
        "0",
        """
        100.0 100.2 99.9 100.0 long
        100.1 100.3 99.9 100.2    # bought
        100.2 100.4 99.9 100.4    # sold at the end
        """,
        trade(0, (1, 100.1), (2, 100.4), 3.0, "open_at_end"),
        instrument=TENTHS,
    ),
    fixture(
        "market_fills_pay_slippage_and_fees",
        "0",
        """
        100 101  99 100 long
        102 104 101 103           # 102 + 0.5; fee 3: equity -3 + 5
        103 105 102 104 leave     # -3 + 15
        106 107 105 106           # 106 - 0.5; fee 3: 30 - 6
        106 107 105 106
        """,
        trade(0, (1, 102.5), (3, 105.5), 24.0, "rule", fees=6.0, slippage=10.0, mae=-15, mfe=30),
        instrument=COSTLY,
        equity={0: 0.0, 1: 2.0, 2: 12.0, 3: 24.0, 4: 24.0},
    ),
    fixture(
        "stop_pays_slippage",
        "0",
        """
        100 101 99    100 long    # ATR 2
        100 101 98.75 100         # 100.5, stop 98.5
        100 101 98.5  100         # 98.5 - 0.5: -25 - 6
        100 101 99    100
        """,
        trade(0, (1, 100.5), (2, 98.0), -31.0, "stop", fees=6.0, slippage=10.0, mae=-25, mfe=5),
        stack=STOP_1,
        instrument=COSTLY,
    ),
    fixture(
        "target_pays_no_slippage",
        "0",
        """
        100 101   99 100 long     # ATR 2
        100 102   99 100          # 100.5, target 102.5
        100 102.5 98 100          # 102.5 as it is: 20 - 6
        100 101   99 100
        """,
        trade(0, (1, 100.5), (2, 102.5), 14.0, "target", fees=6.0, slippage=5.0, mae=-25, mfe=20),
        stack=TARGET_1,
        instrument=COSTLY,
    ),
    fixture(
        "stop_closer_than_the_slippage_fills_no_better_than_the_open",
        "0",
        """
        100 101 99 100 long       # ATR 2
        100 102 99.5 101          # 100.5, stop 100.5 - 0.25 lies above the open: 100 - 0.5
        101 102 100 101
        """,
        trade(0, (1, 100.5), (1, 99.5), -16.0, "stop"),
        stack=replace(ATR_1, stop_loss_atr=0.125),
        instrument=COSTLY,
    ),
    fixture(
        "percent_costs_of_a_long",
        "0",
        """
        100 101  99 100 long
        100 105  99 104           # 100 * 1.001 = 100.1; 10,000 / 100.1 units; fee 5
        104 110 103 109 leave
        110 111 109 110           # 110 * 0.999 = 109.89; fee 5 bps of what is sold
        110 111 109 110
        """,
        trade(
            0,
            (1, 100.1),
            (3, 109.89),
            (109.89 - 100.1) * _UNITS_AT_100_10 - 5.0 - 5e-4 * 109.89 * _UNITS_AT_100_10,
            "rule",
            units=_UNITS_AT_100_10,
            fees=5.0 + 5e-4 * 109.89 * _UNITS_AT_100_10,
            slippage=(0.1 + 0.11) * _UNITS_AT_100_10,
        ),
        instrument=PERCENT,
    ),
    fixture(
        "percent_costs_of_a_short",
        "0",
        """
        100 101  99 100 short
        100 101  95  96           # 100 * 0.999 = 99.9; 10,000 / 99.9 units; fee 5
         96  97  90  91 cover
         90  91  89  90           # 90 * 1.001 = 90.09
         90  91  89  90
        """,
        short(
            0,
            (1, 99.9),
            (3, 90.09),
            (99.9 - 90.09) * _UNITS_AT_99_90 - 5.0 - 5e-4 * 90.09 * _UNITS_AT_99_90,
            "rule",
            units=_UNITS_AT_99_90,
        ),
        instrument=PERCENT,
    ),
)
