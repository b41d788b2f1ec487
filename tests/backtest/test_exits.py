"""The exit stack: what it refuses, how it is written down, and the specification's grid of 20."""

from dataclasses import replace

import pytest

from alphamill.backtest.exits import EXITS, UNITS, Distance, ExitStack, exit_grid
from alphamill.core.errors import SettingsError

NAN, INF = float("nan"), float("inf")
NOTHING = ExitStack(None, None, None)
IN_RANGES = tuple(f"{exit_}_atr" for exit_ in EXITS)
DISTANCES = tuple(f"{exit_}_{unit}" for exit_ in EXITS for unit in UNITS)
MIXED = replace(NOTHING, stop_loss_pct=2.0, take_profit_points=15.0, trail_atr=3.0)
FULL = ExitStack(1.5, 3.0, 8, session_exit=True, trail_atr=2.5, break_even_atr=0.5, atr_length=20)


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("value", [0.0, -1.0, NAN, INF])
def test_a_distance_that_is_none_is_written_as_null(name, value):
    with pytest.raises(SettingsError) as caught:
        replace(NOTHING, **{name: value})

    assert str(caught.value) == f"exits.{name} must be above 0 or null, received {value!r}."


@pytest.mark.parametrize("name", ["max_bars_held", "atr_length"])
@pytest.mark.parametrize("value", [0, -3, 2.5])
def test_bars_are_counted_in_whole_numbers_from_1(name, value):
    with pytest.raises(SettingsError) as caught:
        ExitStack(**{name: value})

    assert str(caught.value) == f"exits.{name} must be 1 or more, received {value!r}."


@pytest.mark.parametrize(
    "given",
    [
        {"max_bars_held": NAN},
        {"max_bars_held": INF},
        {"max_bars_held": True},
        {"atr_length": None},
        {"stop_loss_atr": "1"},
        {"stop_loss_atr": True},
        {"session_exit": "no"},
    ],
    ids=str,
)
def test_a_value_of_another_kind_is_refused_in_words(given):
    with pytest.raises(SettingsError, match=rf"exits\.{next(iter(given))} must be"):
        ExitStack.from_params(given)


def test_equal_stacks_are_written_in_one_way():
    whole, real = ExitStack(1, 3, 20.0), ExitStack(1.0, 3.0, 20)

    assert whole == real
    assert str(whole.as_params()) == str(real.as_params())


def test_null_is_no_such_exit():
    nothing = ExitStack(None, None, None)

    assert not nothing.reads_atr
    assert nothing.max_bars_held is None


@pytest.mark.parametrize("name", IN_RANGES)
def test_any_distance_in_ranges_reads_the_range(name):
    assert replace(NOTHING, **{name: 0.5}).reads_atr


@pytest.mark.parametrize("name", sorted(set(DISTANCES) - set(IN_RANGES)))
def test_a_distance_in_percent_or_points_reads_no_range(name):
    assert not replace(NOTHING, **{name: 0.5}).reads_atr


@pytest.mark.parametrize("exit_", EXITS)
@pytest.mark.parametrize("unit", UNITS)
def test_a_distance_is_a_size_and_its_unit(exit_, unit):
    stack = replace(NOTHING, **{f"{exit_}_{unit}": 2})

    assert {other: stack.distance(other) for other in EXITS} == {
        other: Distance(2.0, unit) if other == exit_ else None for other in EXITS
    }


@pytest.mark.parametrize("exit_", EXITS)
@pytest.mark.parametrize(("one", "other"), [("atr", "pct"), ("atr", "points"), ("pct", "points")])
def test_one_distance_in_two_units_is_refused_naming_both(exit_, one, other):
    with pytest.raises(SettingsError) as caught:
        replace(NOTHING, **{f"{exit_}_{one}": 1, f"{exit_}_{other}": 25})

    assert str(caught.value) == (
        f"A distance has one unit, received exits.{exit_}_{one} (1.0) and "
        f"exits.{exit_}_{other} (25.0). Set all but one of them to null."
    )


def test_a_time_exit_reads_no_range():
    assert not ExitStack(None, None, 5, session_exit=True).reads_atr


def test_a_stack_is_written_with_the_seeds_word_for_the_session_exit():
    assert FULL.as_params() == {
        "stop_loss_atr": 1.5,
        "take_profit_atr": 3.0,
        "max_bars_held": 8,
        "auto_close_time": "session_end",
        "trail_atr": 2.5,
        "break_even_atr": 0.5,
        "atr_length": 20,
    }
    assert replace(FULL, session_exit=False).as_params()["auto_close_time"] is None


def test_percents_and_points_are_written_only_where_they_are_set():
    assert set(DISTANCES) & set(ExitStack().as_params()) == set(IN_RANGES)
    assert MIXED.as_params() == {
        "stop_loss_atr": None,
        "take_profit_atr": None,
        "max_bars_held": None,
        "auto_close_time": None,
        "trail_atr": 3.0,
        "break_even_atr": None,
        "atr_length": 14,
        "stop_loss_pct": 2.0,
        "take_profit_points": 15.0,
    }


