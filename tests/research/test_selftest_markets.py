"""Simulated markets are what they are said to be, and the planted edge is as large as stated."""

import numpy as np
import pytest

from alphamill.backtest.engine import backtest
from alphamill.backtest.metrics import daily_pnl, periods_per_year, session_last_bars, sharpe
from alphamill.core.errors import SettingsError
from alphamill.indicators.memo import memo
from alphamill.research.selftest.markets import (
    LAST_SEARCHED,
    NOISE,
    PLANTED,
    PLANTED_IN,
    SEALED_YEARS,
    SEARCHED_YEARS,
    STACK,
    ground_of,
    noise_market,
    plan_for,
    planted_market,
    search,
)
from alphamill.research.sweep import run_grid
from alphamill.strategies import find
from alphamill.validation.statistics import moments, sharpe_from_sums


def daily_returns(market):
    close = market.bars.close[session_last_bars(market.bars.session)]
    return np.diff(np.log(close))


def pooled(kind, n_markets=6):
    return np.concatenate([daily_returns(noise_market(kind, k)) for k in range(n_markets)])


def test_tails_and_clusters_are_those_of_the_kind():
    kurtosis = {kind: moments(pooled(kind)).kurtosis for kind in ("iid", "garch", "t4")}
    clusters = {
        kind: np.corrcoef(pooled(kind)[:-1] ** 2, pooled(kind)[1:] ** 2)[0, 1]
        for kind in ("iid", "garch")
    }

    assert kurtosis["iid"] == pytest.approx(3.0, abs=0.1)
    # GARCH(1,1) with 0.08 and 0.90: 3 (1 - 0.98^2) / (1 - 0.98^2 - 2 * 0.08^2) = 4.4 in the limit.
    assert 3.3 < kurtosis["garch"] < 6.0
    assert kurtosis["t4"] > 5.0
    assert abs(clusters["iid"]) < 0.03 < 0.06 < clusters["garch"]


@pytest.mark.parametrize("kind", ["iid", "garch", "t4", "season"])
def test_nothing_is_earned_by_holding_but_where_there_is_drift(kind):
    # 12 markets of 12.5 years: a yearly mean has a standard error of 0.2 / sqrt(150) = 0.016.
    moves = pooled(kind, 12)
    yearly = 252.0 * (moves.mean() + moves.var() / 2.0)

    assert abs(yearly) < 0.05


def test_the_drift_is_ten_percent_a_year():
    yearly = [252.0 * (m.mean() + m.var() / 2.0) for m in (pooled("drift", 40),)]

    # Of 500 years: 0.2 / sqrt(500) = 0.009.
    assert yearly[0] == pytest.approx(0.10, abs=0.025)


def test_the_intraday_season_is_loud_at_both_ends_of_a_session():
    made = noise_market("season", 0).bars
    slots = np.unique(made.minute)
    swing = [np.mean(np.log(made.close / made.open)[made.minute == slot] ** 2) for slot in slots]

    assert made.timeframe == "1h"
    assert slots.size == 7
    assert swing[1] > 2.0 * swing[3] < 0.5 * swing[5]


@pytest.mark.parametrize("kind", NOISE)
def test_markets_of_a_number_are_one_and_those_of_others_are_not(kind):
    once, again, other = (noise_market(kind, k).bars.close for k in (3, 3, 4))

    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_ten_years_are_searched_and_the_end_is_sealed():
    market = noise_market("iid", 0)
    searched, whole = ground_of(market), ground_of(market, whole=True)

    per_year = periods_per_year(searched.sessions)
    n_sealed = whole.sessions.size - searched.sessions.size
    assert searched.bars.session[-1] <= LAST_SEARCHED < market.bars.session[searched.sessions.size]
    assert searched.sessions.size / per_year == pytest.approx(SEARCHED_YEARS, abs=0.02)
    assert n_sealed / per_year == pytest.approx(SEALED_YEARS, abs=0.03)
    assert np.array_equal(whole.bars.close[: len(searched.bars)], searched.bars.close)
    assert len(searched.blocks) == 40


def test_the_plan_has_a_hundred_cells_of_three_rules_and_the_planted_one_inside():
    plan = plan_for(noise_market("iid", 0))

    cells = {strategy.name: list(strategy.cells()) for strategy in plan.strategies}
    assert {name: len(sets) for name, sets in cells.items()} == {
        "RSI2_MeanReversion": 48,
        "WilliamsPercentR": 36,
        "MovingAverageEnvelope": 16,
    }
    assert plan.exits == (STACK,)
    assert PLANTED in cells[PLANTED_IN]


@pytest.mark.parametrize("wanted", [1.0, 1.5, 2.0])
def test_the_planted_cell_has_the_stated_sharpe_ratio_net_of_costs(wanted):
    rule, found = find(PLANTED_IN), []
    for number in range(100):
        ground = ground_of(planted_market(wanted, number))
        result = backtest(
            ground.bars, rule.signals(ground.bars, PLANTED, "long"), STACK, ground.instrument
        )
        sessions, pnl = daily_pnl(result)
        found.append(sharpe(pnl, periods_per_year(sessions)))

    # Ten years: a deviation of 0.29 a market, 0.029 of the mean of 100.
    assert np.mean(found) == pytest.approx(wanted, abs=0.075)


def test_no_cell_of_the_plan_is_truly_better_than_the_planted_one_and_neighbours_share_it():
    rules, found = search(), []
    for number in range(60):
        ground = ground_of(planted_market(1.5, number))
        per_year, ratios = periods_per_year(ground.sessions), []
        for rule in rules:
            with memo(ground.memo_bytes):
                _, tallies, _ = run_grid(rule, list(rule.cells()), ground, ())
            for tally in tallies:
                total, squares = tally.blocks.sum(axis=1).T
                ratios.append(sharpe_from_sums(total, squares, ground.sessions.size, per_year)[0])
        found.append(ratios)

    true = np.mean(found, axis=0)
    planted = list(rules[0].cells()).index(dict(PLANTED))
    assert true.max() <= true[planted] + 0.05
    assert true[planted] == pytest.approx(1.5, abs=0.11)
    # In the price path: most of the rule's grid lives on it, and another rule of its kind.
    assert np.mean(true[:48] > 0.75) > 0.6
    assert true[84:].max() > 0.5 > 0.25 > true[48:84].max()


def test_a_market_that_was_not_measured_is_refused():
    with pytest.raises(SettingsError, match=r"\[1.0, 1.5, 2.0\] can be planted, received 3.0"):
        planted_market(3.0, 0)
    with pytest.raises(SettingsError, match="received 'chaos'"):
        noise_market("chaos", 0)
