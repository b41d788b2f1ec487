"""The one table of instruments: contract facts, costs and overrides."""

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.data.calendar import schedule
from alphamill.data.instruments import FACTORY_SYMBOLS, INSTRUMENTS, declare, instrument


@pytest.mark.parametrize(
    ("symbol", "tick", "point_value", "tick_value"),
    [
        ("ES", 0.25, 50, 12.50),
        ("NQ", 0.25, 20, 5.00),
        ("RTY", 0.10, 50, 5.00),
        ("YM", 1, 5, 5.00),
        ("GC", 0.10, 100, 10),
        ("SI", 0.005, 5_000, 25),
        ("PL", 0.10, 50, 5),
        ("HG", 0.0005, 25_000, 12.50),
        ("CL", 0.01, 1_000, 10),
        ("NG", 0.001, 10_000, 10),
        ("6A", 0.00005, 100_000, 5),
        ("6B", 0.0001, 62_500, 6.25),
        ("6C", 0.00005, 100_000, 5),
        ("6E", 0.00005, 125_000, 6.25),
        ("6J", 0.0000005, 12_500_000, 6.25),
        ("6M", 0.00001, 500_000, 5),
        ("6N", 0.0001, 100_000, 10),
        ("6S", 0.00005, 125_000, 6.25),
        ("ZB", 0.03125, 1_000, 31.25),
        ("ZC", 0.25, 50, 12.50),
        ("MBT", 5, 0.1, 0.50),
        ("VX", 0.05, 1_000, 50),
    ],
)
def test_a_future_has_the_contract_s_tick_and_point_value(symbol, tick, point_value, tick_value):
    future = instrument(symbol)

    assert (future.tick, future.point_value) == (tick, point_value)
    assert future.tick * future.point_value == pytest.approx(tick_value)
    assert (future.commission_per_side, future.slippage_ticks, future.notional) == (1.25, 1, None)


def test_the_euro_s_tick_is_halved_on_its_day():
    ticks = instrument("6E").ticks(np.array([20100104, 20160108, 20160111, 20240102]))

    assert ticks.tolist() == [0.0001, 0.0001, 0.00005, 0.00005]


def test_every_row_of_the_table_is_under_its_own_symbol_and_on_a_real_calendar():
    names = {i.calendar for i in INSTRUMENTS.values()}

    assert all(len(schedule(name, 20240101, 20241231)) > 240 for name in names)
    assert all(symbol == row.symbol for symbol, row in INSTRUMENTS.items())
    assert len(FACTORY_SYMBOLS) == 15
    assert set(FACTORY_SYMBOLS) <= set(INSTRUMENTS)


@pytest.mark.parametrize(
    ("symbol", "slippage_bps", "commission_bps"),
    [("SPY", 2, 1), ("SP500", 2, 1), ("MTUM", 2, 1), ("EURUSD", 1, 0), ("BTCUSD", 5, 10)],
)
def test_what_is_not_a_future_pays_basis_points_of_a_fixed_notional(
    symbol, slippage_bps, commission_bps
):
    row = instrument(symbol)

    assert (row.slippage_bps, row.commission_bps) == (slippage_bps, commission_bps)
    assert (row.notional, row.slippage_ticks) == (100_000, None)


def test_the_index_is_vix_and_its_future_vx():
    assert instrument("VIX").asset_class == "index"
    assert instrument("VX").asset_class == "future"


def test_slippage_in_basis_points_replaces_ticks_and_the_other_way_round():
    assert instrument("ES", {"slippage_bps": 0.5}).slippage_ticks is None
    assert instrument("SPY", {"slippage_ticks": 2}).slippage_bps is None
    assert instrument("ES", {"commission_per_side": 4}).slippage_ticks == 1


def test_an_override_of_the_tick_ends_the_dated_ticks():
    row = instrument("6E", {"tick": 0.0001})

    assert row.ticks(np.array([20100104, 20240102])).tolist() == [0.0001, 0.0001]


def test_dated_ticks_may_be_given_as_a_project_file_gives_them():
    row = instrument("6N", {"tick": 0.00005, "tick_history": [[0, 0.0001], [20300101, 0.00005]]})

    assert row.ticks(np.array([20240102, 20300102])).tolist() == [0.0001, 0.00005]


def test_an_unknown_symbol_names_the_nearest_and_the_remedy():
    with pytest.raises(SettingsError, match=r"received 'AAPX'; nearest are \['AAPL'.*asset_class"):
        instrument("AAPX")


def test_a_symbol_outside_the_table_is_declared_by_its_class():
    row = instrument("NVDA", {"asset_class": "equity", "slippage_bps": 3})

    assert (row.symbol, row.calendar, row.slippage_bps) == ("NVDA", "XNYS", 3)
    assert row == declare("NVDA", "equity", slippage_bps=3)


def test_a_future_is_never_declared_at_a_guessed_tick():
    with pytest.raises(SettingsError, match=r"must declare \['calendar', 'tick', 'point_value'\]"):
        declare("XYZ", "future")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"comission_bps": 1}, "no field 'comission_bps'; did you mean 'commission_bps'"),
        ({"margin": "high"}, "margin must be a finite number, at least 0, received 'high'"),
        ({"tick": -0.25}, "tick must be a finite number"),
        ({"tick": None}, "tick must be a finite number"),
        ({"lot": True}, "lot must be a finite number"),
        ({"margin": float("nan")}, "margin must be a finite number"),
        ({"calendar": 5}, "calendar must be text, received 5"),
        ({"cash_open": "9:30 am"}, "cash_open must be a local time"),
        ({"timezone": "Chicago"}, "timezone must be an IANA zone"),
        ({"tick_history": [[20160111]]}, "tick_history must be pairs"),
        ({"asset_class": "stock"}, r"asset_class must be one of \['future', 'equity'"),
        ({"slippage_ticks": 1, "slippage_bps": 1}, "exactly one of"),
        ({"point_value": 0}, "point_value > 0"),
    ],
)
def test_a_wrong_override_is_the_operator_s_error(given, message):
    with pytest.raises(SettingsError, match=message):
        instrument("ES", given)
