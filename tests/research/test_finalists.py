"""The nulls of a finalist: no more small p-values than luck has, and an edge is seen."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import daily_pnl, periods_per_year, sharpe
from alphamill.core.errors import DataError
from alphamill.core.market import Instrument
from alphamill.data.sources.synthetic import Process
from alphamill.data.sources.synthetic import bars as synthetic
from alphamill.research import finalists
from alphamill.research.factory import rerun
from alphamill.research.finalists import as_json, finalist_nulls
from alphamill.research.moved import bars_of, held_at, moves_of, places_of, session_pnl, turned
from alphamill.research.permuted import repriced
from alphamill.research.sweep import Task, run_task
from alphamill.strategies import find
from tests.research.grounds import ground

FREE = Instrument("ES", "no costs", "future", "XNYS", 0.25, 50.0, slippage_ticks=0.0)
CHARGED = replace(FREE, commission_per_side=2.0, slippage_ticks=1.0)
BY_RULE = (ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=5),)
NO_NOISE = pytest.mark.usefixtures("no_noise")


@pytest.fixture
def no_noise(monkeypatch):
    monkeypatch.setattr(finalists, "NOISE", ())


def market(seed, edge=0.0, what=FREE, n_bars=1_200, stacks=BY_RULE, oversold=20):
    """Return a market and one cell of a rule that buys after a fall."""
    bars = synthetic(
        "ES", "1d", Process(edge_sharpe=edge, horizon_bars=3), n_bars=n_bars, seed=seed
    )
    floor = replace(ground(0, exits=stacks, bars=bars), instrument=what)
    params = {"rsi_length": 2, "rsi_oversold": oversold, "rsi_overbought": 65}
    rule = find("RSI2_MeanReversion")
    part = run_task({"ES": floor}, Task(0, "ES", rule.name, (rule.params(params),)))
    return rule, {"ES": floor}, part, 0


def nulls(seed, edge=0.0, n_draws=59, **given):
    return finalist_nulls(*market(seed, edge, **given), seed=7, n_draws=n_draws)


def played(seed=3, **given):
    """Return a cell's trades, what a unit gains on its market, and the engine's result."""
    rule, grounds, part, cell = market(seed, **given)
    result = rerun(rule, grounds, part, cell)
    return result.trades, moves_of(result.bars, result.instrument), result


# --- how trades are priced -----------------------------------------------------------------------


def test_trades_by_rule_earn_in_their_own_places_what_the_engine_gave_them():
    trades, moves, result = played()

    held = held_at(trades, places_of(trades), np.arange(len(trades)), moves)

    assert len(trades) > 50
    np.testing.assert_allclose(session_pnl(held, moves), daily_pnl(result)[1], atol=1e-6)


def test_costs_are_those_that_were_charged():
    trades, moves, result = played(what=CHARGED)

    held = held_at(trades, places_of(trades), np.arange(len(trades)), moves)

    assert held.cost.sum() == pytest.approx(len(trades) * (2 * 2.0 + 2 * 12.5))
    assert session_pnl(held, moves).sum() == pytest.approx(daily_pnl(result)[1].sum())


def test_a_trade_that_was_stopped_is_held_to_the_close_and_not_over_the_night():
    trades, moves, result = played(stacks=(ExitStack(stop_loss_atr=0.5, take_profit_atr=0.5),))
    bars = result.bars
    stopped = int(np.flatnonzero(np.isin(trades.reason, (1, 2)))[3])

    held = held_at(trades, places_of(trades), np.arange(len(trades)), moves)

    entry, left = trades.entry_bar[stopped], trades.exit_bar[stopped]
    assert (held.body[entry : left + 1] == 1.0).all()
    assert held.gap[left + 1] == 0.0
    alone = held_at(trades, places_of(trades), np.arange(len(trades)), moves)
    earned = (alone.gap * moves.gap + alone.body * moves.body)[entry : left + 1].sum()
    assert earned == pytest.approx((bars.close[left] - bars.open[entry]) * 50.0)


def test_a_shift_keeps_exposure_costs_and_the_hour():
    bars = synthetic("ES", "1h", n_bars=3_000, seed=1)
    moves = moves_of(bars, FREE)
    n_sessions = moves.first.size
    number = np.arange(3_000) - moves.first[moves.of_bar]
    sessions = np.roll(np.arange(n_sessions), 20)

    there = bars_of(sessions, moves)

    whole = np.diff(np.append(moves.first, 3_000))[sessions][moves.of_bar] > number
    assert (number[there] == number)[whole].all()
    assert (moves.of_bar[there] == sessions[moves.of_bar]).all()
    # Of daily bars it is a plain shift.
    trades, moves, _ = played()
    held = held_at(trades, places_of(trades), np.arange(len(trades)), moves)
    drawn = turned(held, np.roll(np.arange(moves.first.size), 100), moves)
    for name in held._fields:
        np.testing.assert_array_equal(getattr(drawn, name), np.roll(getattr(held, name), 100))


# --- size and power ------------------------------------------------------------------------------


@NO_NOISE
def test_on_noise_small_p_values_are_no_more_frequent_than_they_say():
    n = 120
    found = [nulls(seed, what=CHARGED) for seed in range(n)]

    for name in ("shift_p", "random_entry_p"):
        p = np.array([getattr(one, name) for one in found])
        assert np.count_nonzero(p <= 0.05) <= binom.ppf(0.995, n, 0.05), name
        # Both ways: where the real trades alone paid their costs, p would be large.
        assert abs(np.count_nonzero(p <= 0.5) - n / 2) <= 2.6 * math.sqrt(n / 4), name


@NO_NOISE
def test_an_edge_in_the_timing_is_seen_by_both():
    found = [nulls(100 + seed, edge=3.0) for seed in range(12)]

    assert sum(one.shift_p <= 0.05 for one in found) >= 11
    assert sum(one.random_entry_p <= 0.05 for one in found) >= 11


@NO_NOISE
def test_costs_weigh_on_real_and_moved_trades_alike():
    dear = replace(FREE, commission_per_side=250.0)
    for seed in range(8):
        cheap, paid = nulls(seed), nulls(seed, what=dear)

        # Ten times the costs, the same trades: the answer is about the same.
        assert paid.shift_p == pytest.approx(cheap.shift_p, abs=0.12)
        assert paid.random_entry_p == pytest.approx(cheap.random_entry_p, abs=0.12)


@NO_NOISE
def test_exposure_to_a_drift_is_no_timing():
    rule, grounds, part, cell = market(5)
    floor = grounds["ES"]
    up = np.exp(0.003 * np.arange(len(floor.bars)))
    prices = tuple(getattr(floor.bars, k) * up for k in ("open", "high", "low", "close"))
    grounds = {"ES": replace(floor, bars=repriced(floor.bars, prices, floor.bars.volume))}
    result = rerun(rule, grounds, part, cell)

    found = finalist_nulls(rule, grounds, part, cell, seed=7, n_draws=99)

    assert sharpe(daily_pnl(result)[1], 252.0) > 1.0
    assert found.shift_p > 0.05
    assert found.random_entry_p > 0.05


# --- noise ---------------------------------------------------------------------------------------


def blurred(seed, edge=0.0, **given):
    """Return the rows of noise of a market, and the Sharpe ratio without any."""
    given = market(seed, edge, **given)
    sessions, pnl = daily_pnl(rerun(*given))
    found = finalist_nulls(*given, seed=7, n_draws=1)
    return found.noise, sharpe(pnl, periods_per_year(sessions))


def test_without_noise_nothing_changes(monkeypatch):
    monkeypatch.setattr(finalists, "NOISE", (0.0,))
    monkeypatch.setattr(finalists, "N_BLURRED", 3)

    (row,), plain = blurred(3, edge=2.0)

    assert row.low == row.median == row.high == pytest.approx(plain, rel=1e-12)


def test_an_edge_in_the_path_survives_noise_and_pays_for_it(monkeypatch):
    monkeypatch.setattr(finalists, "N_BLURRED", 10)
    found = [blurred(seed, edge=4.0) for seed in range(6)]

    kept = np.array([[row.median for row in rows] for rows, _ in found]).mean(axis=0)
    plain = np.mean([ratio for _, ratio in found])
    assert plain > kept[0] > kept[1] > 0.5 * plain
    assert all(row.low < row.median < row.high for rows, _ in found for row in rows)


@pytest.mark.parametrize("stacks", [BY_RULE, (ExitStack(),)], ids=["by rule", "stop and target"])
def test_noise_gives_nothing_to_a_rule_without_an_edge(monkeypatch, stacks):
    monkeypatch.setattr(finalists, "N_BLURRED", 5)
    gained = []
    for seed in range(40):
        rows, plain = blurred(seed, stacks=stacks)
        gained.append([row.median - plain for row in rows])

    error = np.std(gained, axis=0) / math.sqrt(len(gained))
    assert (np.mean(gained, axis=0) < 2.6 * error).all()


def test_a_rule_that_raises_on_blurred_bars_is_credited_with_nothing(monkeypatch):
    rule, grounds, part, cell = market(3)
    seen = grounds["ES"].bars.close

    def brittle(bars, **params):
        if not np.array_equal(bars.close, seen):
            raise DataError("these are not the prices I was made for")
        return rule.rule(bars, **params)

    found = finalist_nulls(replace(rule, rule=brittle), grounds, part, cell, 7, n_draws=1)

    assert [row.high for row in found.noise] == [-math.inf] * 2
    assert as_json(found)["noise"][0]["median"] is None


# --- the rest ------------------------------------------------------------------------------------


def test_the_same_seed_says_the_same_and_another_does_not(monkeypatch):
    monkeypatch.setattr(finalists, "N_BLURRED", 3)
    given = market(3)

    first, again, other = (finalist_nulls(*given, seed=seed, n_draws=39) for seed in (7, 7, 8))

    assert first == again
    assert first.noise != other.noise
    assert (first.n_draws, first.noise[0].n_draws) == (39, 3)
    assert [row.noise_frac for row in first.noise] == [0.1, 0.25]


@NO_NOISE
def test_a_cell_that_never_trades_shows_nothing():
    rule, grounds, part, cell = market(3, n_bars=60, oversold=1)
    assert part.cells["total_trades"][0] == 0

    found = finalist_nulls(rule, grounds, part, cell, seed=7, n_draws=19)

    assert found.shift_p == found.random_entry_p == 1.0


def test_a_rule_over_two_series_is_shifted_by_its_wishes(monkeypatch):
    monkeypatch.setattr(finalists, "N_BLURRED", 3)
    rule = find("PairsZScore")
    grounds = {"A": replace(ground(1), sides="both"), "B": replace(ground(2), sides="both")}
    task = Task(0, "A", rule.name, (next(iter(rule.cells())),), {"partner": "B"})
    part = run_task(grounds, task)

    found = finalist_nulls(rule, grounds, part, 0, seed=7, n_draws=19)

    assert 0.05 <= found.shift_p <= 1.0
    assert math.isnan(found.random_entry_p)
    assert found.noise[0].low < found.noise[0].high
    told = as_json(found)
    assert told["random_entry_p"] is None
    assert told["shift_p"] == found.shift_p


def test_prices_below_zero_are_blurred_by_differences(monkeypatch):
    monkeypatch.setattr(finalists, "N_BLURRED", 3)
    rule, grounds, part, cell = market(3)
    bars = grounds["ES"].bars
    shift = bars.low.min() + 5.0
    prices = tuple(getattr(bars, k) - shift for k in ("open", "high", "low", "close"))
    grounds = {"ES": replace(grounds["ES"], bars=repriced(bars, prices, bars.volume))}

    found = finalist_nulls(rule, grounds, part, cell, seed=7, n_draws=1)

    assert all(math.isfinite(row.median) for row in found.noise)
