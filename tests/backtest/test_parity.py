"""A thousand random markets: every way to run a cell gives the twin's trades and equity."""

from collections import Counter
from itertools import product
from typing import Any

import pytest

from alphamill.backtest.exits import EXITS, UNITS
from alphamill.backtest.state import REASONS

from .markets import random_market
from .ways import WAYS, Answer, by_twin

N_MARKETS = 1_000
BLOCK = 100


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", range(0, N_MARKETS, BLOCK))
def test_random_markets_run_as_in_the_twin(first: int, way: str) -> None:
    parted = {}
    for seed in range(first, first + BLOCK):
        market = random_market(seed)
        difference = first_difference(by_twin(market), WAYS[way](market))
        if difference:
            parted[seed] = difference

    assert parted == {}


def test_random_markets_exercise_the_whole_timeline() -> None:
    seen: Counter[Any] = Counter()
    for seed in range(0, N_MARKETS, 4):
        market = random_market(seed)
        for trade in by_twin(market)[0]:
            seen.update([trade["reason"], trade["side"], market.bars.adjusted])
            seen.update((e, away.unit) for e in EXITS if (away := market.stack.distance(e)))
            seen["ambiguous"] += trade["ambiguous"]
            seen["in the entry bar"] += trade["entry_bar"] == trade["exit_bar"]
            seen["closes only"] += market.bars.closes_only
            seen["touch"] += market.levels == "touch"
            seen["waited"] += trade["entry_bar"] > trade["decided"] + 1

    assert all(seen[reason] >= 20 for reason in set(REASONS) - {"none"}), seen
    things = (1, -1, "ambiguous", "in the entry bar", "closes only", "touch", "waited")
    things += ("add", "ratio", *product(EXITS, UNITS))
    assert all(seen[thing] >= 20 for thing in things), seen


def test_no_fill_lies_outside_its_bar() -> None:
    outside = []
    for seed in range(N_MARKETS):
        market = random_market(seed)
        if market.bars.closes_only:
            continue
        for trade in by_twin(market)[0]:
            bar = trade["exit_bar"]
            slip = trade["slippage"] / (market.instrument.point_value * trade["units"])
            lowest, highest = market.bars.low[bar] - slip, market.bars.high[bar] + slip
            if not lowest - 1e-9 <= trade["exit_price"] <= highest + 1e-9:
                outside.append((seed, trade))

    assert outside == []


@pytest.mark.parametrize(
    ("field", "value"), [("exit_bar", 9), ("reason", "time"), ("pnl", 1.0 + 2e-9)]
)
def test_difference_names_the_field_that_parts(field: str, value: Any) -> None:
    trade = {"exit_bar": 8, "reason": "rule", "pnl": 1.0}

    found = first_difference(([trade], [0.0]), ([trade | {field: value}], [0.0]))

    assert field in found


def test_difference_sees_missing_trades_and_equity() -> None:
    assert "1 trades, not 0" in first_difference(([{"side": 1}], []), ([], []))
    assert "equity[1]" in first_difference(([], [0.0, 1.0]), ([], [0.0, 1.0 + 2e-9]))


def first_difference(expected: Answer, given: Answer) -> str:
    """Return where two answers part, or an empty text."""
    for i, (ours, theirs) in enumerate(zip(expected[0], given[0], strict=False)):
        unequal = [name for name, value in ours.items() if not _equal(value, theirs[name])]
        if unequal:
            return f"trade {i}: {[(n, ours[n], theirs[n]) for n in unequal]} in {ours}"
    if len(expected[0]) != len(given[0]):
        return f"{len(expected[0])} trades, not {len(given[0])}"
    for j, (ours_at, theirs_at) in enumerate(zip(expected[1], given[1], strict=True)):
        if not _equal(ours_at, theirs_at):
            return f"equity[{j}]: {ours_at} and {theirs_at}"
    return ""


def _equal(a: Any, b: Any) -> bool:
    return abs(a - b) <= 1e-9 if isinstance(a, float) else bool(a == b)
