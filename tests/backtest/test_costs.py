"""What a fill is worth and what it costs, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.costs import (
    fee,
    gain,
    grid_of,
    net,
    on_the_grid,
    slipped,
    terms_of,
    units_for,
)
from alphamill.backtest.kernel import on_grid, paid
from alphamill.backtest.state import Terms
from alphamill.core.market import Instrument

from .worksheet import FREE, PERCENT, tape

ES = Instrument(
    "ES", "S&P", "future", "CMES", 0.25, 50.0, commission_per_side=2.25, slippage_ticks=1.0
)
# 1 point before 2010, 0.5 to the end of 2021, then 0.25: the days of the bars lie round 2022.
DATED = replace(ES, tick_history=((20000101, 1.0), (20100104, 0.5), (20240103, 0.25)))
TWO_DAYS = "100 101 99 100\n---\n100 101 99 100\n100 101 99 100"


def test_terms_of_a_future_are_a_contract_on_its_grid():
    assert terms_of(ES) == Terms(tick=0.25, point_value=50.0, notional=0.0, fee=2.25, fee_frac=0.0)


def test_terms_of_a_share_are_a_sum_of_money_off_the_grid():
    # 5 bps are 0.0005 of the value; the tick of 0.01 does not bind an adjusted series.
    assert terms_of(PERCENT) == Terms(0.0, 1.0, 10_000.0, 0.0, 0.0005)


def test_terms_count_in_the_finest_tick_there_ever_was():
    assert terms_of(DATED).tick == 0.25
    assert terms_of(replace(DATED, tick=0.5, tick_history=((20240103, 0.25),))).tick == 0.25


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"slippage_ticks": 0.0}, True),
        ({"tick": 0.0, "slippage_ticks": 0.0}, False),
        ({"slippage_ticks": None, "slippage_bps": 1.0}, False),
    ],
)
def test_only_raw_prices_with_a_tick_are_on_the_grid(given, expected):
    assert on_the_grid(replace(ES, **given)) is expected


def test_the_grid_follows_the_date_and_slippage_follows_the_grid():
    bars, _ = tape(TWO_DAYS)

    tick, slip = grid_of(bars, replace(DATED, slippage_ticks=2.0))

    assert bars.session.tolist() == [20240102, 20240103, 20240103]
    assert tick.tolist() == [0.5, 0.25, 0.25]
    assert slip.tolist() == [1.0, 0.5, 0.5]


def test_off_the_grid_there_is_no_tick_and_no_slippage_in_price():
    bars, _ = tape(TWO_DAYS)

    tick, slip = grid_of(bars, PERCENT)

    assert tick.tolist() == slip.tolist() == [0.0, 0.0, 0.0]


def test_a_trade_buys_one_contract_or_a_sum_of_money():
    assert units_for(4_000.0, terms_of(ES)) == 1.0
    # $10,000 at 80.
    assert units_for(80.0, terms_of(PERCENT)) == 125.0


def test_a_fee_is_per_unit_and_of_the_value():
    terms = Terms(tick=0.0, point_value=50.0, notional=0.0, fee=2.0, fee_frac=0.001)

    # 2 a unit on 3 units, and a thousandth of 3 x 50 x 20 = 3,000.
    assert fee(20.0, 3.0, terms) == pytest.approx(6.0 + 3.0)
    # A negative price is traded at its size; a fee is never earned.
    assert fee(-20.0, 3.0, terms) == pytest.approx(9.0)


@pytest.mark.parametrize(("side", "expected"), [(1, 2.0 * 50 * 3), (-1, -2.0 * 50 * 3)])
def test_a_gain_is_the_move_times_point_value_and_units(side, expected):
    assert gain(side, 100.0, 102.0, 3.0, terms_of(ES)) == expected
    assert gain(side, 100.0, 102.0, 3.0, terms_of(ES)._replace(tick=0.0)) == expected


def test_a_gain_on_the_grid_is_exact():
    # 100.4 - 100.1 is 0.30000000000000426; three ticks of 0.1 at $10 a point are $3.
    tenths = terms_of(replace(FREE, tick=0.1))

    assert gain(1, 100.1, 100.4, 1.0, tenths) == 3.0
    assert gain(1, 100.1, 100.4, 1.0, tenths._replace(tick=0.0)) != 3.0


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("asked", [100.0, 0.5, -20.0])
def test_slippage_off_the_grid_is_what_the_fill_lost_against_the_price_asked(side, asked):
    # 10 bps of the price asked, times $30 a point; only the fill is known.
    filled = asked + side * 0.001 * abs(asked)

    assert slipped(filled, side, 0.0, 0.001, 30.0) == pytest.approx(30 * abs(filled - asked))


def test_slippage_on_the_grid_is_its_ticks():
    assert slipped(100.0, 1, 0.5, 0.0, 50.0) == slipped(100.0, -1, 0.5, 0.0, 50.0) == 25.0


def test_nothing_slips_where_nothing_is_asked():
    assert slipped(100.0, 1, 0.0, 0.0, 50.0) == 0.0


def test_a_dated_tick_moves_pnl_by_whole_finest_ticks():
    # Entered on the old grid of 0.5, left on the new one of 0.25: 3 ticks of 0.25 x 50.
    assert gain(1, 100.5, 101.25, 1.0, terms_of(DATED)) == 3 * 12.5
    assert np.isclose(gain(-1, 101.25, 100.5, 2.0, terms_of(DATED)), 75.0)


def test_a_slipped_fill_lies_exactly_on_its_grid():
    # 0.1 + 0.2 is 0.30000000000000004.
    assert paid(0.1, 1, 0.1, 0.2, 0.0) == 0.3


def test_a_grid_coarser_than_one_is_counted_in_its_own_steps():
    assert on_grid(3.0, 2.5) == 7.5
    assert on_grid(3.0, 1.5) == 4.5


def test_a_sum_below_one_still_buys_a_fraction():
    assert units_for(80.0, Terms(0.0, 1.0, 0.5, 0.0, 0.0)) == 0.00625


def test_a_trade_is_charged_both_fees():
    # 2 points x 50, less 2 a side.
    assert net(1, 100.0, 102.0, Terms(0.0, 50.0, 0.0, 2.0, 0.0)) == 96.0


def test_nothing_slips_off_the_grid_at_a_price_of_zero():
    assert slipped(0.0, 1, 0.0, 0.001, 50.0) == 0.0
