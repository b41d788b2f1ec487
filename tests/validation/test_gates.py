import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.gates import (
    Tried,
    Verdict,
    basic,
    chance_gate,
    deflated_gate,
    fdr_gate,
    luck_gate,
    passes_basic,
    stamped,
    validity_gate,
)
from alphamill.validation.overfitting import overfitting_gate
from alphamill.validation.statistics import NORMAL, Interval
from alphamill.validation.thresholds import BasicThresholds, Thresholds, thresholds

GOOD = {
    "total_trades": 1_000,
    "sharpe_ratio": 0.2,
    "profit_factor": 1.15,
    "max_drawdown_frac": 0.30,
    "win_rate": 0.35,
}
LIMITS = Thresholds()
CALIBRATED = thresholds("calibrated", 4_780, 10)
YEAR = 252


def test_a_cell_exactly_on_all_five_limits_passes():
    verdict = basic(GOOD, BasicThresholds())

    assert verdict.passed
    assert (verdict.score, verdict.threshold) == (5.0, 5.0)


@pytest.mark.parametrize(
    ("figure", "value", "words"),
    [
        ("total_trades", 999, "trades 999, needs at least 1000"),
        ("sharpe_ratio", 0.199, "Sharpe 0.199, needs at least 0.2"),
        ("profit_factor", 1.14, "profit factor 1.14, needs at least 1.15"),
        ("max_drawdown_frac", 0.301, "drawdown 0.301, needs at most 0.3"),
        ("win_rate", 0.349, "win rate 0.349, needs at least 0.35"),
    ],
)
def test_each_condition_alone_fails_the_basic_gate_and_is_named(figure, value, words):
    verdict = basic(GOOD | {figure: value}, BasicThresholds())

    assert not verdict.passed
    assert verdict.score == 4.0
    assert verdict.detail == words


@pytest.mark.parametrize("figure", GOOD)
def test_an_unknown_figure_fails_the_basic_gate(figure):
    assert not basic(GOOD | {figure: math.nan}, BasicThresholds()).passed


def test_a_cell_without_a_loss_has_an_infinite_profit_factor_and_passes():
    assert basic(GOOD | {"profit_factor": math.inf}, BasicThresholds()).passed


def test_many_cells_are_judged_as_one_by_one():
    rng = np.random.default_rng(5)
    columns = {
        name: np.where(rng.random(400) < 0.05, np.nan, value * rng.uniform(0.9, 1.5, 400))
        for name, value in GOOD.items()
    }

    many = passes_basic(columns, BasicThresholds())

    one_by_one = [
        basic({k: v[i] for k, v in columns.items()}, BasicThresholds()).passed for i in range(400)
    ]
    assert many.tolist() == one_by_one
    assert 0 < many.sum() < 400


def test_a_missing_figure_is_named():
    with pytest.raises(DataError, match=r"needs \['win_rate'\]"):
        basic({k: v for k, v in GOOD.items() if k != "win_rate"}, BasicThresholds())


def test_a_verdict_reads_as_a_sentence():
    verdict = basic(GOOD | {"win_rate": 0.1}, BasicThresholds())

    assert str(verdict) == ("FAIL basic: 4.000 (needs 5.000); win rate 0.1, needs at least 0.35")


def test_a_verdict_that_informs_says_so():
    verdict = stamped(basic(GOOD, BasicThresholds()), thresholds("seed", 1, 1, decides=["luck"]))

    assert not verdict.decides
    assert str(verdict).startswith("pass basic (informs): 5.000 (needs 5.000)")
    assert stamped(verdict, thresholds("seed", 1, 1)).decides


def test_a_gate_that_was_not_asked_shows_no_figures():
    verdict = Verdict("regime", False, math.nan, 2.0, "1 of 4 regimes", asked=False)

    assert str(verdict) == "not asked regime; 1 of 4 regimes"


# --- validity


def test_data_costs_and_unambiguous_exits_are_valid():
    verdict = validity_gate(0.01, True, 0.10, LIMITS.validity)

    assert verdict.passed
    assert (verdict.score, verdict.threshold) == (3.0, 3.0)
    assert verdict.detail == "costs 0.01, data accepted, 10.0% of exits ambiguous"


