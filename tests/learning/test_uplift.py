"""A veto, its figures by hand and by the plain backtest's, and what cross-validated paths add."""

import math

import numpy as np
import pytest

from alphamill.backtest.engine import Result, backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import summary
from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Instrument, Signals
from alphamill.learning.uplift import (
    Figures,
    Uplift,
    cpcv_uplifts,
    figures_of,
    group_spans,
    over_bars,
    vetoed,
)
from alphamill.validation.crossval import CombinatorialPurgedCV

FREE = Instrument("AAA", "A", "index", "24/7", 0.01, 1.0, "USD", slippage_ticks=0)
HOLD_TWO = ExitStack(None, None, max_bars_held=2)


def daily(close: list[float], first: str = "2021-12-30") -> Bars:
    """Return a bar a calendar day that opens where the last one closed."""
    days = np.datetime64(first) + np.arange(len(close))
    text = np.datetime_as_string(days, unit="D")
    session = np.array([int(t.replace("-", "")) for t in text])
    price, zeros = np.array(close, dtype=float), np.zeros(len(close), dtype=np.int64)
    open_ = np.append(price[:1], price[:-1])
    return Bars(
        "AAA", "1d", days.astype("M8[ns]").astype(np.int64), open_, np.maximum(open_, price),
        np.minimum(open_, price), price, price * 0 + 1.0, session, zeros == 0, zeros, zeros, zeros,
        price,
    )  # fmt: skip


def asks(n_bars: int, at: list[int], side: int = 1) -> Signals:
    enter = np.zeros(n_bars, dtype=np.int8)
    enter[at] = side
    never = np.zeros(n_bars, dtype=np.bool_)
    return Signals(enter, never, never)


def market(seed: int = 1, n_bars: int = 900) -> tuple[Bars, Signals]:
    """Return a random walk with entries at random."""
    rng = np.random.default_rng(seed)
    bars = daily((100.0 + np.cumsum(rng.standard_normal(n_bars).round(2))).tolist())
    return bars, asks(n_bars, np.flatnonzero(rng.random(n_bars) < 0.3).tolist())


# --- the veto ----------------------------------------------------------------------------------


def test_a_vetoed_entry_frees_the_rule_for_one_that_it_would_have_slept_through():
    bars = daily([10, 11, 12, 13, 14, 15, 16, 17])
    signals = asks(8, [0, 1, 2, 3])
    keep = np.arange(8) != 0

    plain = backtest(bars, signals, HOLD_TWO, FREE)
    found = vetoed(bars, signals, keep, HOLD_TWO, FREE)

    assert plain.trades.decided.tolist() == [0, 3]
    assert found.trades.decided.tolist() == [1]


def test_a_veto_forbids_entries_and_leaves_the_leaves_alone():
    bars = daily([10, 11, 12, 13, 14, 15])
    signals = asks(6, [0])._replace(leave_long=np.arange(6) == 2)

    found = vetoed(bars, signals, np.arange(6) == 0, ExitStack(None, None, None), FREE)

    assert found.trades.exit_bar.tolist() == [3]
    assert signals.enter.tolist() == [1, 0, 0, 0, 0, 0]


def test_a_veto_on_signals_must_be_spread_over_the_bars():
    bars, signals = daily([10.0, 11.0, 12.0]), asks(3, [0])

    with pytest.raises(DataError, match=r"one row a bar, 3, received \(1,\).*over_bars"):
        vetoed(bars, signals, np.array([True]), HOLD_TWO, FREE)


# --- figures -----------------------------------------------------------------------------------


