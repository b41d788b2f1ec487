import math

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.consistency import multi_symbol_gate
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.validation.thresholds import MultiSymbolThresholds

LIMITS = MultiSymbolThresholds()
INDICES = ("ES", "NQ", "YM", "RTY")
GOOD = {"ES": 0.3, "NQ": 0.3, "YM": 1.6, "RTY": -0.2}
SHALLOW = dict.fromkeys(INDICES, 0.30)


def test_a_strategy_exactly_on_all_limits_passes():
    verdict = multi_symbol_gate(GOOD, SHALLOW, LIMITS)

    assert verdict.passed
    assert (verdict.score, verdict.threshold) == (0.75, 0.75)
    assert verdict.detail == "ES 0.30, NQ 0.30, YM 1.60, RTY -0.20"


@pytest.mark.parametrize(
    ("sharpes", "drawdowns", "words"),
    [
        ({"NQ": 0.29, "YM": 9.0}, {}, "share with a Sharpe of 0.3 0.5, needs at least 0.75"),
        ({"YM": 1.59}, {}, "mean Sharpe 0.4975, needs at least 0.5"),
        ({"RTY": -0.21, "YM": 9.0}, {}, "Sharpe on RTY -0.21, needs at least -0.2"),
        ({}, {"NQ": 0.31}, "drawdown on NQ 0.31, needs at most 0.3"),
        ({"ES": math.nan}, {}, "Sharpe on ES nan"),
        ({}, {"YM": math.nan}, "drawdown on YM nan"),
    ],
)
def test_each_condition_alone_fails_and_is_named(sharpes, drawdowns, words):
    verdict = multi_symbol_gate(GOOD | sharpes, SHALLOW | drawdowns, LIMITS)

    assert not verdict.passed
    assert words in verdict.detail


@pytest.mark.parametrize(
    ("correlations", "words"),
    [
        ({"IBS": 0.7, "Donchian": 0.3}, ""),
        ({"IBS": 0.71, "Donchian": 0.1}, "correlation with IBS 0.71, needs at most 0.7"),
        ({"IBS": 0.6, "Donchian": 0.5}, "mean correlation 0.55, needs at most 0.5"),
        ({"IBS": math.nan, "Donchian": 0.9}, "correlation with IBS nan"),
    ],
)
def test_what_is_held_already_is_asked_for_where_given(correlations, words):
    verdict = multi_symbol_gate(GOOD, SHALLOW, LIMITS, correlations)

    assert verdict.passed is (words == "")
    assert words in verdict.detail


def test_of_two_instruments_both_must_earn():
    alike = dict.fromkeys(("A", "B"), 0.1)

    assert multi_symbol_gate({"A": 0.9, "B": 0.3}, alike, LIMITS).passed
    assert not multi_symbol_gate({"A": 0.9, "B": 0.29}, alike, LIMITS).passed


def test_one_instrument_is_no_consistency_and_is_not_asked():
    verdict = multi_symbol_gate({"A": 3.0}, {"A": 0.1}, LIMITS)

    assert (verdict.passed, verdict.asked) == (False, False)
    assert verdict.detail == "the strategy ran on 1 instruments, needs 2"


def test_drawdowns_of_other_instruments_are_refused():
    with pytest.raises(DataError, match="of the same instruments"):
        multi_symbol_gate(GOOD, {"ES": 0.1}, LIMITS)


def judged(seed: int, edge: float, correlation: float):
    """Return the verdict on ten years of four instruments that move together."""
    rng = np.random.default_rng(seed)
    common, own = rng.standard_normal((1, 2_520)), rng.standard_normal((4, 2_520))
    pnl = correlation**0.5 * common + (1 - correlation) ** 0.5 * own + edge / math.sqrt(252)
    ratio = sharpe_from_sums(pnl.sum(axis=1), (pnl**2).sum(axis=1), 2_520, 252.0)
    named = dict(zip(INDICES, ratio.tolist(), strict=True))
    return multi_symbol_gate(named, dict.fromkeys(INDICES, 0.1), LIMITS)


def rate(edge: float, correlation: float, n: int = 200) -> float:
    return float(np.mean([judged(seed, edge, correlation).passed for seed in range(n)]))


def test_noise_passes_rarely_and_more_often_where_instruments_move_together():
    apart, together = rate(0.0, 0.0, 400), rate(0.0, 0.9, 400)

    assert apart <= 0.01
    assert apart < together <= 0.08


def test_an_edge_on_all_instruments_passes():
    assert rate(1.5, 0.5) >= 0.95


def test_the_score_changes_with_the_draw():
    assert len({judged(seed, 0.3, 0.0).score for seed in range(6)}) > 1
