"""Each gate replaced by one that always passes makes its own tests fail, noise tests among them.

A gate that nothing notices when it is gone guards nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from alphamill.validation.gates import Verdict
from alphamill.validation.thresholds import GATES
from alphamill.validation.walk import WalkForward
from tests.validation import (
    test_consistency,
    test_gate_rates,
    test_gates,
    test_holdout,
    test_plateau,
    test_regime,
    test_stress,
    test_walk,
)

# The gate, where its tests are, its function, and one of them as it is called.
CASES: dict[str, tuple[ModuleType, str, Callable[[ModuleType], Any]]] = {
    "validity": (
        test_gates,
        "validity_gate",
        lambda tests: tests.test_what_is_not_valid_is_named(0.0, True, 0.0, ""),
    ),
    "basic": (
        test_gate_rates,
        "basic",
        lambda tests: (
            tests.test_a_twentieth_of_noise_passes_the_seeds_basic_gate_and_all_of_it_the_calibrated()
        ),
    ),
    "walk_forward": (
        test_walk,
        "walk_forward_gate",
        lambda tests: (
            tests.test_half_of_all_noise_passes_the_calibrated_walk_forward_and_nearly_every_edge()
        ),
    ),
    "regime": (
        test_regime,
        "regime_gate",
        lambda tests: tests.test_a_seventh_of_noise_passes_the_regime_gate(),
    ),
    "plateau": (test_plateau, "plateau_gate", lambda tests: tests.test_a_planted_spike_fails()),
    "chance": (
        test_gate_rates,
        "chance_gate",
        lambda tests: tests.test_five_in_a_hundred_noise_grids_pass_the_chance_gate(),
    ),
    "drawdown": (
        test_gate_rates,
        "drawdown_gate",
        lambda tests: tests.test_a_kind_order_fails_the_drawdown_gate(),
    ),
    "luck": (
        test_gate_rates,
        "luck_gate",
        lambda tests: tests.test_at_most_one_in_twenty_noise_sweeps_passes_the_luck_gate(),
    ),
    "fdr": (
        test_gate_rates,
        "fdr_gate",
        lambda tests: tests.test_at_most_one_in_twenty_sets_of_noise_families_has_a_discovery(),
    ),
    "deflated_sharpe": (
        test_gate_rates,
        "deflated_gate",
        lambda tests: tests.test_hardly_any_noise_passes_the_deflated_sharpe_gate(),
    ),
    "overfitting": (
        test_walk,
        "overfitting_gate",
        lambda tests: (
            tests.test_hardly_any_noise_passes_the_overfitting_gate_also_where_costs_bring_pbo_to_nought()
        ),
    ),
    "cost_stress": (
        test_stress,
        "stress_gate",
        lambda tests: tests.test_noise_passes_as_often_as_it_outruns_twice_its_costs(),
    ),
    "multi_symbol": (
        test_consistency,
        "multi_symbol_gate",
        lambda tests: (
            tests.test_noise_passes_rarely_and_more_often_where_instruments_move_together()
        ),
    ),
    "holdout": (
        test_holdout,
        "holdout_gate",
        lambda tests: tests.test_the_kth_look_passes_noise_at_a_half_over_k(1),
    ),
}


def test_every_gate_is_tried():
    assert tuple(CASES) == GATES


@pytest.mark.parametrize("gate", CASES)
def test_a_gate_that_always_passes_is_noticed(gate, monkeypatch):
    tests, name, own_test = CASES[gate]
    honest = getattr(tests, name)

    def always(*args, **given):
        return passed(honest(*args, **given))

    own_test(tests)  # as it is, nothing is wrong
    monkeypatch.setattr(tests, name, always)

    with pytest.raises(AssertionError):
        own_test(tests)


def passed(said):
    if isinstance(said, WalkForward):
        return replace(said, verdict=passed(said.verdict))
    assert isinstance(said, Verdict)
    return replace(said, passed=True)
