"""Every criterion just met and just missed, the three answers, and what is said of too little."""

import math
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.learning.criteria import (
    DROP,
    TRADE_THE_RULE,
    USE_ML,
    Limits,
    MetaVerdict,
    judged,
    limits_with,
    table,
)
from alphamill.learning.uplift import Figures, Uplift

YEARS = (2022, 2023, 2024)


def figures(
    sharpe: float = 2.5,
    n_trades: int = 150,
    profits: dict[int, float] | None = None,
    days: int = 70,
) -> Figures:
    """Return figures whose years have ``days`` sessions each."""
    profits = profits or dict.fromkeys(YEARS, 1_000.0)
    sessions = np.array([y * 10_000 + 101 + d for y in profits for d in range(days)])
    daily = np.repeat([p / days for p in profits.values()], days)
    total = sum(profits.values())
    return Figures(n_trades, 0.6, total, sharpe, 1.5, 100.0, profits, daily, sessions)


def of(filtered: Figures, baseline: Figures | None = None, p=0.01, cpcv=0.2, **limits):
    """Return the verdict; without more said every criterion is met."""
    alone = baseline or figures(sharpe=1.2, n_trades=400)
    return judged(Uplift(alone, filtered), p, cpcv, Limits(**limits))


def missed(verdict: MetaVerdict) -> list[str]:
    return [c.name for c in verdict.missed]


def told(verdict: MetaVerdict, name: str) -> str:
    return next(c.told for c in verdict.criteria if c.name == name)


def test_a_model_that_meets_every_criterion_is_used():
    verdict = of(figures())

    assert (verdict.answer, verdict.enhanced, missed(verdict)) == (USE_ML, True, [])
    assert verdict.told == (
        "Trade it with the model: from 2022-01-01 to 2024-01-70 the rule alone made 3,000 in 400 "
        "trades (Sharpe 1.20), with the model 3,000 in 150 trades (Sharpe 2.50). All 7 criteria "
        "are met."
    )


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("Sharpe", of(figures(sharpe=1.99), figures(sharpe=1.0))),
        ("improvement", of(figures(sharpe=2.5), figures(sharpe=1.7))),
        ("trades", of(figures(n_trades=99))),
        ("every year", of(figures(profits={2022: 900.0, 2023: 0.0, 2024: 800.0}))),
        ("no single year", of(figures(profits={2022: 610.0, 2023: 200.0, 2024: 190.0}))),
        ("permutation", of(figures(), p=0.0501)),
        ("cross-validation", of(figures(), cpcv=0.0)),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_each_criterion_alone_can_refuse_a_model(name: str, verdict: MetaVerdict):
    assert missed(verdict) == [name]
    assert verdict.answer == TRADE_THE_RULE
    assert f"6 of 7 criteria are met, not: {name}." in verdict.told


@pytest.mark.parametrize(
    "verdict",
    [
        of(figures(sharpe=2.0), figures(sharpe=1.0)),
        of(figures(sharpe=3.0), figures(sharpe=2.0)),
        of(figures(n_trades=100)),
        of(figures(profits={2022: 600.0, 2023: 200.0, 2024: 200.0})),
        of(figures(), p=0.05),
    ],
)
def test_what_lies_on_its_threshold_is_met(verdict: MetaVerdict):
    assert missed(verdict) == []


def test_what_is_not_known_is_not_met():
    verdict = of(figures(), p=math.nan, cpcv=math.nan)

    assert missed(verdict) == ["permutation", "cross-validation"]
    assert told(verdict, "permutation") == "not known; needs at most 0.05"


@pytest.mark.parametrize("alone", [0.0, -0.7])
def test_beside_a_rule_that_lost_the_sharpe_ratio_itself_is_enough(alone: float):
    losing = figures(sharpe=alone, profits=dict.fromkeys(YEARS, -50.0))

    met, not_met = of(figures(sharpe=2.0), losing), of(figures(sharpe=1.9), losing)

    assert (met.answer, not_met.answer) == (USE_ML, DROP)
    assert missed(not_met) == ["Sharpe", "improvement"]
    assert "reaches the 2 that is enough then" in told(met, "improvement")
    assert math.isnan(next(c.value for c in met.criteria if c.name == "improvement"))


@pytest.mark.parametrize(
    ("profit", "sharpe", "answer"),
    [(500.0, 0.4, TRADE_THE_RULE), (-500.0, 0.1, DROP), (500.0, 0.0, DROP), (0.0, 0.0, DROP)],
)
def test_without_a_model_the_rule_is_traded_only_where_it_earned(profit, sharpe, answer):
    alone = figures(sharpe=sharpe, profits={2022: profit})

    assert of(figures(n_trades=5), alone).answer == answer


