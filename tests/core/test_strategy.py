"""A strategy spans its cells, says what it cannot be fed, and keeps shorts to those who ask."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import DataError, GateError, SettingsError
from alphamill.core.market import Signals
from alphamill.core.params import Bool, Int
from alphamill.core.strategy import Strategy
from alphamill.strategies.contract_markets import daily, quarter_hours

SPACE = {"length": Int(3, 2, 9, grid=(2, 3, 4)), "filtered": Bool(False, grid=(False, True))}


def sways(bars, length, filtered):
    """Say long, short and nothing in turn."""
    enter = (np.arange(len(bars)) % 3 - 1).astype(np.int8)
    leave = np.arange(len(bars)) % length == 0
    return Signals(enter, leave, ~leave, floor=bars.low - 1.0)


def idea(**given) -> Strategy:
    return Strategy(
        **{
            "number": 99,
            "name": "Sways",
            "archetype": "test",
            "idea": "What swung swings back.",
            "rule": sways,
            "space": SPACE,
            "warmup": lambda params: params["length"],
            **given,
        }
    )


def test_cells_are_the_grid_where_nothing_is_said():
    cells = list(idea().cells())

    assert len(cells) == 6
    assert cells[:2] == [{"length": 2, "filtered": False}, {"length": 2, "filtered": True}]


def test_equal_sets_are_one_cell_in_the_place_of_the_first():
    # Unfiltered, the length changes nothing: 3 of the 6 sets are one.
    def canonical(params):
        return {**params, "length": 3} if not params["filtered"] else params

    cells = list(idea(canonical=canonical).cells())

    assert cells == [
        {"length": 3, "filtered": False},
        {"length": 2, "filtered": True},
        {"length": 3, "filtered": True},
        {"length": 4, "filtered": True},
    ]


def test_impossible_sets_are_no_cells():
    cells = list(idea(canonical=lambda p: None if p["length"] == 3 else p).cells())

    assert [c["length"] for c in cells] == [2, 2, 4, 4]


def test_changing_a_cell_does_not_change_the_next_walk():
    swing = idea(canonical=lambda p: FIXED)

    next(swing.cells())["length"] = 9

    assert FIXED["length"] == 2


FIXED = {"length": 2, "filtered": False}


def test_params_are_checked_in_the_strategys_name():
    assert idea().params({"length": 4}) == {"length": 4, "filtered": False}
    assert idea().params() == {"length": 3, "filtered": False}
    with pytest.raises(SettingsError, match=r"Sways\.length must lie in \[2, 9\], received 10"):
        idea().params({"length": 10})


DAYS, QUARTERS = daily(40), quarter_hours(60)
LACKING = [
    (
        {"ohlc"},
        replace(DAYS, closes_only=True),
        "Sways needs open, high and low; DAY has closes only",
    ),
    (
        {"volume"},
        replace(DAYS, volume=np.full(40, np.nan)),
        "Sways needs volume; DAY has none",
    ),
    ({"intraday"}, DAYS, "Sways needs intraday bars; DAY has 1d"),
]


@pytest.mark.parametrize(("needs", "bars", "why"), LACKING, ids=[why for *_, why in LACKING])
def test_what_is_lacking_is_said_and_refused(needs, bars, why):
    hungry = idea(needs=frozenset(needs))

    assert hungry.lacks(bars) == why
    with pytest.raises(DataError) as caught:
        hungry.signals(bars, hungry.params())
    assert str(caught.value) == f"{why}. Choose another strategy or another series."
    assert idea().lacks(bars) is None


@pytest.mark.parametrize(
    ("need", "bars"), [("ohlc", DAYS), ("volume", DAYS), ("intraday", QUARTERS)]
)
def test_what_is_there_is_not_lacking(need, bars):
    assert idea(needs=frozenset({need})).lacks(bars) is None


def test_a_few_bars_of_unknown_volume_are_not_a_lack():
    volume = DAYS.volume.copy()
    volume[:5] = np.nan

    assert idea(needs=frozenset({"volume"})).lacks(replace(DAYS, volume=volume)) is None


def test_shorts_are_masked_and_everything_else_stays():
    free = sways(DAYS, 3, False)

    said = idea().signals(DAYS, idea().params())

    assert set(free.enter.tolist()) == {-1, 0, 1}
    assert said.enter.tolist() == np.where(free.enter == 1, 1, 0).tolist()
    assert said.enter.dtype == np.int8
    for name in ("leave_long", "leave_short", "floor"):
        np.testing.assert_array_equal(getattr(said, name), getattr(free, name))
    assert said.ceiling is None


def test_both_sides_are_kept_where_asked():
    said = idea().signals(DAYS, idea().params(), "both")

    assert said.enter.tolist() == sways(DAYS, 3, False).enter.tolist()


def test_masking_does_not_write_into_the_rules_own_array():
    enter = np.full(40, -1, dtype=np.int8)
    none = np.zeros(40, dtype=np.bool_)

    idea(rule=lambda bars, **_: Signals(enter, none, none)).signals(DAYS, {})

    assert set(enter.tolist()) == {-1}


@pytest.mark.parametrize("name", Signals._fields)
def test_a_column_of_another_shape_is_refused_by_name(name):
    def wrong(bars, **params):
        return sways(bars, **params)._replace(**{name: np.zeros(39)})

    with pytest.raises(DataError) as caught:
        idea(rule=wrong).signals(DAYS, idea().params())

    assert str(caught.value) == (
        f"Sways: {name} must have one row a bar (40), received (39,). Mend the rule."
    )


# --- rules over several series -----------------------------------------------------------------


def pair(**given):
    def rule(bars, partner, length, filtered):
        side = np.where(partner.close[: len(bars)] > bars.close, 1.0, -1.0)
        return np.column_stack([side, -side])

    return idea(**{"rule": rule, "others": ("partner",), **given})


PARTNER = daily(40, 2)


def test_a_rule_over_two_series_says_its_exposure_to_each():
    wanted = pair().targets(DAYS, [PARTNER], pair().params(), "both")

    cheap = PARTNER.close > DAYS.close
    assert wanted[cheap].tolist() == [[1.0, -1.0]] * cheap.sum()
    assert wanted[~cheap].tolist() == [[-1.0, 1.0]] * (~cheap).sum()
    assert 0 < cheap.sum() < 40


def test_a_wish_to_be_short_is_a_wish_to_be_flat_unless_both_sides_are_asked():
    wanted = pair().targets(DAYS, [PARTNER], pair().params())

    cheap = PARTNER.close > DAYS.close
    assert wanted[cheap].tolist() == [[1.0, -1.0]] * cheap.sum()
    assert wanted[~cheap].tolist() == [[0.0, 0.0]] * (~cheap).sum()


def test_nothing_said_stays_nothing():
    silent = pair(rule=lambda bars, partner, **p: np.full((len(bars), 2), np.nan))

    assert np.isnan(silent.targets(DAYS, [PARTNER], silent.params())).all()


def test_a_missing_partner_is_said_and_refused():
    why = "Sways reads a partner beside DAY, and none is given"

    assert pair().lacks(DAYS) == why
    assert pair().lacks(DAYS, [PARTNER]) is None
    with pytest.raises(DataError, match=f"{why}. Choose another strategy or another series"):
        pair().signals(DAYS, pair().params())


def test_a_partner_must_have_what_the_rule_needs():
    closes = replace(PARTNER, symbol="PAR", closes_only=True)

    why = pair(needs=frozenset({"ohlc"})).lacks(DAYS, [closes])

    assert why == "Sways needs open, high and low; PAR has closes only"


@pytest.mark.parametrize(
    ("returned", "given"), [(np.zeros((40, 3)), r"\(40, 3\)"), (np.zeros(40), r"\(40,\)")]
)
def test_targets_have_a_row_a_bar_and_a_column_a_series(returned, given):
    wrong = pair(rule=lambda bars, partner, **p: returned)

    with pytest.raises(DataError, match=rf"one column a series \(40, 2\), received {given}. Mend"):
        wrong.targets(DAYS, [PARTNER], wrong.params())


def test_a_rule_that_forgets_to_return_is_told_so():
    with pytest.raises(DataError, match="Sways: a rule must return Signals, received NoneType"):
        idea(rule=lambda bars, **p: None).signals(DAYS, idea().params())


# --- rules that raise --------------------------------------------------------------------------


def stumbles(bars, length, filtered):
    return divided(length)


def divided(length):
    return length / 0  # the line an author has to find


def test_a_rule_that_raises_is_named_with_its_line():
    line = next(k for k, text in enumerate(SOURCE, 1) if text.startswith("    return length / 0"))

    with pytest.raises(GateError) as caught:
        idea(rule=stumbles).signals(DAYS, idea().params())

    assert str(caught.value) == (
        "Sways: the rule raised ZeroDivisionError: division by zero "
        f"(test_strategy.py line {line}). Mend the rule."
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


SOURCE = Path(__file__).read_text().splitlines()


def test_a_rule_that_cannot_be_called_is_named_without_a_line():
    with pytest.raises(GateError, match=r"raised TypeError: .*'length'\. Mend the rule"):
        idea(rule=lambda bars: None).signals(DAYS, idea().params())


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_what_is_not_the_rules_fault_passes_through(error):
    def hungry(bars, **params):
        raise error

    with pytest.raises(error):
        idea(rule=hungry).signals(DAYS, idea().params())


def test_declared_points_count_what_the_cells_leave_out():
    half = idea(canonical=lambda p: p if p["filtered"] else None)

    assert half.n_declared == 6
    assert len(list(half.cells())) == 3
    assert idea(space={"length": Int(3, 2, 9)}).n_declared == 1
