"""The coordinator: what holds whatever it is told, in whatever order."""

import json
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from alphamill.portfolio.coordinator import Coordinator, Orders
from alphamill.portfolio.limits import Cap, Limits, Wish

from .accounts import wish

names = st.sampled_from("abcdef")
wishes = st.builds(
    lambda name, symbol, side, units, priority: wish(
        name,
        symbol,
        side=side,
        units=units,
        priority=priority / 4,
        margin=100.0,
        asset_class=symbol,
        cluster=name,
    ),
    names,
    st.sampled_from(["ES", "NQ", "CL"]),
    st.sampled_from([1, -1]),
    st.integers(0, 3),
    st.integers(0, 4),
)
batches = st.lists(wishes, max_size=6, unique_by=lambda w: w.stream)
marks = st.integers(-40, 40).map(lambda n: 1000.0 + 25 * n)
steps = st.one_of(
    batches.map(lambda batch: ("ask", batch)),
    marks.map(lambda equity: ("mark", equity)),
    st.just(("roll", None)),
    st.just(("fill", None)),
    st.integers(0, 9).map(lambda k: ("leave", k)),
    st.just(("resume", None)),
)
limits = st.builds(
    Limits,
    st.integers(1, 4),
    st.sampled_from(["one", "same_side", "net"]),
    st.builds(Cap, st.none() | st.integers(1, 2)),
    st.builds(Cap, st.none() | st.integers(1, 2)),
    st.builds(Cap, st.none() | st.integers(1, 2)),
    st.none() | st.just(100.0),
    st.none() | st.just(150.0),
    st.none() | st.just(300.0),
    st.none() | st.integers(1, 2),
    st.none() | st.just(0.6),
    st.sampled_from(["skip", "displace"]),
)


class Story:
    """An account that hears a list of steps, and a diary of what it said."""

    def __init__(self, limits_: Limits, *, restarts: bool = False, turned: bool = False) -> None:
        self.account = Coordinator(limits_, 1000.0)
        self.account.roll(1)
        self.restarts, self.turned, self.said, self.at = restarts, turned, [], 0
        self.blocked_in: int | None = None

    def hear(self, kind: str, what: Any) -> None:
        if self.restarts:
            text = json.dumps(self.account.saved())
            self.account = Coordinator.restored(self.account.limits, json.loads(text))
        self.at += 1
        self.said.append(getattr(self, kind)(what))

    def ask(self, batch: list[Wish]) -> list[Any]:
        fresh = [replace(w, id=f"{w.stream}@{self.at}") for w in batch]
        answers = self.account.ask(fresh[::-1] if self.turned else fresh)
        stopped = self.account.stopped or self.account.status != "active"
        assert not (stopped and any(answer.yes for answer in answers))
        return sorted((a.id, a.reason, a.displaces or "") for a in answers)

    def mark(self, equity: float) -> Orders:
        orders = self.account.mark(equity)
        for key in orders.cancel:
            self.account.cancelled(key)
        return orders

    def roll(self, _: None) -> None:
        self.account.roll((self.account.session or 0) + 1)

    def fill(self, _: None) -> list[Any]:
        """Let every exit fill but the oldest, whose market is shut, then every entry."""
        out = [p.wish.id for p in self.account.positions if p.leaving]
        for key in out[1:] if self.at % 2 else out:
            self.account.closed(key)
        answers = []
        for position in self.account.positions:
            if not position.held:
                answers.append(self.account.confirm(position.wish.id))
                (self.account.opened if answers[-1].yes else self.account.cancelled)(
                    position.wish.id
                )
        return answers

    def leave(self, k: int) -> None:
        held = [p.wish.id for p in self.account.positions if p.held]
        if held:
            self.account.leaving(held[k % len(held)])

    def resume(self, _: None) -> None:
        self.account.resume()


def told(story: Story, heard: list[tuple[str, Any]]) -> Story:
    for kind, what in heard:
        story.hear(kind, what)
    return story


@given(limits, st.lists(steps, max_size=25))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_restart_between_any_two_calls_changes_nothing(limits_, heard):
    plain, restarted = told(Story(limits_), heard), told(Story(limits_, restarts=True), heard)

    assert restarted.said == plain.said
    assert restarted.account.saved() == plain.account.saved()


@given(limits, st.lists(steps, max_size=25))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_order_of_arrival_within_a_close_changes_nothing(limits_, heard):
    assert told(Story(limits_), heard).said == told(Story(limits_, turned=True), heard).said


@given(limits, st.lists(steps, max_size=25))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_limit_on_positions_is_ever_passed(limits_, heard):
    story = Story(limits_)

    for kind, what in heard:
        story.hear(kind, what)
        held = [p.wish for p in story.account.positions if p.held]
        assert len(held) <= limits_.max_positions
        assert_capped(limits_, held)


def assert_capped(limits_: Limits, held: list[Wish]) -> None:
    by_symbol = {w.symbol: [o for o in held if o.symbol == w.symbol] for w in held}
    assert limits_.sharing != "one" or all(len(there) == 1 for there in by_symbol.values())
    assert limits_.sharing != "same_side" or all(
        len({w.side for w in there}) == 1 for there in by_symbol.values()
    )
    for kind, cap in (("strategy", limits_.per_strategy), ("asset_class", limits_.per_class)):
        names_ = [getattr(w, kind) for w in held]
        assert all(cap.default is None or names_.count(n) <= cap.default for n in names_)


@given(limits, st.lists(steps, max_size=25))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_every_exit_is_taken_in_every_state(limits_, heard):
    story = told(Story(limits_), heard)

    for position in story.account.positions:
        if position.held:
            story.account.leaving(position.wish.id)
            story.account.closed(position.wish.id)

    assert not any(position.held for position in story.account.positions)