# --- years -------------------------------------------------------------------------------------


def test_a_window_of_one_year_is_not_asked_whether_one_year_made_it_all():
    verdict = of(figures(profits={2022: 1_000.0}))

    assert verdict.answer == USE_ML
    assert [c.name for c in verdict.criteria if not c.asked] == ["no single year"]
    assert told(verdict, "no single year").startswith("not asked; fewer than two years count")
    assert "All 6 criteria are met" in verdict.told


@pytest.mark.parametrize(("larger", "answer"), [(600.0, USE_ML), (601.0, TRADE_THE_RULE)])
def test_two_years_part_the_profit_no_more_unevenly_than_sixty_to_forty(larger, answer):
    assert of(figures(profits={2022: larger, 2023: 1_000.0 - larger})).answer == answer


@pytest.mark.parametrize(("days", "answer"), [(60, TRADE_THE_RULE), (59, USE_ML)])
def test_a_losing_part_of_a_year_counts_from_sixty_sessions(days: int, answer: str):
    whole, part = figures(profits={2022: 500.0}), figures(profits={2023: -20.0}, days=days)
    both = replace(
        whole,
        pnl_by_year={**whole.pnl_by_year, **part.pnl_by_year},
        net_profit=480.0,
        sessions=np.concatenate([whole.sessions, part.sessions]),
    )

    verdict = of(both)

    assert verdict.answer == answer
    assert ("2023 (59 sessions)" in told(verdict, "every year")) == (answer == USE_ML)


def test_a_year_too_short_to_count_may_still_not_have_made_it_all():
    long, short = figures(profits={2022: 50.0, 2023: 50.0}), figures(profits={2024: 900.0}, days=9)
    both = replace(
        long,
        pnl_by_year={**long.pnl_by_year, **short.pnl_by_year},
        net_profit=1_000.0,
        sessions=np.concatenate([long.sessions, short.sessions]),
    )

    verdict = of(both)

    assert missed(verdict) == ["no single year"]
    assert told(verdict, "no single year") == "2024 made 90% of the profit; needs at most 0.6"


def test_a_window_without_a_year_that_counts_meets_no_criterion_of_years():
    assert missed(of(figures(days=20))) == ["every year"]


def test_a_loss_is_shared_by_nobody():
    assert missed(of(figures(profits={2022: 100.0, 2023: -300.0}))) == [
        "every year",
        "no single year",
    ]


# --- too little --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (29, "Fewer than 30 trades with the model say nothing, neither for it nor against."),
        (0, "The model let no trade through."),
    ],
)
def test_too_few_trades_to_say_anything_are_called_that(n: int, words: str):
    verdict = of(figures(n_trades=n))

    assert words in verdict.told
    assert "say nothing, neither for the model nor against" in told(verdict, "trades")
    assert "say nothing" not in of(figures(n_trades=30)).told


def test_a_rule_of_few_trades_is_not_praised_either():
    verdict = of(figures(n_trades=4), figures(sharpe=1.0, n_trades=12))

    assert verdict.answer == TRADE_THE_RULE
    assert verdict.told.endswith("Nor do fewer than 30 trades say much of the rule.")


# --- the table ---------------------------------------------------------------------------------


def test_the_table_holds_the_documents_thresholds_and_ours():
    assert [(r.name, r.bound, r.threshold, r.asker) for r in table()] == [
        ("Sharpe", "at least", 2.0, "seeds"),
        ("improvement", "at least", 1.5, "seeds"),
        ("trades", "at least", 100.0, "seeds"),
        ("every year", "above", 0.0, "seeds"),
        ("no single year", "at most", 0.6, "seeds"),
        ("permutation", "at most", 0.05, "ours"),
        ("cross-validation", "above", 0.0, "ours"),
    ]
    assert all(r.question for r in table())


def test_thresholds_can_be_replaced_and_taken_away():
    strict, loose = limits_with({"min_sharpe": 3.0}), limits_with({"min_trades": -math.inf})

    assert [r.threshold for r in table(strict)][:2] == [3.0, 1.5]
    verdict = judged(Uplift(figures(sharpe=1.0), figures(n_trades=3)), 0.01, 0.1, loose)
    assert verdict.enhanced
    assert told(verdict, "trades").startswith("not asked; 3 trades")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"min_sharp": 1.0}, "received 'min_sharp'; did you mean min_sharpe?"),
        ({"min_sharpe": math.nan}, "min_sharpe must be a number, received nan"),
        ({"min_sharpe": True}, "min_sharpe must be a number, received True"),
    ],
)
def test_a_threshold_that_is_none_is_refused(given, words: str):
    with pytest.raises(SettingsError) as refused:
        limits_with(given)

    assert words in str(refused.value)
