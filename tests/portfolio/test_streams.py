"""Streams: what one holds, and that a strategy replayed from it is the strategy itself."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.engine import backtest
from alphamill.backtest.metrics import daily_pnl
from alphamill.core.errors import DataError
from alphamill.portfolio.account.prepare import answerable, prepare
from alphamill.portfolio.limits import REASONS, Limits
from alphamill.portfolio.simulate import plan_of, simulate
from alphamill.portfolio.sizing import Sizing
from alphamill.portfolio.streams import Market, Stream, require_markets
from alphamill.strategies.contract_markets import quarter_hours

from .alone import COSTLY, STACK, some_signals, stream_of, traded

BARS = traded(quarter_hours(260, seed=4))
MARKETS = {"QTR": Market(BARS, COSTLY)}


@pytest.mark.parametrize("seed", range(3))
def test_one_stream_without_limits_is_its_own_backtest(seed):
    signals = some_signals(BARS, seed)
    alone = backtest(BARS, signals, STACK, COSTLY)

    prepared = prepare([stream_of(BARS, signals, STACK)], MARKETS)
    run = simulate(plan_of(prepared, Limits(1), Sizing(), 100_000.0))

    stream = prepared.streams[0].trades
    assert stream.decided[prepared.signal[run.taken.wish]].tolist() == alone.trades.decided.tolist()
    assert run.taken.pnl.tolist() == alone.trades.pnl.tolist()
    np.testing.assert_allclose(run.daily, daily_pnl(alone)[1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_stream_of_one_side_is_its_own_backtest_where_bars_do_not_trade(seed):
    silent = np.random.default_rng(seed).random(len(BARS)) < 0.2
    bars = replace(BARS, volume=np.where(silent, 0.0, 1.0))
    both = some_signals(bars, seed)
    signals = both._replace(enter=np.maximum(both.enter, 0))
    alone = backtest(bars, signals, STACK, COSTLY)

    prepared = prepare([stream_of(bars, signals, STACK)], {"QTR": Market(bars, COSTLY)})
    run = simulate(plan_of(prepared, Limits(1), Sizing(), 100_000.0))

    assert run.taken.pnl.tolist() == alone.trades.pnl.tolist()
    np.testing.assert_allclose(run.daily, daily_pnl(alone)[1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_vetoed_strategy_trades_what_it_would_have_traded_with_the_veto(seed):
    signals = some_signals(BARS, seed)
    whole = stream_of(BARS, signals, STACK)
    vetoed = np.random.default_rng(seed).random(len(BARS)) < 0.5
    allowed = np.where(vetoed, 0, signals.enter).astype(np.int8)

    alone = backtest(BARS, signals._replace(enter=allowed), STACK, COSTLY)

    kept = ~vetoed[whole.trades.decided]
    part = whole.trades.only(kept)
    prepared = prepare([replace(whole, trades=part)], MARKETS)
    run = simulate(plan_of(prepared, Limits(1), Sizing(), 100_000.0))
    assert run.taken.pnl.tolist() == alone.trades.pnl.tolist()
    assert len(
        set(alone.trades.decided) - set(backtest(BARS, signals, STACK, COSTLY).trades.decided)
    )


def test_a_blocked_trade_makes_room_for_signals_the_strategy_would_have_skipped():
    signals = some_signals(BARS, 1)
    first, second = (stream_of(BARS, signals, STACK, key) for key in ("a", "b"))
    later = replace(second, trades=second.trades._replace(priority=second.trades.priority - 0.1))

    run = simulate(plan_of(prepare([first, later], MARKETS), Limits(1), Sizing(), 1e5))

    answers = {REASONS[code] for code in run.answer if code >= 0}
    assert answers == {"yes", "max_positions"}
    of = prepare([first, later], MARKETS).asked["stream"][run.taken.wish]
    # Both are in the market by turns: the second takes signals that the first sat through.
    assert set(of.tolist()) == {0, 1}


def test_of_signals_that_fill_at_one_open_the_last_of_a_side_stands():
    trades = stream_of(BARS, some_signals(BARS, 1), STACK).trades
    waiting = trades._replace(entry_bar=np.array([5, 5, 5, 9]), side=np.array([1, -1, 1, 1]))

    assert answerable(waiting).tolist() == [1, 2, 3]


def changed(**columns: list[float]) -> Stream:
    whole = stream_of(BARS, some_signals(BARS, 2), STACK)
    two = whole.trades.only(np.arange(whole.trades.decided.size) < 2)
    rows = {name: np.array(values) for name, values in columns.items()}
    return replace(whole, trades=two._replace(**rows))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"decided": [9, 9]}, "decided must rise; signal 0 has 9"),
        ({"decided": [-1, 3]}, "decided must be a bar from 0; signal 0 has -1"),
        ({"side": [1, 0]}, "side must be 1 or -1; signal 1 has 0"),
        ({"entry_bar": [0, 1]}, "entry_bar must come after decided"),
        ({"exit_bar": [0, 0]}, "exit must come after the entry fill"),
        ({"turned": [0, 0]}, "turned and free must rise from entry_bar on"),
        ({"priority": [0.5, float("nan")]}, "priority must be finite; signal 1 has nan"),
        ({"units": [1.0, 0.0]}, "units must be above 0; signal 1 has 0.0"),
        ({"units": [1.0]}, r"units must have 2 rows, as decided has, received 1"),
    ],
)
def test_a_stream_that_cannot_be_is_refused(columns, message):
    with pytest.raises(DataError, match=f"QTR/some: {message}"):
        changed(**columns)


def test_streams_need_markets_and_names_of_their_own():
    stream = stream_of(BARS, some_signals(BARS, 2), STACK)

    with pytest.raises(DataError, match=r"one key each, received \['QTR/some'\] more than once"):
        require_markets((stream, stream), MARKETS)
    with pytest.raises(DataError, match=r"no bars of 'QTR' were given .* those of \['ES'\]"):
        require_markets((stream,), {"ES": MARKETS["QTR"]})
    with pytest.raises(DataError, match="a trade ends in bar .*, but QTR has 20 bars"):
        require_markets((stream,), {"QTR": Market(BARS.head(20), COSTLY)})


def test_a_portfolio_needs_bars():
    with pytest.raises(DataError, match="needs at least one market with bars"):
        prepare([], {})
    with pytest.raises(DataError, match="QTR: a market needs bars to mark positions on"):
        prepare([], {"QTR": Market(BARS.head(0), COSTLY)})