@pytest.mark.parametrize(
    ("costs", "accepted", "share", "words"),
    [
        (0.0, True, 0.0, "costs paid 0, needs above 0"),
        (math.nan, True, 0.0, "costs paid nan"),
        (1.0, False, 0.0, "data quality accepted 0, needs at least 1"),
        (1.0, True, 0.101, "share of ambiguous exits 0.101, needs at most 0.1"),
        (1.0, True, math.nan, "share of ambiguous exits nan"),
    ],
)
def test_what_is_not_valid_is_named(costs, accepted, share, words):
    verdict = validity_gate(costs, accepted, share, LIMITS.validity)

    assert not verdict.passed
    assert verdict.score == 2.0
    assert words in verdict.detail


# --- basic, calibrated


def test_the_calibrated_basic_gate_decides_by_trades_and_shows_the_ratios():
    poor = {"sharpe_ratio": 0.1, "profit_factor": 1.2, "max_drawdown_frac": 0.6, "win_rate": 0.3}

    verdict = basic(poor | {"total_trades": 100}, CALIBRATED.basic)

    assert verdict.passed
    assert (verdict.score, verdict.threshold) == (1.0, 1.0)
    assert verdict.detail == (
        "trades 100; not asked: Sharpe 0.1 (documents: at least 0.2), profit factor 1.2, "
        "drawdown 0.6 (documents: at most 0.3), win rate 0.3 (documents: at least 0.35)"
    )
    failed = basic(poor | {"total_trades": 99}, CALIBRATED.basic)
    assert not failed.passed
    assert failed.detail.startswith("trades 99, needs at least 100; not asked: Sharpe 0.1")


def test_a_ratio_that_is_not_asked_may_be_unknown():
    unknown = GOOD | dict.fromkeys(("sharpe_ratio", "profit_factor", "win_rate"), math.nan)
    columns = {name: np.array([value, value]) for name, value in unknown.items()}

    assert basic(unknown, CALIBRATED.basic).passed
    assert passes_basic(columns, CALIBRATED.basic).tolist() == [True, True]
    assert not basic(unknown | {"total_trades": math.nan}, CALIBRATED.basic).passed


# --- chance


def test_the_chance_gate_counts_markets_on_which_the_rule_raised_against_it():
    draws = np.append(np.linspace(-1.0, 1.0, 37), [np.inf, np.inf])

    verdict = chance_gate(1.5, draws, LIMITS.chance)

    assert verdict.p_value == 3 / 40
    assert not verdict.passed
    assert "the rule raised on 2 of them, which counts against it" in verdict.detail
    assert chance_gate(1.5, draws[1:-1], LIMITS.chance).p_value == 2 / 38


@pytest.mark.parametrize(
    ("n_below", "passed"),
    [(19, True), (18, False)],
)
def test_nineteen_permuted_markets_are_the_fewest_that_can_pass(n_below, passed):
    verdict = chance_gate(1.0, np.zeros(n_below), LIMITS.chance)

    assert verdict.passed is passed
    assert ("show no p below" in verdict.detail) is not passed
    assert verdict.score == 1.0 - 1.0 / (n_below + 1)


def test_the_chance_gate_without_a_permuted_market_is_not_asked():
    verdict = chance_gate(3.0, np.empty(0), LIMITS.chance)

    assert (verdict.passed, verdict.asked) == (False, False)


def test_an_unknown_best_cell_fails_the_chance_gate():
    assert chance_gate(math.nan, np.zeros(99), LIMITS.chance).p_value == 1.0


# --- luck


def test_luck_is_judged_by_the_best_cell_and_shows_the_chosen_one():
    verdict = luck_gate(0.05, 0.8, Tried(31_980, 1, 999), LIMITS.luck)

    assert verdict.passed
    assert verdict.p_value == 0.05
    assert verdict.detail == (
        "p 0.0500; 0.0500 for its best cell, 0.8000 for the chosen one, against the best of 31,980 "
        "cells in 999 draws"
    )
    assert not luck_gate(0.051, 0.0, Tried(1, 1, 999), LIMITS.luck).passed
    assert not luck_gate(math.nan, 0.0, Tried(1, 1, 999), LIMITS.luck).passed
    few = luck_gate(0.1, 0.1, Tried(1, 1, 9), LIMITS.luck)
    assert few.detail.endswith("9 draws show no p below 0.100")


