"""The coordinator: each limit by hand."""

import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.coordinator import Coordinator, Orders, margin
from alphamill.portfolio.limits import REASONS, Cap, Limits

from .accounts import MANY, account, reason, wish

# --- one limit at a time -----------------------------------------------------------------------


def test_entries_on_their_way_count_as_positions():
    held = Coordinator(Limits(2), 1000.0)

    answers = held.ask([wish("a"), wish("b"), wish("c")])

    assert [answer.reason for answer in answers] == ["yes", "yes", "max_positions"]


def test_the_last_place_goes_to_the_highest_priority_and_a_tie_to_the_first_name():
    held = Coordinator(Limits(2), 1000.0)

    answers = held.ask([wish("c"), wish("b"), wish("a", priority=0.4), wish("z", priority=0.9)])

    assert [answer.yes for answer in answers] == [False, True, False, True]


def test_exits_go_first_a_position_that_leaves_makes_room_at_the_same_close():
    held = account(Limits(1), wish("a"))
    assert reason(held, wish("b")) == "max_positions"

    held.leaving("a@1")

    assert reason(held, wish("b")) == "yes"


def test_an_entry_waits_in_vain_for_a_place_that_is_not_freed():
    held = account(Limits(1), wish("a"))
    held.leaving("a@1")
    held.ask([wish("b")])

    assert held.confirm("b@1").reason == "not_freed"
    held.closed("a@1")
    assert held.confirm("b@1").yes


def test_a_strategy_that_is_in_a_position_is_refused_and_one_that_turns_is_not():
    held = account(MANY, wish("a"))
    again = wish("a", id="a@2", symbol="other")

    assert reason(held, again) == "in_position"
    held.leaving("a@1")
    assert reason(held, again) == "yes"


def test_the_same_wish_told_twice_is_granted_once():
    held = account(MANY, wish("a"))
    held.leaving("a@1")

    assert reason(held, wish("a")) == "in_position"


@pytest.mark.parametrize(
    ("sharing", "side", "expected"),
    [
        ("one", 1, "instrument_taken"),
        ("one", -1, "instrument_taken"),
        ("same_side", 1, "yes"),
        ("same_side", -1, "opposite_side"),
        ("net", 1, "yes"),
        ("net", -1, "yes"),
    ],
)
def test_an_instrument_is_shared_by_policy(sharing, side, expected):
    held = account(Limits(9, sharing=sharing), wish("a", "ES"))

    assert reason(held, wish("b", "ES", side=side)) == expected


@pytest.mark.parametrize(
    ("limits", "given_", "expected"),
    [
        (Limits(9, per_strategy=Cap(1)), {"strategy": "rsi"}, "strategy_cap"),
        (Limits(9, per_strategy=Cap(1, {"rsi": 2})), {"strategy": "rsi"}, "yes"),
        (Limits(9, per_class=Cap(None, {"fx": 1})), {"asset_class": "fx"}, "class_cap"),
        (Limits(9, per_class=Cap(None, {"fx": 1})), {"asset_class": "future"}, "yes"),
        (Limits(9, per_cluster=Cap(1)), {"cluster": "equities"}, "cluster_cap"),
        (Limits(9, per_cluster=Cap(0, {"equities": 3})), {"cluster": "equities"}, "yes"),
    ],
)
def test_a_cap_counts_positions_of_one_kind(limits, given_, expected):
    held = account(limits, wish("a", **given_))

    assert reason(held, wish("b", **given_)) == expected


def test_no_units_are_no_trade():
    assert reason(account(MANY), wish("a", units=0)) == "no_units"


def test_margin_is_a_share_of_the_marked_equity():
    held = account(Limits(9, margin_frac=0.5), wish("a", units=2, margin=200.0))
    held.mark(1199.0)
    assert reason(held, wish("b", margin=200.0)) == "margin"

    held.mark(1200.0)

    assert reason(held, wish("b", margin=200.0)) == "yes"


def test_opposite_units_of_an_instrument_need_no_margin():
    two = wish("a", "ES", units=3, margin=10.0), wish("b", "ES", side=-1, units=2, margin=10.0)

    assert margin(two) == 10.0
    assert margin([*two, wish("c", "NQ", side=-1, units=1, margin=7.0)]) == 17.0


def test_a_worthier_wish_displaces_the_lowest_and_only_then():
    held = account(Limits(2, when_full="displace"), wish("a", priority=0.3), wish("b"))

    assert held.ask([wish("c", priority=0.3)])[0].reason == "max_positions"
    answer = held.ask([wish("d", priority=0.6)])[0]
    assert (answer.yes, answer.displaces) == (True, "a@1")
    assert held.confirm("d@1").reason == "not_freed"
    assert reason(held, wish("e", priority=0.4)) == "max_positions"


def test_a_refused_wish_displaces_nobody():
    held = account(Limits(1, when_full="displace"), wish("a", priority=0.3))

    assert reason(held, wish("b", units=0)) == "no_units"
    assert [position.leaving for position in held.positions] == [False]


# --- the daily stop ----------------------------------------------------------------------------