def test_figures_of_a_window_by_hand():
    # Bought at 10 on 31 December, sold at 13 at the open of 2 January; bought at 12 on the 3rd,
    # sold at 11 at the open of the 5th.
    bars = daily([10, 12, 13, 12, 10, 11, 11])
    result = backtest(bars, asks(7, [0, 3]), HOLD_TWO, FREE)

    found = figures_of(result, 20211231, 20220105)

    assert found.sessions.tolist() == [20211231, *range(20220101, 20220106)]
    assert found.daily.tolist() == [2.0, 1.0, 0.0, -2.0, 1.0, 0.0]
    assert (found.n_trades, found.win_rate, found.net_profit) == (2, 0.5, 2.0)
    assert found.sharpe == pytest.approx(2 / 6 / math.sqrt((10 - 4 / 6) / 5) * math.sqrt(365))
    assert (found.profit_factor, found.max_drawdown) == (3.0, 2.0)
    assert found.pnl_by_year == {2021: 2.0, 2022: 0.0}


def test_figures_of_the_whole_history_are_the_backtests_own():
    bars, signals = market()
    result = backtest(bars, signals, HOLD_TWO, FREE)
    own = summary(result)

    found = figures_of(result, int(bars.session[0]), int(bars.session[-1]))

    assert (found.n_trades, found.win_rate) == (own.total_trades, own.win_rate)
    assert found.net_profit == pytest.approx(own.total_pnl)
    assert found.sharpe == pytest.approx(own.sharpe_ratio)
    assert found.profit_factor == pytest.approx(own.profit_factor)
    assert found.max_drawdown == pytest.approx(own.max_drawdown)
    assert sum(found.pnl_by_year.values()) == pytest.approx(own.total_pnl)


@pytest.mark.parametrize(
    ("first", "last", "n_trades", "profit"),
    [
        (20211230, 20220105, 2, 2.0),
        (20220101, 20220105, 1, 0.0),  # entered before: its P&L counts, it does not
        (20211230, 20220103, 1, 1.0),  # left after: likewise
        (20220101, 20220101, 0, 1.0),
    ],
)
def test_a_trade_counts_where_it_is_entered_and_left(first, last, n_trades, profit):
    bars = daily([10, 12, 13, 12, 10, 11, 11])
    result = backtest(bars, asks(7, [0, 3]), HOLD_TWO, FREE)

    found = figures_of(result, first, last)

    assert (found.n_trades, found.net_profit) == (n_trades, profit)


def test_a_trade_still_open_at_the_end_of_the_data_is_profit_but_no_trade():
    result = backtest(daily([10, 12, 13]), asks(3, [0]), ExitStack(None, None, None), FREE)

    found = figures_of(result, 20211230, 20220101)

    assert (found.n_trades, found.net_profit) == (0, 3.0)
    assert math.isnan(found.win_rate)
    assert math.isnan(found.profit_factor)


def test_a_window_without_a_session_is_refused():
    result = backtest(daily([10, 12, 13]), asks(3, [0]), HOLD_TWO, FREE)

    with pytest.raises(DataError, match="no session from 20230101 to 20231231; the bars hold 2021"):
        figures_of(result, 20230101, 20231231)


@pytest.mark.parametrize(("alone", "ratio"), [(1.25, 2.0), (0.0, math.nan), (-2.5, math.nan)])
def test_the_improvement_is_a_ratio_only_to_a_gain(alone: float, ratio: float):
    found = Uplift(_with(alone, 100.0), _with(2.5, 40.0))

    assert found.improvement == pytest.approx(ratio, nan_ok=True)
    assert (found.profit, found.sharpe) == (-60.0, 2.5 - alone)


def _with(sharpe: float, profit: float) -> Figures:
    none = np.empty(0)
    return Figures(9, 0.5, profit, sharpe, 1.5, 10.0, {}, none, none.astype(np.int64))


# --- paths -------------------------------------------------------------------------------------


def runner(bars: Bars, signals: Signals):
    decided = np.flatnonzero(signals.enter)
    return lambda keep: vetoed(
        bars, signals, over_bars(decided, keep, len(bars)), HOLD_TWO, FREE
    ), decided