def test_luck_is_charged_for_every_instrument_looked_at():
    alone, among = (luck_gate(0.01, 0.01, Tried(9, n, 999), LIMITS.luck) for n in (1, 10))

    assert alone.p_value == 0.01
    assert among.p_value == pytest.approx(1 - 0.99**10)
    assert alone.passed
    assert not among.passed
    assert "charged for 10 instruments" in among.detail
    crowd = luck_gate(0.001, 0.001, Tried(9, 60, 999), LIMITS.luck)
    assert not crowd.passed
    assert crowd.detail.endswith("999 draws show no p below 0.001")


# --- false discovery rate


def test_the_false_discovery_gate_names_draws_that_are_too_few():
    few, enough = (fdr_gate(0.001, 0.01, 100, n, LIMITS.fdr) for n in (1_998, 1_999))

    assert "1,998 draws are too few for a single one of them to be found, 1,999" in few.detail
    assert enough.detail == "p 0.0010, adjusted 0.0100 among 100 families"


def test_a_family_at_the_level_but_for_rounding_passes():
    assert fdr_gate(0.05, 0.05 * (1 + 1e-15), 10, 999, LIMITS.fdr).passed
    assert not fdr_gate(0.0, 0.0501, 10, 999, LIMITS.fdr).passed
    assert not fdr_gate(0.0, math.nan, 10, 999, LIMITS.fdr).passed


# --- deflated Sharpe ratio


def test_the_ledgers_count_deflates_more_than_this_runs_cells():
    def judge(n_ever: int, correlation: float, n_clusters: int) -> Verdict:
        return deflated_gate(
            0.1, 1_260, NORMAL, n_ever, correlation, n_clusters, LIMITS.deflated_sharpe
        )

    assert judge(100, 0.0, 100).score > judge(10_000, 0.0, 100).score
    assert judge(10_000, 0.9, 100).score > judge(10_000, 0.0, 100).score
    # The larger estimate holds: fewer clusters than trials by correlation change nothing.
    assert judge(100, 0.5, 2).score == judge(100, 0.5, 50).score > judge(100, 0.5, 90).score
    assert "with 50 independent trials of 100 ever made" in judge(100, 0.5, 2).detail


def test_one_trial_is_judged_as_a_single_one():
    verdict = deflated_gate(0.458, 24, NORMAL, 1, 0.0, 1, LIMITS.deflated_sharpe)

    assert round(verdict.score, 5) == 0.98167
    assert verdict.p_value == pytest.approx(1 - verdict.score)
    unknown = deflated_gate(math.nan, 24, NORMAL, 1, 0.0, 1, LIMITS.deflated_sharpe)
    assert not unknown.passed


# --- overfitting; size and power stand in test_walk.py, by the block sums


@pytest.mark.parametrize(
    ("pbo", "loss", "low", "passed", "words"),
    [
        (0.20, 0.15, 0.25, True, "PBO 0.20 (noise 0.25 to 0.80)"),
        (0.21, 0.15, 0.25, False, "PBO 0.21, needs at most 0.2"),
        (0.20, 0.16, 0.25, False, "loss probability 0.16, needs at most 0.15"),
        (0.20, 0.15, 0.19, False, "PBO beside its noise band 0.2, needs at most 0.19"),
        (math.nan, 0.15, 0.25, False, "PBO nan"),
        (0.20, math.nan, 0.25, False, "loss probability nan"),
    ],
)
def test_overfitting_asks_for_a_low_pbo_below_noise_and_few_losses(pbo, loss, low, passed, words):
    verdict = overfitting_gate(pbo, loss, Interval(low, 0.80), LIMITS.overfitting)

    assert verdict.passed is passed
    assert words in verdict.detail
