"""Every figure of a backtest by hand, and the published vectors of the ratios."""

import csv
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from alphamill.backtest.engine import Result, backtest
from alphamill.backtest.metrics import (
    STARTING_EQUITY,
    daily_pnl,
    drawdown_frac,
    max_drawdown,
    periods_per_year,
    profit_factor,
    session_last_bars,
    sharpe,
    sortino,
    summary,
)
from alphamill.backtest.state import OPEN_AT_END, RULE, STOP, TARGET
from alphamill.core.market import Trades
from alphamill.data.calendar import schedule

from .markets import random_market
from .worksheet import FREE, NOTHING, tape

# --- published vectors -------------------------------------------------------------------------

# empyrical's tests: simple returns in percent, daily, 252 days; the leading NaN is dropped.
MIXED = np.array([1.0, 10.0, -4.0, 2.0, 3.0, 2.0, 1.0, -10.0]) / 100
RISING = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]) / 100
FALLING = np.array([0.0, -6.0, -7.0, -1.0, -9.0, -2.0, -6.0, -8.0, -5.0]) / 100


@pytest.mark.parametrize(
    ("returns", "expected"),
    [(MIXED, 1.7238613961706866), (RISING, 52.915026221291804), (FALLING, -24.406808633910085)],
)
def test_sharpe_gives_the_published_values(returns, expected):
    assert sharpe(returns, 252) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    ("returns", "expected"), [(MIXED, 2.605531251673693), (FALLING, -13.532743075043401)]
)
def test_sortino_gives_the_published_values(returns, expected):
    assert sortino(returns, 252) == pytest.approx(expected, rel=1e-13)


def test_the_deepest_fall_of_the_published_returns_is_a_tenth():
    equity = STARTING_EQUITY * (np.cumprod(1 + MIXED) - 1)

    assert drawdown_frac(equity) == pytest.approx(0.1, rel=1e-12)


