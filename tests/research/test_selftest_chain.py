"""The chain's experiments: what is kept of a market says what a run would have said."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from alphamill.research import chain
from alphamill.research.chain import judge_market
from alphamill.research.selftest import experiments_chain
from alphamill.research.selftest.experiments_chain import (
    DRAWS,
    MEASURED,
    PATTERNS,
    against_chance,
    judge_alone,
    judged_by_chain,
    one_noise,
    one_planted,
    p_to_survive,
    pattern,
    survives,
)
from alphamill.research.selftest.markets import (
    PLANTED_IN,
    SYMBOL,
    ground_of,
    noise_market,
    plan_for,
    planted_market,
)
from alphamill.validation.gates import Verdict
from alphamill.validation.thresholds import DECIDES, GATES


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(experiments_chain, "DRAWS", 99)
    monkeypatch.setattr(experiments_chain, "PERMUTATIONS", 1)


def said(**verdicts):
    """Return a candidate of whom only verdicts are known, all passed but those given."""
    passed = {gate: True for gate in GATES} | {k: v for k, v in verdicts.items() if k in GATES}
    p = verdicts.get("p", 0.04)
    return SimpleNamespace(
        verdicts=[Verdict(g, ok, 0.0, 0.0, "", p_value=p) for g, ok in passed.items()]
    )


def test_bits_stand_in_the_order_of_the_gates_that_one_instrument_can_meet():
    assert [*MEASURED] == [gate for gate in GATES if gate != "multi_symbol"]
    assert pattern(said()) == 2**13 - 1
    assert pattern(said(validity=False, multi_symbol=False)) == 2**13 - 2
    assert pattern(said(holdout=False)) == 2**12 - 1


@pytest.mark.parametrize("gate", sorted(DECIDES["calibrated"]))
def test_every_gate_that_decides_must_be_passed_to_survive(gate):
    assert survives(pattern(said()), "calibrated")
    assert not survives(pattern(said(**{gate: False})), "calibrated")


def test_gates_that_inform_stop_nobody():
    informs = {gate: False for gate in set(GATES) - DECIDES["calibrated"]}

    assert survives(pattern(said(**informs)), "calibrated")
    assert not survives(pattern(said(**informs)), "seed")


def test_the_p_to_survive_is_that_of_luck_where_all_others_passed():
    assert p_to_survive(said(luck=False, p=0.3)) == 0.3
    assert p_to_survive(said(holdout=False, p=0.01)) == 1.0
    assert p_to_survive(said(p=float("nan"))) == 1.0


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_run_of_the_shipped_chain_has_the_same_survivors(number):
    market = planted_market(1.0, number)
    searched, whole = ground_of(market), ground_of(market, whole=True)
    plan = plan_for(market, draws=99)

    shipped = judge_market(plan, {SYMBOL: searched}, number, {SYMBOL: whole})
    asked = judged_by_chain(market, number, "calibrated")

    assert [c.stamp == "proven" for c in shipped] == [
        survives(pattern(c), "calibrated") for c in asked
    ]
    assert [c.params for c in shipped] == [c.params for c in asked]
    assert DRAWS == 1_000


def test_every_gate_is_asked_of_every_candidate_after_a_failure_too():
    found = judged_by_chain(noise_market("garch", 0), 0, "calibrated")

    assert len(found) == 3
    for candidate in found:
        assert tuple(v.gate for v in candidate.verdicts) == GATES
        assert {v.gate for v in candidate.verdicts if not v.asked} == {"multi_symbol"}


def test_chance_runs_the_whole_grid_again_and_finds_what_is_planted(monkeypatch):
    market = planted_market(2.0, 0)
    plan = plan_for(market, permutations=19)

    told = against_chance(plan, ground_of(market), 0)

    assert told[PLANTED_IN].p_value == pytest.approx(0.05)
    assert told[PLANTED_IN].passed
    assert told["WilliamsPercentR"].p_value > 0.1


def test_a_record_is_survivors_p_and_the_largest_patterns(monkeypatch):
    candidates = [
        replace(c, verdicts=tuple(replace(v, passed=v.gate in passed) for v in c.verdicts))
        for c, passed in zip(
            judged_by_chain(noise_market("iid", 1), 1, "calibrated"),
            (("validity",), GATES, ("basic", "chance")),
            strict=True,
        )
    ]
    monkeypatch.setattr(experiments_chain, "judged_by_chain", lambda *_: candidates)

    record = one_noise("iid", "calibrated", 1)
    planted = one_planted(1.0, "calibrated", 1)

    luck = next(v for v in candidates[1].verdicts if v.gate == "luck")
    assert record == [1, luck.p_value, 2**13 - 1]
    # Of a planted market the planted rule counts, whatever else survived there.
    assert [c.strategy_name for c in candidates][0] == PLANTED_IN
    assert planted == [0, 1.0, 0b1]


def test_a_luck_gate_that_always_says_yes_is_seen_on_noise(monkeypatch):
    honest = chain.luck_gate
    records = [one_noise("iid", "calibrated", k) for k in range(4)]
    monkeypatch.setattr(chain, "luck_gate", lambda *given: replace(honest(*given), passed=True))
    fooled = [one_noise("iid", "calibrated", k) for k in range(4)]

    assert judge_alone(records, False).passed
    assert not judge_alone(fooled, False).passed
    assert "some candidate of a market passes validity 100%" in judge_alone(records, False).told
    assert all(int(p) >> MEASURED.index("luck") & 1 for r in fooled for p in r[PATTERNS:])
