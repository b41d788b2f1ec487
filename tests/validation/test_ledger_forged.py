"""Files that a merge refuses: altered, cut, re-made or not a ledger; nothing of them is taken."""

import json
import shutil
import sqlite3

import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.ledger_chain import content_id, row_hash
from tests.validation.test_ledger import STACKS
from tests.validation.test_ledger_merge import ADA, BOB, exported, opened, refused


@pytest.fixture
def here(tmp_path):
    """Return Ada's ledger, with three sets of three cells."""
    ledger = opened(tmp_path / "ada.db", "ada")
    ledger.append(ADA)
    yield ledger
    ledger.close()


@pytest.fixture
def bob(tmp_path):
    ledger = opened(tmp_path / "bob.db", "bob")
    ledger.append(BOB)
    yield ledger
    ledger.close()


def lines_of(ledger, path):
    return [json.loads(line) for line in exported(ledger, path).read_text().splitlines()]


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def rechained(rows, **changed):
    """Return rows with a change in the last one, hashed as a forger would."""
    last = {**rows[-1], **changed}
    return [*rows[:-1], {**last, "hash": row_hash(last)}]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"n_cells": 1}, "position 2 .*altered"),
        ({"at_ns": 7}, "position 2 .*altered"),
        ({"position": 3}, "position 2 was expected"),
        ({"previous_hash": "f" * 64}, "does not continue"),
        ({"seq": None, "position": "2"}, "line 2: position cannot be '2'"),
        ({"position": 1 << 70}, "position cannot be"),
        ({"n_cells": True}, "n_cells cannot be True"),
        ({"symbol": "E" * 65}, "symbol cannot be"),
        ({"symbol": "E\0"}, "symbol cannot be"),
        ({"run_id": "\ud800"}, "run_id cannot be"),
        ({"extra": 1}, r"strange \['extra'\]"),
    ],
)
def test_an_altered_export_is_refused_as_a_whole(here, bob, tmp_path, changed, words):
    first, second = lines_of(bob, tmp_path / "bob.jsonl")

    refused(here, written(tmp_path / "forged.jsonl", [first, {**second, **changed}]), words)


@pytest.mark.parametrize(
    "changed",
    [
        {"n_cells": 1},
        {"stacks_json": "[]"},
        {"stacks_json": "{}"},
        {"stacks_json": json.dumps(STACKS)},
        {"stacks_json": "not JSON"},
        {"params_json": '{ "length": 5}'},
        {"params_json": "[" * 5_000},
        {"first_session": 20200101},
        {"trial_set_id": "0" * 64},
    ],
)
def test_a_row_that_was_chained_but_is_no_trial_set_is_refused(here, bob, tmp_path, changed):
    rows = rechained(lines_of(bob, tmp_path / "bob.jsonl"), **changed)
    if "trial_set_id" not in changed:
        rows = rechained(rows, trial_set_id=content_id(rows[-1]))

    refused(here, written(tmp_path / "forged.jsonl", rows), "position 2 .*is no trial set")


def test_a_row_that_is_missing_or_comes_twice_is_refused(here, bob, tmp_path):
    first, second = lines_of(bob, tmp_path / "bob.jsonl")
    third = {**first, "position": 3, "previous_hash": second["hash"]}
    [third] = rechained([third])

    refused(here, written(tmp_path / "a.jsonl", [second]), "position 2 .*position 1 was expected")
    refused(here, written(tmp_path / "b.jsonl", [first, second, second]), "position 3 was expected")
    refused(here, written(tmp_path / "c.jsonl", [first, second, third]), "position 3: .*before")


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("a.jsonl", b'{"machine": "bob"', DataError, "line 1 is not JSON"),
        ("a.jsonl", b"[1]\n", DataError, "line 1 must hold an object"),
        ("a.jsonl", b"\xff\xfe", DataError, "cannot be read"),
        ("a.csv", b"machine,position\nbob,1\n", DataError, "missing .*'hash'"),
        ("a.csv", b"machine,position\nbob,1,2\n", DataError, "strange"),
        ("a.db", b"SQLite format 3\0 and nothing", DataError, "must be a ledger of trials"),
        ("a.xml", b"<a/>", SettingsError, r"\.csv or \.jsonl export"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused(here, tmp_path, name, content, error, words):
    (tmp_path / name).write_bytes(content)

    refused(here, tmp_path / name, words, error)


def test_a_database_without_trials_is_refused_and_left_as_it_was(here, tmp_path):
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE seeds (n)")
    other.close()
    before = path.read_bytes()

    refused(here, path, "no such table: trials")
    assert path.read_bytes() == before


def test_a_copy_of_a_ledger_that_nobody_can_write_beside_is_read(here, bob, tmp_path, monkeypatch):
    bob.close()
    shut = tmp_path / "shut" / "bob.db"
    shut.parent.mkdir()
    shutil.copy(tmp_path / "bob.db", shut)
    connect = sqlite3.connect
    asked = []

    def as_on_a_read_only_disk(where, **how):
        asked.append(where)
        if "immutable" not in where:
            return NoReader()
        return connect(where, **how)

    monkeypatch.setattr(sqlite3, "connect", as_on_a_read_only_disk)

    merged = here.merge(shut)

    assert merged.n_added == 2
    assert [where.rpartition("?")[2] for where in asked] == ["mode=ro", "immutable=1"]


class NoReader:
    def execute(self, text):
        raise sqlite3.OperationalError("unable to open database file")

    def close(self):
        pass