def test_the_daily_stop_counts_open_losses_closes_all_and_lasts_for_the_session():
    held = account(Limits(9, daily_stop=100.0), wish("a"))
    held.ask([wish("b")])
    assert held.mark(900.01) == Orders()

    assert held.mark(900.0) == Orders(flatten=("a@1",), cancel=("b@1",))

    held.closed("a@1")
    held.cancelled("b@1")
    held.mark(1500.0)
    assert reason(held, wish("c")) == "daily_stop"
    held.roll(20240102)
    assert reason(held, wish("c")) == "daily_stop"
    held.roll(20240103)
    assert reason(held, wish("c")) == "yes"


def test_the_day_is_measured_from_the_last_mark_of_the_day_before():
    held = account(Limits(9, daily_stop=100.0))
    held.mark(950.0)
    held.roll(20240103)

    held.mark(851.0)
    assert not held.stopped
    held.mark(850.0)
    assert held.stopped


def test_positions_are_named_for_closing_once_and_entries_until_they_are_cancelled():
    held = account(Limits(9, daily_stop=100.0), wish("a"))
    held.ask([wish("b")])

    assert held.mark(0.0) == Orders(("a@1",), ("b@1",))
    assert held.mark(0.0) == Orders((), ("b@1",))


def test_an_entry_that_fills_after_the_stop_is_closed_too():
    held = account(Limits(9, daily_stop=100.0))
    held.ask([wish("a")])
    held.mark(0.0)
    held.opened("a@1")

    assert held.mark(0.0) == Orders(flatten=("a@1",))


# --- drawdown ----------------------------------------------------------------------------------


def test_reducing_lets_positions_run_and_enters_nothing_until_a_session_closes_above_it():
    held = account(Limits(9, drawdown_reduce=100.0), wish("a"))

    assert held.mark(900.0) == Orders()
    assert held.status == "reducing"
    held.mark(1000.0)
    assert reason(held, wish("b")) == "reducing"
    held.roll(20240103)
    assert (held.status, reason(held, wish("b"))) == ("active", "yes")


def test_reducing_ends_after_its_sessions_from_the_present_equity():
    held = account(Limits(9, drawdown_reduce=100.0, reducing_sessions=2))
    held.mark(800.0)

    held.roll(20240103)
    assert held.status == "reducing"
    held.roll(20240104)
    assert (held.status, held.peak) == ("active", 800.0)


def test_a_halt_closes_all_and_only_a_person_ends_it():
    held = account(Limits(9, drawdown_reduce=50.0, drawdown_halt=100.0), wish("a"))

    assert held.mark(900.0) == Orders(flatten=("a@1",))
    held.mark(2000.0)
    held.roll(20240103)
    assert reason(held, wish("b")) == "halted"
    held.resume()
    assert (reason(held, wish("b")), held.peak) == ("yes", 2000.0)


def test_the_peak_is_the_highest_session_close_not_a_mark_within_the_session():
    held = account(Limits(9, drawdown_halt=100.0))
    held.mark(1200.0)
    held.mark(1099.0)
    assert held.status == "active"

    held.roll(20240103)
    held.mark(999.0)
    assert held.status == "halted"


def test_the_kill_switch_closes_all_at_once():
    held = account(MANY, wish("a"))

    assert held.halt() == Orders(flatten=("a@1",))
    assert reason(held, wish("b")) == "halted"


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: a.roll(20240101), "sessions must rise; received 20240101 after 20240102"),
        (lambda a: a.mark(float("nan")), "equity must be a finite number, received nan"),
        (lambda a: a.mark(True), "equity must be a finite number, received True"),
        (lambda a: a.closed("x@1"), r"no position 'x@1'; the account holds \['a@1'\]"),
        (lambda a: a.cancelled("a@1"), "a@1 is open, so its entry cannot be cancelled"),
        (lambda a: a.ask([wish("b"), wish("b")]), "two wishes of one close have one id"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call(account(MANY, wish("a")))


def test_what_was_never_opened_cannot_be_closed():
    held = account(MANY)
    held.ask([wish("a")])

    with pytest.raises(DataError, match="a@1 was never opened, so it cannot be closed"):
        held.closed("a@1")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"schema": "alphamill.portfolio.coordinator/2"}, "must have the schema"),
        ({"extra": 1}, r"missing or unknown fields \['extra'\]"),
        ({"status": "asleep"}, "impossible values"),
        ({"stopped": 1}, "impossible values"),
        ({"session": "today"}, "impossible values"),
        ({"positions": [{"held": True}]}, "a saved position is not whole"),
        ({"positions": [{"held": 1, "leaving": False, "wish": {}}]}, "must be true or false"),
    ],
)
def test_a_saved_account_of_another_form_is_refused(changed, message):
    saved = account(MANY, wish("a")).saved()

    with pytest.raises(SettingsError, match=message):
        Coordinator.restored(MANY, saved | changed)


def test_a_saved_account_that_lacks_a_field_is_refused():
    saved = account(MANY).saved()
    del saved["peak"]

    with pytest.raises(SettingsError, match=r"missing or unknown fields \['peak'\]"):
        Coordinator.restored(MANY, saved)


def test_every_reason_has_one_name():
    assert len(set(REASONS)) == len(REASONS) == 15
