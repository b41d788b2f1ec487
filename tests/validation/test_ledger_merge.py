"""The union of ledgers: nothing lost, nothing counted twice, nothing forged taken in."""

import csv
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, SettingsError
from alphamill.validation import ledger_merge
from alphamill.validation.ledger import Ledger, Stacks
from tests.postgresql import own_database
from tests.validation.test_ledger import RSI

ADA = [replace(RSI, params={"length": n}) for n in (2, 3, 4)]
BOB = [replace(RSI, params={"length": n}, run_id="bob") for n in (4, 5)]


def opened(place, machine):
    return Ledger(place, ReplayClock(1_000), machine=machine)


@pytest.fixture(params=["sqlite", "postgresql"])
def here(request, tmp_path):
    """Return Ada's ledger, with three sets of three cells."""
    if request.param == "sqlite":
        ledger = opened(tmp_path / "ada.db", "ada")
        ledger.append(ADA)
        yield ledger
        ledger.close()
        return
    with own_database() as url:
        ledger = opened(url, "ada")
        ledger.append(ADA)
        yield ledger
        ledger.close()


@pytest.fixture
def bob(tmp_path):
    ledger = opened(tmp_path / "bob.db", "bob")
    ledger.append(BOB)
    yield ledger
    ledger.close()


def state(ledger):
    return ledger.heads(), ledger.count()


def exported(ledger, path):
    ledger.export(path)
    return path


@pytest.mark.parametrize("ending", ["jsonl", "csv", "db"])
def test_a_union_holds_both_chains_whole_and_counts_a_shared_trial_once(
    here, bob, tmp_path, ending
):
    source = tmp_path / f"bob.{ending}"
    if ending != "db":
        bob.export(source)

    merged = here.merge(source)

    assert (merged.n_added, merged.n_known, merged.machines) == (2, 0, ("bob",))
    assert here.heads()["bob"] == (2, bob.head())
    assert here.verify() == []
    assert here.count() == 4 * 3


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_an_export_loses_nothing(here, tmp_path, ending):
    odd = {"text": 'a "quoted", line\nand é\u2028', "x": -0.0, "none": None}
    many = Stacks([{"stop": n / 7.0} for n in range(6_000)])
    here.append([replace(RSI, params=odd, stacks=many)])
    assert len(many.text) > 131_072, "wider than the csv module allows by itself"

    copy = opened(tmp_path / "copy.db", "copy")
    copy.merge(exported(here, tmp_path / f"all.{ending}"))

    assert state(copy) == state(here)
    again = exported(copy, tmp_path / f"again.{ending}")
    assert again.read_bytes() == (tmp_path / f"all.{ending}").read_bytes()
    copy.close()


def test_a_merge_is_idempotent_and_a_chain_may_go_on(here, bob, tmp_path):
    early = exported(bob, tmp_path / "early.jsonl")
    here.merge(early)
    bob.append([replace(RSI, symbol="NQ")])
    late = exported(bob, tmp_path / "late.jsonl")

    first, again, older = here.merge(late), here.merge(late), here.merge(early)

    assert [(m.n_added, m.n_known) for m in (first, again, older)] == [(1, 2), (0, 3), (0, 2)]
    assert here.heads()["bob"] == (3, bob.head())
    assert here.verify() == []


def test_two_that_merge_each_other_hold_the_same_and_can_go_on(here, bob, tmp_path):
    here.merge(exported(bob, tmp_path / "b.jsonl"))
    bob.merge(exported(here, tmp_path / "a.jsonl"))

    assert state(bob) == state(here)
    here.append([replace(RSI, symbol="CL")])
    bob.merge(exported(here, tmp_path / "a.jsonl"))
    assert bob.heads()["ada"] == (4, here.head())


def test_an_own_lost_end_is_restored_from_an_export(here, tmp_path):
    whole = exported(here, tmp_path / "whole.jsonl")
    cut = opened(tmp_path / "cut.db", "ada")
    cut.append(ADA[:2])

    assert cut.merge(whole).n_added == 1
    assert cut.append(ADA) == 0
    assert state(cut) == state(here)
    cut.close()


def refused(ledger, source, words, error=DataError, **asked):
    before = state(ledger)
    with pytest.raises(error, match=words):
        ledger.merge(source, **asked)
    assert state(ledger) == before
    assert ledger.verify() == []


def test_a_fork_is_refused_with_the_row_and_the_remedy(here, tmp_path):
    other = opened(tmp_path / "other.db", "ada")
    other.append([*ADA[:2], *BOB])
    source = exported(other, tmp_path / "other.csv")

    refused(here, source, r"machine ada, position 3: .*never forked.*--name ada=OTHER")
    refused(other, exported(here, tmp_path / "here.csv"), "machine ada, position 3")
    other.close()


