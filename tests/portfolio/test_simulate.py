"""The fast account, the coordinator on every bar, and an account written a second time agree."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.account.prepare import prepare
from alphamill.portfolio.limits import REASONS, STATUSES, Limits
from alphamill.portfolio.on_bars import replay
from alphamill.portfolio.outcome import WHYS, Run
from alphamill.portfolio.simulate import plan_of, simulate
from alphamill.portfolio.sizing import Sizing

from .crowds import Crowd, random_crowd
from .oracle import Told, brute_force

FEW = range(20)
MANY = range(20, 400)


HARD = (
    Limits(1),
    Limits(2, "net", when_full="displace", margin_frac=0.3),
    Limits(4, "net", drawdown_reduce=60.0, reducing_sessions=1),
    Limits(4, "net", drawdown_halt=150.0),
    Limits(4, "net", daily_stop=40.0),
)


@cache
def crowd(seed: int) -> Crowd:
    return random_crowd(seed)


def hard_crowd(seed: int) -> Crowd:
    """Return markets that hardly trade, so that fills wait, under one limit that always bites."""
    return replace(random_crowd(seed, silent=0.5), limits=HARD[seed % len(HARD)], sizing=Sizing())


def fast(c: Crowd, *, every_bar: bool = False) -> Run:
    return simulate(plan_of(c.prepared, c.limits, c.sizing, c.capital, every_bar=every_bar))


def slow(c: Crowd) -> Run:
    return replay(c.prepared, c.limits, c.sizing, c.capital)


def told_by(c: Crowd, run: Run) -> Told:
    """Return a run in the words of the oracle."""
    told, rows = Told(), [(c.prepared.streams[s].key, k) for s, k in whose(c)]
    for row, code in enumerate(run.answer):
        if code >= 0:
            told.answers[rows[row]] = REASONS[code]
    for wish, units, exit_, why, pnl in zip(*run.taken, strict=True):
        told.trades[rows[wish]] = (int(units), int(exit_), WHYS[why], float(pnl))
    for s, date in enumerate(run.sessions.tolist()):
        told.equity[date] = float(run.equity[s])
        told.state[date] = STATUSES[run.status[s]], bool(run.stopped[s]), int(run.n_open[s])
    return told


def whose(c: Crowd) -> list[tuple[int, int]]:
    return list(zip(c.prepared.asked["stream"].tolist(), c.prepared.signal.tolist(), strict=True))


def assert_same_story(mine: Told, its: Told) -> None:
    assert mine.answers == its.answers
    assert mine.state == its.state
    assert mine.equity == pytest.approx(its.equity, abs=1e-6)
    shut = {key: row for key, row in mine.trades.items() if row[1] >= 0}
    assert [row[:3] for row in shut.values()] == [its.trades[key][:3] for key in shut]
    assert [row[3] for row in shut.values()] == pytest.approx(
        [its.trades[key][3] for key in shut], abs=1e-6
    )
    assert shut.keys() == its.trades.keys()


def assert_same_run(mine: Run, its: Run) -> None:
    for name in ("answer", "status", "stopped", "n_open"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(its, name))
    np.testing.assert_allclose(mine.equity, its.equity, rtol=0, atol=1e-6)
    for a, b in zip(mine.taken, its.taken, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", FEW)
def test_the_fast_account_answers_and_earns_as_the_brute_force_does(seed):
    c = crowd(seed)

    told = brute_force(c.prepared.streams, c.prepared.markets, c.limits, c.sizing, c.capital)

    assert_same_story(told_by(c, fast(c)), told)


@pytest.mark.parametrize("seed", range(35))
def test_the_accounts_agree_where_fills_wait_and_limits_bite(seed):
    c = hard_crowd(seed)

    told = brute_force(c.prepared.streams, c.prepared.markets, c.limits, c.sizing, c.capital)

    assert_same_story(told_by(c, fast(c)), told)
    assert_same_run(fast(c), slow(c))
    assert_same_run(fast(c), fast(c, every_bar=True))


@pytest.mark.parametrize("seed", FEW)
def test_the_coordinator_on_every_bar_answers_and_earns_as_the_fast_account(seed):
    c = crowd(seed)

    truth, mine = slow(c), fast(c)

    assert_same_run(mine, truth)
    assert (mine.worst <= truth.worst + 1e-6).all()
    assert (truth.worst <= truth.equity + 1e-6).all()


@pytest.mark.parametrize("seed", range(90))
def test_leaving_quiet_bars_out_changes_nothing(seed):
    c = crowd(seed)

    some, every = fast(c), fast(c, every_bar=True)

    assert_same_run(some, every)
    np.testing.assert_allclose(some.worst, every.worst, rtol=0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_more_accounts_agree_with_the_brute_force_and_the_coordinator(seed):
    c = crowd(seed)
    told = brute_force(c.prepared.streams, c.prepared.markets, c.limits, c.sizing, c.capital)

    assert_same_run(fast(c), slow(c))
    assert_same_story(told_by(c, fast(c)), told)


def test_the_random_accounts_meet_every_answer_and_every_way_out():
    runs = [(c, fast(c)) for c in map(crowd, range(90))]

    answers = {REASONS[code] for _, run in runs for code in run.answer if code >= 0}
    ways = {WHYS[code] for _, run in runs for code in run.taken.why}
    # A strategy that is in a position is not asked; the coordinator's own tests ask it.
    assert answers == set(REASONS) - {"in_position"}
    assert ways == set(WHYS)


def test_the_order_in_which_streams_are_given_changes_nothing():
    c = crowd(3)
    turned = replace(c, prepared=prepare(c.prepared.streams[::-1], c.prepared.markets))

    assert_same_story(told_by(c, fast(c)), told_by(turned, fast(turned)))


def test_a_set_of_members_is_the_same_as_their_streams_alone():
    c = crowd(5)
    chosen = np.arange(len(c.prepared.streams)) % 2 == 0
    alone = replace(c, prepared=prepare(c.prepared.streams[::2], c.prepared.markets))

    mine = simulate(plan_of(c.prepared, c.limits, c.sizing, c.capital), chosen)
    truth = replay(c.prepared, c.limits, c.sizing, c.capital, chosen)

    assert_same_run(mine, truth)
    assert_same_story(told_by(c, mine), told_by(alone, fast(alone)))


def test_a_plan_can_be_run_again_with_the_same_result():
    c = crowd(7)
    plan = plan_of(c.prepared, c.limits, c.sizing, c.capital)

    first, second = simulate(plan), simulate(plan)

    assert_same_run(first, second)


def test_no_streams_are_an_account_at_rest():
    c = crowd(0)
    empty = prepare([], c.prepared.markets)

    run = simulate(plan_of(empty, Limits(2), Sizing(), 500.0))

    assert set(run.equity.tolist()) == {500.0} == set(run.worst.tolist())
    assert run.taken.wish.size == 0


def test_members_must_be_one_truth_value_a_stream():
    c = crowd(0)
    plan = plan_of(c.prepared, c.limits, c.sizing, c.capital)

    with pytest.raises(DataError, match="members must be .* truth values, one a stream"):
        simulate(plan, np.ones(99, dtype=np.bool_))
    with pytest.raises(DataError, match="received int64"):
        simulate(plan, np.ones(len(c.prepared.streams), dtype=np.int64))


def test_capital_must_be_above_zero():
    with pytest.raises(SettingsError, match=r"capital must be above 0, received 0\.0"):
        plan_of(crowd(0).prepared, Limits(1), Sizing(), 0.0)
