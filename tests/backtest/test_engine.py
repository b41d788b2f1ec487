"""The facade: it normalises what it is given, names what comes out, and refuses the impossible."""

from dataclasses import fields, replace

import numpy as np
import pytest

from alphamill.backtest.engine import backtest, rules_of, script_of, tape_of
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.state import REASONS
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Signals, Trades
from alphamill.data.sources.synthetic import bars as synthetic
from alphamill.indicators.volatility import atr
from alphamill.strategies.contract_markets import daily, quarter_hours

from .worksheet import ATR_1, COSTLY, FREE, NOTHING, PERCENT, tape

# Bought at 101, sold at 104 by the rule; sold short at 103 and still open: 3 + (103 - 105) points.
STORY = """
    100 101  99 100 long
    101 103 100 102
    102 104 101 103 leave
    104 105 103 104
    104 104 102 103 short
    103 104 102 103
    103 106 103 105
"""
WHOLE = {"decided", "entry_bar", "exit_bar", "side", "bars_held", "reason"}


def test_the_result_carries_what_was_run():
    bars, signals = tape(STORY)

    result = backtest(bars, signals, NOTHING, FREE)

    assert (result.bars, result.stack, result.instrument) == (bars, NOTHING, FREE)
    assert result.equity.shape == (len(bars),)
    assert result.trades.pnl.tolist() == [30.0, -20.0]
    assert result.equity.tolist() == [0, 10, 20, 30, 30, 30, 10]


def test_every_column_of_the_trades_has_its_type():
    bars, signals = tape(STORY)

    trades = backtest(bars, signals, NOTHING, FREE).trades

    kinds = {name: getattr(trades, name).dtype.kind for name in Trades.columns()}
    assert kinds == {
        name: "i" if name in WHOLE else "b" if name == "ambiguous" else "f" for name in kinds
    }
    assert all(getattr(trades, f.name).flags.c_contiguous for f in fields(trades))


def test_nothing_said_is_nothing_done():
    bars, signals = tape("100 101 99 100\n100 101 99 100")

    result = backtest(bars, signals, ExitStack(), COSTLY)

    assert len(result.trades) == 0
    assert result.trades.side.dtype == np.int64
    assert result.equity.tolist() == [0.0, 0.0]


def test_no_bars_are_no_trades():
    bars, signals = tape(STORY)
    none = Signals(*(column if column is None else column[:0] for column in signals))

    result = backtest(bars.head(0), none, NOTHING, FREE)

    assert (len(result.trades), result.equity.size) == (0, 0)


def test_signals_of_any_number_type_mean_the_same():
    bars, signals = tape(STORY)
    loose = Signals(
        signals.enter.astype(np.float64),
        signals.leave_long.astype(np.int64),
        signals.leave_short.astype(np.int64),
        floor=np.full(len(bars), 50),
    )

    result = backtest(bars, loose, NOTHING, FREE)

    assert result.equity.tolist() == backtest(bars, signals, NOTHING, FREE).equity.tolist()


def test_a_backtest_leaves_signals_alone_and_is_the_same_again():
    bars, signals = tape(STORY)
    before = [column if column is None else column.copy() for column in signals]

    first = backtest(bars, signals, ATR_1, COSTLY)
    second = backtest(bars, signals, ATR_1, COSTLY)

    for was, column in zip(before, signals, strict=True):
        np.testing.assert_array_equal(was, column)
    assert first.equity.tobytes() == second.equity.tobytes()
    assert not np.shares_memory(first.equity, second.equity)


@pytest.mark.parametrize("name", ["enter", "leave_long", "floor"])
def test_signals_of_another_length_are_refused(name):
    bars, signals = tape(STORY)
    wrong = signals._replace(**{name: np.zeros(len(bars) - 2, dtype=np.int8)})

    with pytest.raises(DataError, match=rf"FIX: {name} must have 7 rows, received 5"):
        backtest(bars, wrong, NOTHING, FREE)


def test_a_session_exit_on_daily_bars_is_refused():
    bars = daily(30)
    signals = Signals(*(np.zeros(30, dtype=np.int8),) * 3)

    with pytest.raises(SettingsError) as caught:
        backtest(bars, signals, ExitStack(session_exit=True), FREE)

    assert str(caught.value) == (
        "DAY: a session exit needs bars shorter than a session, received '1d' bars. "
        "Set session_exit: false."
    )


