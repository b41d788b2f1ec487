"""The seeds' own configuration of `ibs`, its exit band, its orders, and what its switches drop."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.state import REASONS
from alphamill.core.market import Instrument
from alphamill.strategies import find
from alphamill.strategies.reversion.ibs import IBS

from .markets import drawn
from .worksheet import spoken

LIVE = {
    "use_window1": True,
    "start_time1": "0000",
    "end_time1": "1500",
    "use_window2": True,
    "start_time2": "1700",
    "end_time2": "2400",
    "enable_ibs_entry": True,
    "ibs_entry_high": 0.3,
    "ibs_entry_low": 0.0,
    "enable_ibs_exit": True,
    "ibs_exit_high": 0.7,
    "ibs_exit_low": 0.3,
    "enable_stop": True,
    "stop_type": "percent",
    "stop_perc": 2.0,
    "enable_tp": True,
    "tp_type": "percent",
    "tp_perc": 3.0,
}
# Low 100 and high 110: strengths of 0.05, 0.3, 0.5, 0.7, 0.75 and 1, at midnight.
CLOSE = [100.5, 103.0, 105.0, 107.0, 107.5, 110.0]
BARS = replace(drawn(CLOSE, [110.0] * 6, [100.0] * 6, CLOSE), minute=np.zeros(6))


def test_ibs_takes_the_seeds_configuration_as_it_stands():
    assert set(LIVE) == set(IBS.space)
    assert IBS.params(LIVE) == LIVE
    assert IBS.canonical(LIVE) == LIVE


def test_ibs_exit_band_holds_what_lies_between_its_edges_and_not_what_lies_above():
    said = spoken(IBS, BARS, **LIVE)

    # The strongest closes hold on.
    assert said["leave_long"] == [1, 2, 3]
    # 0.3 is in both bands: it enters when flat and leaves when not.
    assert said["long"] == [0, 1]


def test_ibs_default_exit_band_is_the_old_codes():
    assert (IBS.params()["ibs_exit_low"], IBS.params()["ibs_exit_high"]) == (0.8, 1.0)


def test_ibs_orders_that_are_switched_off_are_infinitely_far_and_do_not_wait():
    off = {"enable_stop": False, "stop_type": "atr", "enable_tp": False, "tp_type": "atr"}

    said = IBS.rule(BARS, **IBS.params(off))

    assert np.flatnonzero(said.enter).tolist() == [0]
    assert (set(said.floor), set(said.ceiling)) == ({-np.inf}, {np.inf})


def test_ibs_stop_and_target_rest_as_orders():
    # Decided at 101, filled at 101; 1 % away: 99.99 and 102.01. Bar 2 touches the stop, bar 5 the
    # target; no close comes near either.
    open_ = [101.0, 101.0, 101.0, 101.0, 101.0, 101.0]
    high = [110.0, 101.5, 101.5, 110.0, 101.5, 102.5]
    low = [100.0, 100.5, 99.0, 100.0, 100.5, 100.5]
    bars = drawn(open_, high, low, [101.0, 101.0, 101.0, 101.0, 101.0, 101.0])
    bars = replace(bars, minute=np.zeros(6))
    what = Instrument("DRW", "drawn", "equity", "XNYS", 0.01, 1.0, slippage_bps=0.0)
    alone = ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=None)

    trades = backtest(bars, IBS.signals(bars, IBS.params()), alone, what, levels=IBS.levels).trades

    assert trades.entry_bar.tolist() == [1, 4]
    assert trades.exit_bar.tolist() == [2, 5]
    assert [REASONS[reason] for reason in trades.reason] == ["stop", "target"]
    np.testing.assert_allclose(trades.exit_price, [99.99, 102.01], rtol=1e-12)


@pytest.mark.parametrize(
    ("switch", "names"),
    [
        ("use_window1", {"start_time1": "0100", "end_time1": "0200"}),
        ("use_window2", {"start_time2": "0100", "end_time2": "0200"}),
        ("enable_ibs_entry", {"ibs_entry_high": 0.9, "ibs_entry_low": 0.5}),
        ("enable_ibs_exit", {"ibs_exit_high": 0.5, "ibs_exit_low": 0.2}),
        ("enable_stop", {"stop_type": "atr", "stop_perc": 3.0}),
        ("enable_tp", {"tp_type": "atr", "tp_perc": 3.0}),
    ],
)
def test_ibs_sets_that_differ_in_what_is_switched_off_are_one(switch, names):
    off = IBS.params({switch: False, **names})

    assert IBS.canonical(off) == IBS.params({switch: False})
    assert IBS.canonical(IBS.params(names)) == IBS.params(names)


@pytest.mark.parametrize("band", ["entry", "exit"])
def test_ibs_bands_that_are_upside_down_are_impossible(band):
    assert IBS.canonical(IBS.params({f"ibs_{band}_low": 0.6, f"ibs_{band}_high": 0.4})) is None


def test_ibs_is_found_by_its_exact_name_before_any_nearest_one():
    assert find("ibs") is find("IBS") is find("ibs_bt") is find(69) is IBS
    assert find("IBSStrategy").number == 45
