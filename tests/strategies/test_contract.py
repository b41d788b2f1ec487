"""Every strategy of the table keeps every promise of the contract."""

import pytest

from alphamill.strategies import BY_NAME, BY_NUMBER, STRATEGIES
from alphamill.strategies.contract import CHECKS, answers
from alphamill.strategies.contract_markets import short_markets
from alphamill.strategies.contract_said import blinded

# Advice that is not followed, on purpose.
MEANT = {
    # The registry gives it no exit of its own: it leaves by the stack.
    ("OpeningRangeBreakout", "it leaves every side it declares"),
    # It remembers sessions, which may have 1,440 bars each; its own test tries shorter ones.
    ("DailyTrendPullback", "its warm-up is short enough to be tried"),
}

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.name)


@every_strategy
def test_a_strategy_keeps_every_promise(strategy):
    found = {(strategy.name, a.check.promise): a.said for a in answers(strategy)}

    assert len(found) == len(CHECKS)
    assert {key: said for key, said in found.items() if said and key not in MEANT} == {}


@pytest.mark.parametrize(("name", "promise"), sorted(MEANT))
def test_an_exception_is_still_one(name, promise):
    assert any(a.said for a in answers(BY_NAME[name]) if a.check.promise == promise)


@every_strategy
def test_a_rule_asks_indicators_or_reads_several_series(strategy):
    # Else the check of silence would prove nothing.
    with blinded(strategy) as asked:
        strategy.rule(*short_markets()[: 1 + len(strategy.others)], **strategy.params())

    assert asked or strategy.others


def test_names_and_numbers_are_unique_and_in_order():
    numbers = [s.number for s in STRATEGIES]

    assert numbers == sorted(set(numbers))
    assert len(BY_NAME) == len(BY_NUMBER) == len(STRATEGIES)