@pytest.mark.parametrize("stack", [FULL, ExitStack(), NOTHING, MIXED, *exit_grid()])
def test_what_is_written_is_read_back(stack):
    assert ExitStack.from_params(stack.as_params()) == stack


@pytest.mark.parametrize(
    ("said", "expected"), [("16:00", True), ("session_end", True), (None, False)]
)
def test_any_closing_time_of_the_seeds_is_the_calendars_session_end(said, expected):
    given = {"stop_loss_atr": 2.0, "auto_close_time": said}

    stack = ExitStack.from_params(given)

    assert stack == ExitStack(2.0, session_exit=expected)
    assert given == {"stop_loss_atr": 2.0, "auto_close_time": said}


@pytest.mark.parametrize("exit_", EXITS)
@pytest.mark.parametrize("unit", ["pct", "points"])
def test_another_unit_takes_the_place_of_the_default(exit_, unit):
    stack = ExitStack.from_params({f"{exit_}_{unit}": 3})

    assert stack.distance(exit_) == (3.0, unit)
    others = [other for other in EXITS if other != exit_]
    assert [stack.distance(e) for e in others] == [ExitStack().distance(e) for e in others]


def test_another_unit_that_is_null_leaves_the_default():
    assert ExitStack.from_params({"stop_loss_pct": None, "trail_points": None}) == ExitStack()


def test_another_unit_beside_a_given_range_is_refused():
    with pytest.raises(SettingsError, match=r"stop_loss_atr \(1\.0\) and exits\.stop_loss_pct"):
        ExitStack.from_params({"stop_loss_atr": 1, "stop_loss_pct": 2})


def test_our_own_word_for_the_session_exit_is_read_too():
    assert ExitStack.from_params({"session_exit": True}) == ExitStack(session_exit=True)


def test_an_unknown_exit_is_refused_with_those_there_are():
    with pytest.raises(SettingsError) as caught:
        ExitStack.from_params({"stop_atr": 1.0})

    assert str(caught.value).startswith("exits has no parameter 'stop_atr'; it has ['atr_length', ")
    for name in (*DISTANCES, "max_bars_held", "session_exit"):
        assert repr(name) in str(caught.value)


def test_the_grid_is_the_specifications_20_targets_fastest():
    pairs = [(s.stop_loss_atr, s.take_profit_atr) for s in exit_grid()]

    assert pairs == [
        (stop, target) for stop in (0.5, 1.0, 1.5, 2.0) for target in (0.5, 1.0, 1.5, 2.0, 3.0)
    ]
    assert {replace(s, stop_loss_atr=1.0, take_profit_atr=1.0) for s in exit_grid()} == {
        ExitStack(max_bars_held=20, session_exit=False, atr_length=14)
    }


def test_a_grid_of_ones_own_crosses_all_three():
    stacks = exit_grid((1.0, None), (2.0,), (5, None), session_exit=True)

    assert stacks == (
        ExitStack(1.0, 2.0, 5, session_exit=True),
        ExitStack(1.0, 2.0, None, session_exit=True),
        ExitStack(None, 2.0, 5, session_exit=True),
        ExitStack(None, 2.0, None, session_exit=True),
    )


def test_what_is_given_of_an_exit_in_several_units_is_one_axis():
    stacks = exit_grid((1.0,), (2.0, None), stop_loss_pct=[1.5], stop_loss_points=[8, 9])

    pairs = [(stack.distance("stop_loss"), stack.distance("take_profit")) for stack in stacks]
    targets = (Distance(2.0, "atr"), None)
    stops = (Distance(1.0, "atr"), Distance(1.5, "pct"), Distance(8, "points"), (9, "points"))
    assert pairs == [(stop, target) for stop in stops for target in targets]


@pytest.mark.parametrize("unit", ["pct", "points"])
def test_another_unit_replaces_the_specifications_values_of_its_exit_only(unit):
    stacks = exit_grid(**{f"stop_loss_{unit}": [2.0]})

    assert [stack.distance("stop_loss") for stack in stacks] == [(2.0, unit)] * 5
    assert [stack.take_profit_atr for stack in stacks] == [0.5, 1.0, 1.5, 2.0, 3.0]


@pytest.mark.parametrize("exit_", ["trail", "break_even"])
@pytest.mark.parametrize("unit", UNITS)
def test_trail_and_break_even_can_be_swept_in_any_unit(exit_, unit):
    stacks = exit_grid((1.0,), (2.0,), **{f"{exit_}_{unit}": [None, 3.0, 4.0]})

    assert [stack.distance(exit_) for stack in stacks] == [None, (3.0, unit), (4.0, unit)]


def test_the_length_of_the_range_can_be_swept():
    assert [s.atr_length for s in exit_grid((1.0,), (2.0,), atr_length=[7, 14])] == [7, 14]


def test_an_axis_that_is_none_is_as_if_not_given():
    assert exit_grid(trail_pct=None, stop_loss_points=None) == exit_grid()


def test_an_unknown_axis_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match=r"no axis \['stop_pct'\]; .*'stop_loss_pct'"):
        exit_grid(stop_pct=[2.0])


def test_the_usual_stack_is_one_range_either_way_and_twenty_bars():
    assert ExitStack() == ExitStack(1.0, 1.0, 20)