@pytest.mark.parametrize("side", [1, -1])
def test_an_evening_entry_is_held_over_midnight_to_the_end_of_its_trade_date(side):
    bars = synthetic("ES", "15m", n_bars=400)
    evenings = np.flatnonzero((bars.minute == 20 * 60) & (bars.session > bars.session[0]))
    enter = np.zeros(len(bars), dtype=np.int8)
    enter[evenings] = side
    silent = np.zeros(len(bars), dtype=np.bool_)
    stack = replace(NOTHING, session_exit=True)

    trades = backtest(bars, Signals(enter, silent, silent), stack, FREE).trades

    assert len(trades) == evenings.size > 2
    assert REASONS[trades.reason[0]] == "session"
    ends = trades.exit_bar[:-1]
    assert bars.session_end[ends].all()
    assert (bars.session[ends] == bars.session[evenings[:-1]]).all()
    assert (bars.minute[ends] < 17 * 60).all()
    assert (trades.bars_held[:-1] > 4 * 16).all()


# --- what the kernel is told -------------------------------------------------------------------


def test_distances_are_multiples_of_the_range_at_each_close():
    bars = quarter_hours(60)
    signals = Signals(*(np.zeros(60, dtype=np.int8),) * 3)
    range_ = atr(bars.high, bars.low, bars.close, 5)

    script = script_of(bars, signals, ExitStack(1.5, 3.0, trail_atr=2.0, atr_length=5))

    assert np.isnan(range_[:4]).all()
    np.testing.assert_array_equal(script.stop_distance, 1.5 * range_)
    np.testing.assert_array_equal(script.target_distance, 3.0 * range_)
    np.testing.assert_array_equal(script.trail_distance, 2.0 * range_)
    assert np.isposinf(script.break_even_distance).all()


@pytest.mark.parametrize("exit_", ["stop_loss", "take_profit", "trail", "break_even"])
def test_percents_are_of_each_close_as_it_was_traded(exit_):
    bars, signals = tape("100 long raw=40\n100 raw=0\n100 raw=-3\n200 raw=140", adjusted="add")

    script = script_of(bars, signals, replace(NOTHING, **{f"{exit_}_pct": 5.0}))

    column = {"stop_loss": "stop", "take_profit": "target"}.get(exit_, exit_)
    said = getattr(script, f"{column}_distance")
    np.testing.assert_allclose(said, [2.0, np.nan, np.nan, 7.0], rtol=1e-15)


def test_percents_of_a_ratio_adjustment_are_of_its_own_prices():
    bars, signals = tape("100 long raw=400\n200 raw=800", adjusted="ratio")

    script = script_of(bars, signals, replace(NOTHING, stop_loss_pct=5.0))

    assert script.stop_distance.tolist() == [5.0, 10.0]


@pytest.mark.parametrize(
    ("adjusted", "expected"), [("none", [3.0, 3.0]), ("add", [3.0, 3.0]), ("ratio", [0.75, np.nan])]
)
def test_points_are_of_the_traded_price(adjusted, expected):
    bars, signals = tape("100 long raw=400\n100 raw=0", adjusted=adjusted)

    script = script_of(bars, signals, replace(NOTHING, take_profit_points=3.0))

    np.testing.assert_array_equal(script.target_distance, expected)


def test_a_stack_without_distances_is_infinitely_far_and_never_undefined():
    bars, signals = tape(STORY)

    script = script_of(bars, signals, NOTHING)

    for name in ("stop", "target", "trail", "break_even"):
        assert np.isposinf(getattr(script, f"{name}_distance")).all()
    for level in (script.floor, script.ceiling, script.trail):
        assert np.isnan(level).all()


def test_only_a_volume_known_to_be_zero_is_quiet():
    bars, _ = tape("100 100 100 100\n100 100 100 100 quiet\n100 100 100 100")
    unknown = replace(bars, volume=[5.0, 0.0, np.nan])

    assert tape_of(unknown, FREE).quiet.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("instrument", "slip_frac"),
    [(PERCENT, 0.001), (COSTLY, 0.0)],
    ids=["percent", "grid"],
)
def test_slippage_in_parts_of_the_price_is_for_series_off_the_grid(instrument, slip_frac):
    bars, _ = tape(STORY)

    assert rules_of(bars, NOTHING, instrument, "close").slip_frac == slip_frac


def test_the_rules_say_time_session_and_kind_of_levels():
    bars, _ = tape(STORY)
    stack = ExitStack(None, None, 7, session_exit=True)

    assert rules_of(bars, stack, FREE, "touch")[:3] == (7, True, True)
    assert rules_of(bars, NOTHING, FREE, "close")[:3] == (0, False, False)
