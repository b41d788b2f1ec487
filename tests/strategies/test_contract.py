"""The contract of tests/strategies/contract.py crossed with the table."""

import pytest

from alphamill.core.strategy import Strategy
from alphamill.strategies import BY_NAME, BY_NUMBER, STRATEGIES

from . import contract
from .markets import daily, quarter_hours

DAYS, LONG_DAYS, QUARTERS = daily(400), daily(3200, seed=7), quarter_hours(420)
MARKETS = (DAYS, QUARTERS)
LONG_QUARTERS = quarter_hours(3200, seed=8)
MARKETS_AND_LONG = (*MARKETS, LONG_DAYS, LONG_QUARTERS)

# The registry gives them no exit of their own: they leave by the stack.
SHARED_EXITS_ONLY = {"OpeningRangeBreakout"}

every_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.name)
every_market = pytest.mark.parametrize("bars", MARKETS, ids=lambda b: b.symbol)


@every_strategy
@every_market
def test_a_rule_gives_one_row_a_bar_and_known_sides(strategy, bars):
    for params in contract.corners(strategy):
        assert list(contract.shapes(strategy, bars, params)) == []


@every_strategy
@pytest.mark.parametrize("n_bars", [0, 1, 2])
def test_a_rule_bears_a_series_of_hardly_a_bar(strategy, n_bars):
    for params in contract.corners(strategy):
        assert list(contract.shapes(strategy, DAYS.head(n_bars), params)) == []


@every_strategy
def test_a_rule_wants_and_leaves_every_side_it_declares(strategy):
    missing = list(contract.speaks(strategy, MARKETS_AND_LONG, strategy.params()))

    stays = ["side 1 is never left", "side -1 is never left"]
    assert missing == (stays if strategy.name in SHARED_EXITS_ONLY else [])


@every_strategy
@every_market
def test_signals_never_read_the_future_at_any_cut(strategy, bars):
    cuts = range(len(bars) + 1)

    assert list(contract.future(strategy, bars, strategy.params(), cuts)) == []


@every_strategy
@every_market
def test_signals_never_read_the_future_in_the_corners_of_the_grid(strategy, bars):
    for params in contract.corners(strategy):
        assert list(contract.future(strategy, bars, params, range(3, len(bars), 7))) == []


@every_strategy
@every_market
def test_what_comes_later_changes_nothing_that_was_said(strategy, bars):
    cuts = range(5, len(bars), 7)

    assert list(contract.disturbed_future(strategy, bars, strategy.params(), cuts)) == []


@every_strategy
def test_the_declared_warm_up_is_enough_at_many_cuts(strategy):
    for params in contract.corners(strategy):
        for bars, step in ((DAYS, 7), (QUARTERS, 7), (LONG_DAYS, 23), (LONG_QUARTERS, 29)):
            cuts = range(1, len(bars) + 1, step)
            assert list(contract.warm_up(strategy, bars, params, cuts)) == []


@every_strategy
def test_the_long_market_is_longer_than_any_warm_up_of_the_grid(strategy):
    assert max(strategy.warmup(cell) for cell in strategy.cells()) < len(LONG_DAYS) - 300


@every_strategy
@every_market
def test_what_is_unknown_never_trades(strategy, bars):
    for params in contract.corners(strategy):
        assert list(contract.silence(strategy, bars, params)) == []


@every_strategy
@every_market
def test_the_input_is_untouched_and_nothing_remembered(strategy, bars):
    for params in contract.corners(strategy):
        assert list(contract.untouched(strategy, bars, params)) == []


@every_strategy
@every_market
def test_undeclared_columns_are_not_read(strategy, bars):
    for params in contract.corners(strategy):
        assert list(contract.needs(strategy, bars, params)) == []


@every_strategy
def test_declared_needs_are_read(strategy):
    bars = LONG_QUARTERS if "intraday" in strategy.needs else LONG_DAYS

    assert list(contract.uses_needs(strategy, bars, strategy.params())) == []


@every_strategy
def test_parameters_lie_within_their_limits_and_cells_are_distinct(strategy):
    assert list(contract.parameters(strategy)) == []


@every_strategy
@every_market
def test_a_set_that_stands_for_others_says_what_they_say(strategy, bars):
    assert list(contract.equals_stand(strategy, bars)) == []


def test_names_and_numbers_are_unique_and_in_order():
    numbers = [s.number for s in STRATEGIES]

    assert numbers == sorted(set(numbers))
    assert len(BY_NAME) == len(BY_NUMBER) == len(STRATEGIES)


@every_strategy
def test_a_strategy_says_in_one_sentence_why_it_should_pay(strategy: Strategy):
    assert strategy.idea.endswith(".")
    assert strategy.idea.count(".") == 1
    assert all(param.help for param in strategy.space.values() if hasattr(param, "help"))