# Held-out trades of the seeds' project (specs, factory 8.1): Sharpe and profit factor of all and
# of those the model kept. That Sharpe is over the trades, with the population's deviation, times
# the root of trades a year in four years: ours with n / (n - 1) times as many periods.
PRINTED = {
    "6E_BBIBSReversal": ((1.390, 1.38), (1.405, 1.54)),
    "6J_ATRBuyDip": ((0.986, 1.44), (0.752, 1.49)),
    "CL_ATRBuyDip": ((1.887, 1.43), (2.149, 1.78)),
    "ES_AvgHLRangeIBS": ((1.030, 1.44), (1.828, 2.39)),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_ratios_give_the_printed_figures_of_real_trades(shared, name):
    with (shared / "data" / "meta-label-trades" / f"{name}.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    returns = np.array([float(row["y_return"]) for row in rows])
    kept = returns[[float(row["y_pred_proba"]) >= 0.5 for row in rows]]

    for found, (ratio, factor) in zip((returns, kept), PRINTED[name], strict=True):
        n = found.size
        gross_win, gross_loss = found[found > 0].sum(), -found[found < 0].sum()
        assert round(sharpe(found, n // 4 * n / (n - 1)), 3) == pytest.approx(ratio)
        assert round(profit_factor(gross_win, gross_loss), 2) == factor


# --- the ratios' edges -------------------------------------------------------------------------


def test_fewer_than_two_days_have_no_ratio():
    assert [f(np.array([5.0]), 252) for f in (sharpe, sortino)] == [0.0, 0.0]
    assert [f(np.empty(0), 252) for f in (sharpe, sortino)] == [0.0, 0.0]


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_pnl_that_never_moves_has_no_sharpe(value):
    assert sharpe(np.full(10, value), 252) == 0.0


@pytest.mark.parametrize(("value", "n"), [(0.1, 3), (0.1, 100), (0.3, 1_000)])
def test_rounding_is_no_movement(value, n):
    assert sharpe(np.full(n, value), 252) == 0.0


def test_days_without_pnl_count():
    # Mean 1 of (2, 0, 2, 0): deviation 2/sqrt(3) and not 0.
    assert sharpe(np.array([2.0, 0.0, 2.0, 0.0]), 4.0) == pytest.approx(math.sqrt(3))
    # (4, 0, -2, 0): mean 1/2, downside sqrt(4 / 4) over all four days and not sqrt(4 / 1).
    assert sortino(np.array([4.0, 0.0, -2.0, 0.0]), 4.0) == pytest.approx(1.0)


def test_without_a_losing_day_there_is_no_sortino():
    assert sortino(np.array([1.0, 2.0, 0.0]), 252) == 0.0


@pytest.mark.parametrize(
    ("gross_win", "gross_loss", "expected"),
    [(30.0, 20.0, 1.5), (0.0, 20.0, 0.0), (30.0, 0.0, math.inf)],
)
def test_profit_factor_is_wins_over_losses_and_infinite_without_a_loss(
    gross_win, gross_loss, expected
):
    assert profit_factor(gross_win, gross_loss) == expected


def test_profit_factor_of_nothing_is_unknown():
    assert math.isnan(profit_factor(0.0, 0.0))


def test_drawdown_starts_from_nothing_earned():
    # Down 5 at once, then up: the fall is from the start, not from the first day.
    assert max_drawdown(np.array([-5.0, -2.0, 10.0, 7.0])) == 5.0
    assert drawdown_frac(np.array([-5_000.0, 9_000.0])) == pytest.approx(0.05)


def test_drawdown_in_parts_is_of_the_peak_of_its_time():
    # 110,000 -> 105,000, then far up: 5/110, not 5 of the 200,000 reached later.
    equity = np.array([10_000.0, 5_000.0, 100_000.0])

    assert max_drawdown(equity) == 5_000.0
    assert drawdown_frac(equity) == pytest.approx(5 / 110)


def test_the_deepest_fall_in_money_and_in_parts_may_be_two_falls():
    # 20,000 of 100,000 first, later 30,000 of 200,000.
    equity = np.array([-20_000.0, 100_000.0, 70_000.0])

    assert max_drawdown(equity) == 30_000.0
    assert drawdown_frac(equity) == pytest.approx(0.2)


@pytest.mark.parametrize("depth", [max_drawdown, drawdown_frac])
def test_what_only_rises_never_falls(depth):
    assert depth(np.array([0.0, 1.0, 1.0, 3.0])) == 0.0
    assert depth(np.empty(0)) == 0.0


# --- days --------------------------------------------------------------------------------------


def every_day(first: str, n: int) -> np.ndarray:
    days = np.datetime64(first) + np.arange(n)
    return np.array([int(str(d).replace("-", "")) for d in days])


@pytest.mark.parametrize(
    ("sessions", "low", "high"),
    [
        (schedule("XNYS", 20100104, 20191231).session, 251.0, 252.0),
        (schedule("XNYS", 20190102, 20191231).session, 251.5, 253.5),
        (every_day("2015-01-01", 2_000), 365.2, 365.3),
        (every_day("2023-01-01", 365), 365.2, 365.3),
    ],
    ids=["shares_ten_years", "shares_one_year", "always_open", "always_open_one_year"],
)
def test_a_year_has_the_sessions_of_its_market(sessions, low, high):
    assert low <= periods_per_year(sessions) <= high


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        # Christmas would make it 233 by its own count.
        (schedule("XNYS", 20191202, 20200110).session, 252.0),
        (every_day("2023-01-01", 40), 365.0),
        (np.array([20240102]), 252.0),
        (np.empty(0, dtype=np.int64), 252.0),
    ],
)
def test_a_short_span_does_not_measure_its_own_holidays(sessions, expected):
    assert periods_per_year(sessions) == expected


@pytest.mark.parametrize(("first", "last"), [(20240205, 20240209), (20240205, 20240216)])
def test_a_week_or_two_of_weekdays_are_no_market_without_weekends(first, last):
    assert periods_per_year(schedule("XNYS", first, last).session) == 252.0


def test_a_session_ends_at_its_last_bar():
    session = np.array([1, 1, 1, 2, 3, 3])

    assert session_last_bars(session).tolist() == [2, 3, 5]
    assert session_last_bars(session[:0]).tolist() == []


# --- one backtest, every figure ----------------------------------------------------------------

# Friday three bars, Monday three, Tuesday two; a point is worth $10, one contract.
SESSIONS = [20240105] * 3 + [20240108] * 3 + [20240109] * 2
# target: 100 -> 103, gross 30, fees 4, slippage 5;  stop, short: 105 -> 107, gross -20;
# rule: 100 -> 100.4, gross 4 = its fees, neither won nor lost;  at the end: 100 -> 101, gross 10.
ROWS = {
    "decided": [0, 2, 3, 5],
    "entry_bar": [1, 3, 4, 6],
    "exit_bar": [2, 3, 5, 7],
    "side": [1, -1, 1, 1],
    "units": [1.0, 1.0, 1.0, 1.0],
    "entry_price": [100.0, 105.0, 100.0, 100.0],
    "exit_price": [103.0, 107.0, 100.4, 101.0],
    "pnl": [26.0, -24.0, 0.0, 6.0],
    "fees": [4.0, 4.0, 4.0, 4.0],
    "slippage": [5.0, 5.0, 1.0, 5.0],
    "mae": [0.0, -25.0, -1.0, 0.0],
    "mfe": [30.0, 0.0, 4.0, 10.0],
    "bars_held": [2, 1, 1, 2],
    "reason": [TARGET, STOP, RULE, OPEN_AT_END],
    "ambiguous": [False, True, False, False],
}
# Marked at each close: days of 30, -40, 18.
EQUITY = [0.0, 12.0, 30.0, 0.0, -20.0, -10.0, 4.0, 8.0]
BY_HAND = {
    "total_bars": 8,
    "total_trades": 3,
    "winning_trades": 1,
    "losing_trades": 1,
    "win_rate": 1 / 3,
    "total_pnl": 8.0,
    "total_pnl_pct": 0.008,
    "avg_pnl_per_trade": 2 / 3,
    "avg_win": 26.0,
    "avg_loss": -24.0,
    "largest_win": 26.0,
    "largest_loss": -24.0,
    # Mean 8/3; squares about it 27.33, -42.67, 15.33: 2802.67 over 2.
    "sharpe_ratio": (8 / 3) / math.sqrt(2802 / 2 + 1 / 3) * math.sqrt(252),
    "sortino_ratio": (8 / 3) / math.sqrt(1600 / 3) * math.sqrt(252),
    # 30 down to -10.
    "max_drawdown": 40.0,
    "max_drawdown_pct": 100 * 40 / 100_030,
    "profit_factor": 26 / 24,
    "expectancy": 2 / 3,
    # (203 + 212 + 200.4 + 201) points x 10 in 3/252 years, over 100,000.
    "turnover": 8_164 / (3 / 252) / 100_000,
    # Fees 16 and slippage 16; before costs 35, -15, 5 and 15.
    "cost_share": 32 / 70,
    "fees": 16.0,
    "slippage": 16.0,
    "avg_bars_held": 4 / 3,
    "max_bars_held": 2,
    "min_bars_held": 1,
    "exit_counts": {"stop": 1, "target": 1, "rule": 1, "open_at_end": 1},
}


def worked(**changed) -> Result:
    bars, _ = tape("100 110 90 100\n" * 8)
    columns = {name: np.array(values) for name, values in {**ROWS, **changed}.items()}
    return Result(
        replace(bars, session=SESSIONS), FREE, NOTHING, Trades(**columns), np.array(EQUITY)
    )


def without(row: int) -> Result:
    return worked(**{name: np.delete(values, row) for name, values in ROWS.items()})


@pytest.mark.parametrize("name", BY_HAND)
def test_figure_of_the_worked_backtest(name):
    found = asdict(summary(worked()))[name]

    assert found == pytest.approx(BY_HAND[name])
    assert type(found) is type(BY_HAND[name])


def test_every_figure_is_worked():
    # Exposure and ambiguity have tests of their own.
    assert set(BY_HAND) | {"exposure", "ambiguous_share"} == set(asdict(summary(worked())))


def test_exposure_is_the_share_of_bars_with_a_position():
    # 2 + 1 + 1 of 8 bars.
    assert summary(without(3)).exposure == 0.5


def test_exposure_counts_a_trade_still_open_at_the_end():
    assert summary(worked()).exposure == 6 / 8


def test_the_ambiguous_share_is_of_the_trades():
    assert summary(without(3)).ambiguous_share == pytest.approx(1 / 3)


def test_the_ambiguous_share_leaves_out_a_trade_still_open_as_all_trade_statistics_do():
    assert summary(worked()).ambiguous_share == pytest.approx(1 / 3)


def test_a_trade_open_at_the_end_counts_in_pnl_and_costs_only():
    with_it, without_it = summary(worked()), summary(without(3))

    for name in ("total_trades", "win_rate", "profit_factor", "avg_win", "avg_bars_held"):
        assert getattr(with_it, name) == getattr(without_it, name)
    assert with_it.total_pnl == worked().trades.pnl.sum() == 8.0
    assert with_it.fees - without_it.fees == 4.0
    assert with_it.turnover > without_it.turnover


def test_turnover_counts_units_and_both_sides_at_their_size():
    # Short sold at -2 and bought at 3, 4 units: 4 x (2 + 3) x 10 = 200.
    one = {name: values[:1] for name, values in ROWS.items()}
    result = worked(**{**one, "units": [4.0], "entry_price": [-2.0], "exit_price": [3.0]})

    assert summary(result).turnover == pytest.approx(200 * 84 / 100_000)


def test_days_are_marked_at_their_last_bar_and_add_up():
    sessions, pnl = daily_pnl(worked())

    assert sessions.tolist() == [20240105, 20240108, 20240109]
    assert pnl.tolist() == [30.0, -40.0, 18.0]


def test_no_trades_are_no_figures_and_no_warning():
    none = summary(worked(**{name: values[:0] for name, values in ROWS.items()}))

    assert math.isnan(none.profit_factor)
    names = ("total_trades", "win_rate", "avg_win", "largest_loss", "min_bars_held", "cost_share")
    assert [getattr(none, name) for name in names] == [0, 0.0, 0.0, 0.0, 0, 0.0]
    assert none.exit_counts == {}


def test_only_winners_are_infinitely_profitable():
    assert summary(replace(worked(), trades=without_losses())).profit_factor == math.inf


def without_losses() -> Trades:
    return Trades(**{name: np.array(values)[[0, 3]] for name, values in ROWS.items()})


def test_no_bars_are_no_figures():
    empty = Trades(**{name: np.array(values[:0]) for name, values in ROWS.items()})
    nothing = replace(worked(), bars=worked().bars.head(0), trades=empty, equity=np.empty(0))

    found = summary(nothing)

    assert (found.total_bars, found.total_pnl, found.sharpe_ratio, found.turnover) == (0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(25))
def test_on_random_markets_days_and_trades_add_up_to_the_same_account(seed):
    market = random_market(seed)
    result = backtest(
        market.bars, market.signals, market.stack, market.instrument, levels=market.levels
    )
    found = summary(result)

    assert daily_pnl(result)[1].sum() == pytest.approx(found.total_pnl, abs=1e-6)
    assert result.trades.pnl.sum() == pytest.approx(found.total_pnl, abs=1e-6)
    assert found.winning_trades + found.losing_trades <= found.total_trades
    assert sum(found.exit_counts.values()) == len(result.trades)
    closed = result.trades.pnl[result.trades.reason != OPEN_AT_END]
    assert found.expectancy * found.total_trades == pytest.approx(closed.sum(), abs=1e-6)
