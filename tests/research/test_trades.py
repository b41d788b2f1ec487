"""Every strategy trades somewhere, and every zero has a reason in words."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.market import Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.research.trades import Market, standard_markets, traded
from alphamill.strategies import STRATEGIES
from alphamill.strategies.contract_markets import daily
from tests.research.grounds import ground

PAGE = Path(__file__).resolve().parents[2] / "docs" / "strategies.md"
# Enough for the rarest: a year and a half of days, seven months of quarter hours.
FEW = {"SP500 1d": 3000, "ES 15m": 12_000, "EURUSD 1d": 3000}


@pytest.fixture(scope="module")
def markets(shared) -> tuple[Market, ...]:
    return standard_markets(shared / "data" / "lean")


def test_every_strategy_trades_on_one_of_three_markets_and_every_zero_has_a_reason(markets):
    short = [replace(m, bars=m.bars.head(FEW[m.name])) for m in markets]

    for strategy in STRATEGIES:
        counts = traded(strategy, short).counts

        assert any(count.most for count in counts), strategy.name
        assert [bool(count.reason) for count in counts] == [not c.at_defaults for c in counts]


@pytest.mark.slow
def test_the_page_of_strategies_holds_the_report(markets):
    told = {}
    for strategy in STRATEGIES:
        found = traded(strategy, markets)
        told[found.number] = (found.name, *(str(count) for count in found.counts))

    assert table_of_trades() == told


def test_the_page_of_strategies_names_each_of_them_once():
    assert {number: row[0] for number, row in table_of_trades().items()} == {
        s.number: s.name for s in STRATEGIES
    }


def table_of_trades() -> dict[int, tuple[str, ...]]:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    cells = {int(n): (name, *(c.strip() for c in rest.split("|"))) for n, name, rest in rows}
    return {number: (row[0], *row[-3:]) for number, row in cells.items()}


# --- reasons -----------------------------------------------------------------------------------


def market(n_bars: int = 60) -> Market:
    what = ground(1, n_bars).instrument
    return Market("days", daily(n_bars), what, (daily(n_bars, 2), what))


def asks_at(**where) -> Strategy:
    def rule(bars, at):
        never = np.zeros(len(bars), dtype=np.bool_)
        return Signals((np.arange(len(bars)) == at).astype(np.int8), never, never)

    default, grid = where["default"], where.get("grid", ())
    space = {"at": Int(default, 0, 999, grid, "the bar")}
    return Strategy(1000, "asks", "test", "It asks.", rule, space, lambda p: 1)


@pytest.mark.parametrize(
    ("where", "said", "reason"),
    [
        ({"default": 30}, "1 / 1", ""),
        ({"default": 30, "grid": (70, 80)}, "1 / 1", ""),
        ({"default": 70, "grid": (80, 90)}, "0 / 0", "asks for no entry at any of its 2 sets"),
        (
            {"default": 70, "grid": (30, 40, 80)},
            "0 / 1",
            "asks for no entry at its defaults; 2 of its 3 sets trade",
        ),
        (
            {"default": 59, "grid": (5, 12)},
            "0 / 0",
            "asks for an entry at 1 closes at most, each on the last bar or before the range of "
            "the stop is known",
        ),
    ],
)
def test_a_zero_is_explained_by_what_was_asked(where, said, reason):
    (count,) = traded(asks_at(**where), [market()]).counts

    assert (str(count), count.reason) == (said, reason)


def test_what_cannot_be_fed_or_raises_is_not_a_zero_but_says_so():
    lacking = replace(asks_at(default=30), needs=frozenset({"intraday"}))
    raising = replace(asks_at(default=30), rule=lambda bars, at: bars.nothing)

    refused, failed = (traded(s, [market()]).counts[0] for s in (lacking, raising))

    assert (str(refused), refused.most) == ("-", None)
    assert refused.reason == "asks needs intraday bars; DAY has 1d"
    assert failed.most is None
    assert "asks: the rule raised AttributeError" in failed.reason


def test_a_rule_over_two_series_is_given_the_partner_of_its_market():
    def rule(bars, partner, at):
        assert partner.close[0] != bars.close[0]
        side = np.where(np.arange(len(bars)) < 30, 0.0, 1.0)
        return np.column_stack([side, -side])

    pair = replace(asks_at(default=30), rule=rule, others=("partner",), sides="both")

    (count,) = traded(pair, [market()]).counts

    assert str(count) == "1 / 1"
