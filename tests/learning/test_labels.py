"""Labels of all signals: what repeated backtests give, and when the next entry is heard."""

import numpy as np
import pytest

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.state import OPEN_AT_END, REASONS, RULE, TIME
from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Instrument, Signals
from alphamill.learning.labels import SignalTrades, signal_trades
from tests.backtest.markets import random_market

ASKED = [c for c in SignalTrades.columns() if c not in ("decided", "free", "turned", "taken")]
COSTLESS = Instrument("X", "x", "future", "XNYS", 0.25, 50.0, slippage_ticks=0.0)
# Bars 0 to 9, a point up each; nothing fills in bars 5 and 6.
STACK = ExitStack(None, None, None)


def led(market):
    given = market.bars, market.signals, market.stack, market.instrument
    return signal_trades(*given, levels=market.levels)


def by_backtests(market):
    """Return row and reason of each signal, from backtests of those not traded yet."""
    left, found = market.signals.enter.copy(), {}
    while True:
        signals = market.signals._replace(enter=left)
        trades = backtest(
            market.bars, signals, market.stack, market.instrument, levels=market.levels
        ).trades
        if not len(trades):
            return found
        for k, at in enumerate(trades.decided.tolist()):
            found[at] = tuple(getattr(trades, name)[k] for name in ASKED)
        left[trades.decided] = 0


def rising(quiet=(), session=None, ends=()):
    n = 10
    price = 100.0 + np.arange(n)
    volume = np.where(np.isin(np.arange(n), quiet), 0.0, 5.0)
    sessions = np.full(n, 20240102) if session is None else np.array(session)
    end = np.isin(np.arange(n), ends)
    count = np.arange(n)
    columns = price, price + 0.5, price - 0.5, price, volume, sessions, end
    return Bars("X", "15m", count + 1, *columns, count, count, count, price)


def said(enter, leave_long=(), leave_short=()):
    at = np.arange(10)
    side = np.zeros(10, dtype=np.int8)
    for bar, wanted in enter.items():
        side[bar] = wanted
    return Signals(side, np.isin(at, leave_long), np.isin(at, leave_short))


@pytest.mark.parametrize(
    "seeds",
    [range(150), pytest.param(range(150, 3_000), marks=pytest.mark.slow)],
    ids=["some", "many"],
)
def test_every_signal_has_the_trade_that_repeated_backtests_give(seeds):
    parted, reasons = [], set()
    for seed in seeds:
        market = random_market(seed)
        trades, slow = led(market), by_backtests(market)
        reasons |= {row[-1] for row in slow.values()}
        rows = zip(*(getattr(trades, name) for name in ASKED), strict=True)
        fast = dict(zip(trades.decided.tolist(), rows, strict=True))
        fast |= {at: OPEN_AT_END for at in trades.unknown.tolist()}
        known = {at: OPEN_AT_END if row[-1] == OPEN_AT_END else row for at, row in slow.items()}
        parted += [seed] if fast != known else []

    assert parted == []
    assert reasons == set(range(1, len(REASONS)))


def test_a_trade_that_has_not_ended_is_unknown_and_has_no_row():
    trades = signal_trades(rising(), said({1: 1, 6: 1}, [3]), STACK, COSTLESS)

    assert (trades.decided.tolist(), trades.unknown.tolist()) == ([1], [6])
    assert trades.pnl.tolist() == [(104.0 - 102.0) * 50.0]


def test_what_cannot_be_executed_has_no_row():
    # The range is known from bar 4 on; nothing fills after the last bar.
    stack = ExitStack(9.0, 9.0, None, atr_length=5)

    trades = signal_trades(rising(), said({3: 1, 5: 1, 9: 1}, [7]), stack, COSTLESS)

    assert trades.decided.tolist() == [5]
    assert trades.unknown.tolist() == []


def test_an_entry_that_expires_at_a_session_change_has_no_row():
    bars = rising(quiet=[3], session=[20240102] * 4 + [20240103] * 6, ends=[3, 9])
    stack = ExitStack(None, None, None, session_exit=True)

    trades = signal_trades(bars, said({1: 1, 2: 1, 4: 1}), stack, COSTLESS)

    # Bar 2 waits over a bar without volume, and its session is over.
    assert trades.decided.tolist() == [1, 4]
    assert [REASONS[r] for r in trades.reason] == ["late_session_exit", "session"]


def test_a_stop_frees_both_sides_in_its_bar_and_a_rule_the_other_one_a_close_before():
    stopped = signal_trades(
        rising(), said({1: -1}), ExitStack(None, None, None, stop_loss_points=2.25), COSTLESS
    )
    left = signal_trades(rising(), said({1: 1}, [4]), STACK, COSTLESS)

    # Sold at 102; the high of bar 4 is 104.5.
    assert (stopped.exit_bar[0], stopped.free[0], stopped.turned[0]) == (4, 4, 4)
    assert (left.exit_bar[0], left.free[0], left.turned[0]) == (5, 5, 4)


@pytest.mark.parametrize(
    ("stack", "leaves", "reason"),
    [(STACK, [4], RULE), (STACK, [5], RULE), (ExitStack(None, None, 3), [], TIME)],
)
def test_an_exit_that_waits_for_volume_hears_reversals_from_the_close_that_decided(
    stack, leaves, reason
):
    trades = signal_trades(rising(quiet=[5, 6]), said({1: 1}, leaves), stack, COSTLESS)

    assert (trades.exit_bar[0], trades.reason[0], trades.free[0]) == (7, reason, 7)
    assert trades.turned.tolist() == (leaves or [4])


def test_signals_of_another_length_are_refused():
    signals = said({1: 1})._replace(leave_long=np.zeros(9, dtype=np.bool_))

    with pytest.raises(DataError, match=r"X: leave_long must have 10 rows, received \(9,\)"):
        signal_trades(rising(), signals, STACK, COSTLESS)


def test_some_rows_are_taken_among_themselves():
    trades = signal_trades(rising(), said({1: 1, 2: 1, 3: 1}, [4]), STACK, COSTLESS)

    assert trades.taken.tolist() == [True, False, False]
    assert trades.rows(np.array([1, 2])).taken.tolist() == [True, False]


def test_later_bars_change_no_trade_that_has_ended():
    for seed in range(40):
        market = random_market(seed)
        cut = len(market.bars) * 2 // 3
        signals = Signals(*(None if c is None else c[:cut] for c in market.signals))
        known = signal_trades(
            market.bars.head(cut), signals, market.stack, market.instrument, levels=market.levels
        )
        whole = led(market)

        ended = whole.exit_bar < cut - 1
        for name in (*ASKED, "free", "turned"):
            kept = np.isin(known.decided, whole.decided[ended])
            assert np.array_equal(getattr(known, name)[kept], getattr(whole, name)[ended])