def test_each_path_and_each_group_of_it_is_a_backtest_under_its_own_veto():
    bars, signals = market()
    run, decided = runner(bars, signals)
    cv = CombinatorialPurgedCV(decided, decided, 5, 2)
    keeps = np.random.default_rng(2).random((4, decided.size)) < 0.5
    spans = group_spans(bars.session[decided], cv.edges, bars.session)

    found = cpcv_uplifts(run, keeps, spans)

    alone, third = run(np.ones(decided.size, dtype=bool)), run(keeps[2])
    inside = [figures_of(r, *spans[1]) for r in (alone, third)]
    assert found.group_sharpe[2, 1] == inside[1].sharpe - inside[0].sharpe
    assert found.group_profit[2, 1] == inside[1].net_profit - inside[0].net_profit
    assert found.paths[2].n_trades == third.trades.decided.size
    assert found.group_sharpe.shape == (4, 5)


def test_what_the_groups_of_a_path_add_is_what_the_path_adds():
    bars, signals = market(seed=4)
    run, decided = runner(bars, signals)
    keeps = np.random.default_rng(3).random((4, decided.size)) < 0.5
    edges = CombinatorialPurgedCV(decided, decided, 5, 2).edges

    found = cpcv_uplifts(run, keeps, group_spans(bars.session[decided], edges, bars.session))

    assert found.group_profit.sum(axis=1) == pytest.approx(found.profit)
    assert found.sharpe[0] == found.paths[0].sharpe - found.baseline.sharpe
    assert found.median_sharpe == found.quantiles()[2] == np.median(found.group_sharpe)
    assert found.share_above == np.mean([u > 0 for u in found.group_sharpe.ravel()])


def test_a_veto_that_knows_the_outcomes_adds_on_every_path_and_one_that_keeps_all_adds_nothing():
    bars, signals = market(seed=5)
    run, decided = runner(bars, signals)
    rises = np.array([bars.close[min(d + 2, len(bars) - 1)] > bars.close[d] for d in decided])
    spans = ((20211230, 20221231), (20230101, int(bars.session[-1])))

    knowing = cpcv_uplifts(run, np.array([rises, rises]), spans)
    blind = cpcv_uplifts(run, np.ones((1, decided.size), dtype=bool), spans)

    assert knowing.group_sharpe.min() > 1.0
    assert knowing.share_above == 1.0
    assert (blind.median_sharpe, blind.share_above, blind.profit.tolist()) == (0.0, 0.0, [0.0])


def test_groups_part_the_window_at_the_sessions_of_their_first_signals():
    sessions = np.array([1, 2, 3, 4, 5, 6, 7])

    spans = group_spans(np.array([2, 3, 3, 5, 6, 6]), np.array([0, 3, 4, 6]), sessions)

    assert spans == ((1, 4), (5, 5), (6, 7))


@pytest.mark.parametrize("edges", [[0, 1, 2, 6], [0, 4, 5, 6]])
def test_groups_that_begin_in_one_session_are_refused(edges: list[int]):
    decided = np.array([3, 3, 3, 5, 6, 6])

    with pytest.raises(DataError, match="needs a session of its own, received 3 groups"):
        group_spans(decided, np.array(edges), np.arange(1, 8))


@pytest.mark.parametrize(
    "spans", [(), ((3, 2),), ((1, 4), (4, 6)), ((5, 6), (1, 2))], ids=lambda s: str(s)
)
def test_spans_that_overlap_or_stand_out_of_order_are_refused(spans):
    with pytest.raises(DataError, match="must be trade dates"):
        cpcv_uplifts(_never, np.ones((1, 2), dtype=bool), spans)


@pytest.mark.parametrize("shape", [(6,), (0, 6)])
def test_keeps_that_are_no_paths_are_refused(shape):
    with pytest.raises(DataError, match=r"one row a path.*Stitch the scores"):
        cpcv_uplifts(_never, np.ones(shape, dtype=bool), ((1, 2),))


def _never(keep) -> Result:
    raise AssertionError("refused before anything runs")
