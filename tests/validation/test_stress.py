import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.validation.stress import Stressed, stress_gate
from alphamill.validation.thresholds import StressThresholds

LIMITS = StressThresholds()


def rows(charged: float, twice: float, thrice: float, tick: float) -> list[Stressed]:
    names = ("as charged", "costs x2", "costs x3", "one more tick")
    ratios = (charged, twice, thrice, tick)
    return [Stressed(name, ratio, 1.0) for name, ratio in zip(names, ratios, strict=True)]


def test_a_ratio_above_nought_at_twice_the_costs_passes_and_all_are_shown():
    verdict = stress_gate(rows(1.0, 0.01, -1.0, -2.0), LIMITS)

    assert verdict.passed
    assert (verdict.score, verdict.threshold) == (0.01, 0.0)
    assert verdict.detail == ("as charged 1.00, costs x2 0.01, costs x3 -1.00, one more tick -2.00")


@pytest.mark.parametrize("twice", [0.0, -0.01, math.nan])
def test_nothing_left_at_twice_the_costs_fails(twice):
    verdict = stress_gate(rows(1.0, twice, 1.0, 1.0), LIMITS)

    assert not verdict.passed
    assert verdict.detail.startswith("Sharpe at costs x2 ")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (StressThresholds(min_sharpe_x3=0.0), "Sharpe at costs x3 -1, needs above 0"),
        (StressThresholds(min_sharpe_tick=0.0), "Sharpe at one more tick -2, needs above 0"),
    ],
)
def test_the_user_may_ask_for_more(limits, words):
    verdict = stress_gate(rows(1.0, 0.5, -1.0, -2.0), limits)

    assert not verdict.passed
    assert words in verdict.detail


def test_a_row_that_is_missing_fails_only_where_it_is_asked():
    two = rows(1.0, 0.5, 0.2, 0.2)[:2]

    assert stress_gate(two, LIMITS).passed
    assert not stress_gate(two, StressThresholds(min_sharpe_tick=0.0)).passed
    assert not stress_gate(two[:1], LIMITS).passed


def test_a_row_of_another_name_is_refused():
    with pytest.raises(DataError, match="received 'costs x4'"):
        stress_gate([Stressed("costs x4", 1.0, 1.0)], LIMITS)


def stressed(seed: int, gross: float, drag: float):
    """Return the verdict on ten years of noise with gross ratio and yearly cost drag given."""
    noise = np.random.default_rng(seed).standard_normal(2_520)
    ratios = []
    for times in (1, 2, 3):
        pnl = noise + (gross - times * drag) / math.sqrt(252)
        ratios.append(float(sharpe_from_sums(pnl.sum(), pnl @ pnl, pnl.size, 252.0)))
    return stress_gate(rows(*ratios, ratios[0]), LIMITS)


def stress_rate(gross: float, drag: float) -> float:
    return float(np.mean([stressed(seed, gross, drag).passed for seed in range(300)]))


def test_noise_passes_as_often_as_it_outruns_twice_its_costs():
    # Free noise is above 0 half the time; the standard error of ten years is 0.32, so a drag of
    # 0.3 a year must be outrun by 1.9 of them.
    assert 0.42 <= stress_rate(0.0, 0.0) <= 0.58
    assert stress_rate(0.0, 0.3) <= 0.05


def test_an_edge_with_room_for_its_costs_passes_and_a_thin_one_fails():
    assert stress_rate(1.8, 0.3) >= 0.95
    assert stress_rate(1.5, 1.2) <= 0.05


def test_the_score_changes_with_the_draw():
    assert stressed(1, 0.0, 0.1).score != stressed(2, 0.0, 0.1).score