def test_hosts_of_one_name_are_kept_apart_by_another_name(here, tmp_path):
    other = opened(tmp_path / "other.db", "ada")
    other.append(BOB)

    first = here.merge(exported(other, tmp_path / "a.jsonl"), names={"ada": "ada-2"})
    other.append([replace(RSI, symbol="NQ")])
    later = here.merge(exported(other, tmp_path / "b.jsonl"), names={"ada": "ada-2"})

    assert [(m.n_added, m.n_known, m.machines) for m in (first, later)] == [
        (2, 0, ("ada-2",)),
        (1, 2, ("ada-2",)),
    ]
    assert here.heads()["ada-2"][0] == 3
    assert here.verify() == []
    assert here.count() == 5 * 3
    other.close()


@pytest.mark.parametrize(
    "names", [{"eve": "eve-2"}, {"bob": "bob"}, {"bob": "ada"}, {"bob": "x", "ada": "x"}]
)
def test_a_name_that_fits_no_machine_or_is_taken_is_refused(here, bob, tmp_path, names):
    bob.merge(exported(here, tmp_path / "a.jsonl"))

    refused(
        here, exported(bob, tmp_path / "b.jsonl"), "name", (SettingsError, DataError), names=names
    )


# --- all or nothing ------------------------------------------------------------------------------


def test_what_breaks_off_in_the_middle_leaves_nothing(here, tmp_path, monkeypatch):
    many = opened(tmp_path / "many.db", "many")
    many.append([replace(RSI, params={"length": n}) for n in range(10)])
    source = exported(many, tmp_path / "many.jsonl")
    monkeypatch.setattr(ledger_merge, "_ROWS_AT_ONCE", 2)
    insert, inserted = ledger_merge._insert, []

    def breaks(connection, rows):
        inserted.append(len(rows))
        n_rows = insert(connection, rows)
        if len(inserted) == 3:
            raise KeyboardInterrupt
        return n_rows

    before = state(here)
    with monkeypatch.context() as broken:
        broken.setattr(ledger_merge, "_insert", breaks)
        with pytest.raises(KeyboardInterrupt):
            here.merge(source)

    assert inserted == [2, 2, 2]
    assert state(here) == before
    assert here.merge(source).n_added == 10
    many.close()


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from alphamill.core.clock import ReplayClock
from alphamill.validation import ledger_merge
from alphamill.validation.ledger import Ledger

insert, n_calls = ledger_merge._insert, 0
ledger_merge._ROWS_AT_ONCE = 2

def killed(connection, rows):
    global n_calls
    n_calls += 1
    if n_calls == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return insert(connection, rows)

ledger_merge._insert = killed
Ledger(sys.argv[1], ReplayClock(0), machine="ada").merge(Path(sys.argv[2]))
"""


def test_a_kill_in_the_middle_leaves_nothing(tmp_path):
    here, many = opened(tmp_path / "ada.db", "ada"), opened(tmp_path / "many.db", "many")
    here.append(ADA)
    many.append([replace(RSI, params={"length": n}) for n in range(10)])
    before = state(here)
    root = str(Path(__file__).parents[2])

    argv = [sys.executable, "-c", KILLED, str(tmp_path / "ada.db"), str(tmp_path / "many.db"), root]
    ended = subprocess.run(argv, check=False).returncode

    assert ended == -signal.SIGKILL
    assert state(here) == before
    assert here.verify() == []
    assert here.merge(tmp_path / "many.db").n_added == 10
    here.close()
    many.close()


def test_merged_rows_are_guarded_like_own_ones(bob, tmp_path):
    here = opened(tmp_path / "ada.db", "ada")
    here.merge(exported(bob, tmp_path / "bob.csv"))

    other = sqlite3.connect(tmp_path / "ada.db")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute("DELETE FROM trials WHERE machine = 'bob'")
    other.close()
    here.close()


def test_a_ledger_in_use_is_read_whole_and_not_written_to(here, bob, tmp_path):
    bob.append([replace(RSI, symbol="NQ")])
    assert os.path.getsize(tmp_path / "bob.db-wal") > 0, "the last rows are not in the file yet"

    assert here.merge(tmp_path / "bob.db").n_added == 3
    assert bob.append([replace(RSI, symbol="CL")]) == 1


def test_a_csv_that_went_through_another_program_still_merges(here, bob, tmp_path):
    with exported(bob, tmp_path / "bob.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "other.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, sorted(rows[0]), quoting=csv.QUOTE_ALL)
        table.writeheader()
        table.writerows(rows)

    assert here.merge(tmp_path / "other.csv").n_added == 2
