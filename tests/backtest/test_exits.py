"""The exit stack: what it refuses, how it is written down, and the specification's grid of 20."""

from dataclasses import replace

import pytest

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.errors import SettingsError

NAN, INF = float("nan"), float("inf")
DISTANCES = ("stop_loss_atr", "take_profit_atr", "trail_atr", "break_even_atr")
FULL = ExitStack(1.5, 3.0, 8, session_exit=True, trail_atr=2.5, break_even_atr=0.5, atr_length=20)


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("value", [0.0, -1.0, NAN, INF])
def test_a_distance_that_is_none_is_written_as_null(name, value):
    with pytest.raises(SettingsError) as caught:
        ExitStack(**{name: value})

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


@pytest.mark.parametrize("name", DISTANCES)
def test_any_distance_reads_the_range(name):
    assert replace(ExitStack(None, None, None), **{name: 0.5}).reads_atr


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


@pytest.mark.parametrize("stack", [FULL, ExitStack(), ExitStack(None, None, None), *exit_grid()])
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


def test_our_own_word_for_the_session_exit_is_read_too():
    assert ExitStack.from_params({"session_exit": True}) == ExitStack(session_exit=True)


def test_an_unknown_exit_is_refused_with_those_there_are():
    with pytest.raises(SettingsError) as caught:
        ExitStack.from_params({"stop_atr": 1.0})

    assert str(caught.value) == (
        "exits has no parameter 'stop_atr'; it has ['atr_length', 'break_even_atr', "
        "'max_bars_held', 'session_exit', 'stop_loss_atr', 'take_profit_atr', 'trail_atr']."
    )


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
