"""What the ledger holds by symbol, strategy, run and machine."""

from dataclasses import replace

import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import SettingsError
from alphamill.validation.ledger import Ledger, Stacks, TrialCount
from tests.postgresql import own_database
from tests.validation.test_ledger import RSI, STACKS

NQ = replace(RSI, symbol="NQ", first_session=20120103)
MACD = replace(RSI, strategy="macd", stacks=Stacks(STACKS[:1]), run_id="run-2")


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request, tmp_path):
    """Return what two machines recorded, one set of it both."""
    if request.param == "sqlite":
        yield from filled(tmp_path / "ledger.db")
        return
    with own_database() as url:
        yield from filled(url)


def filled(place):
    ada = Ledger(place, ReplayClock(1_000), machine="ada")
    bob = Ledger(place, ReplayClock(2_000), machine="bob")
    ada.append([RSI, NQ])
    bob.append([replace(RSI, last_session=20211231), MACD])
    yield ada
    ada.close()
    bob.close()


def test_the_whole_counts_what_two_machines_share_once(ledger):
    assert ledger.total() == TrialCount("all", 7, 10, 4, 20100104, 20211231, 1_000, 2_000)


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("symbol", {"ES": (4, 7, 3, 20100104), "NQ": (3, 3, 1, 20120103)}),
        ("strategy", {"macd": (1, 1, 1, 20100104), "rsi2": (6, 9, 3, 20100104)}),
        ("run", {"run-1": (6, 9, 3, 20100104), "run-2": (1, 1, 1, 20100104)}),
        ("machine", {"ada": (6, 6, 2, 20100104), "bob": (4, 4, 2, 20100104)}),
    ],
)
def test_parts_are_counted_by(ledger, by, rows):
    found = ledger.totals(by)

    assert {c.name: (c.trials, c.cells, c.sets, c.first_session) for c in found} == rows
    assert [c.name for c in found] == sorted(rows)


def test_parts_and_whole_take_the_same_questions_as_the_count(ledger):
    asked = {"symbol": "ES", "strategy": "rsi2", "first": 20200101, "last": 20201231}

    assert ledger.total(**asked).trials == ledger.count(**asked) == 3
    assert [c.name for c in ledger.totals("machine", **asked)] == ["bob"]


def test_where_nothing_was_tried_all_is_nothing(ledger):
    assert ledger.total("CL") == TrialCount("all", 0, 0, 0, None, None, None, None)
    assert ledger.totals("run", "CL") == ()


def test_another_listing_is_refused_with_those_there_are(ledger):
    with pytest.raises(SettingsError, match="symbol, strategy, run, machine; received 'colour'"):
        ledger.totals("colour")


def test_each_machine_has_its_head(ledger):
    heads = ledger.heads()

    assert heads["ada"] == (2, ledger.head())
    assert heads["bob"][0] == 2
    assert heads["bob"][1] != heads["ada"][1]


@pytest.mark.parametrize(
    ("spans", "n_trials"),
    [
        ([(2010, 2012), (2012, 2014)], 1),
        ([(2010, 2012), (2013, 2014)], 2),
        ([(2009, 2015), (2010, 2011), (2013, 2014)], 2),
        ([(2010, 2012), (2012, 2014), (2014, 2016)], 2),
        ([(2010, 2013), (2012, 2015), (2014, 2017), (2016, 2019)], 2),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_cell_counts_as_often_as_runs_of_it_share_no_session(tmp_path, spans, n_trials, turned):
    ledger = Ledger(tmp_path / "ledger.db", ReplayClock(1), machine="m1")
    sets = [
        replace(RSI, stacks=Stacks(STACKS[:1]), first_session=a * 10_000 + 101, last_session=b)
        for a, b in ((a, b * 10_000 + 101) for a, b in spans)
    ]

    ledger.append(sets[::-1] if turned else sets)

    assert ledger.count() == n_trials
    ledger.close()


def test_a_stack_in_two_runs_on_years_apart_counts_twice_the_others_once(tmp_path):
    ledger = Ledger(tmp_path / "ledger.db", ReplayClock(1), machine="m1")
    apart = replace(RSI, first_session=20200102, last_session=20211231)

    ledger.append(
        [replace(RSI, stacks=Stacks(STACKS[:2])), replace(apart, stacks=Stacks(STACKS[1:]))]
    )

    assert ledger.count() == 1 + 2 + 1
    ledger.close()
