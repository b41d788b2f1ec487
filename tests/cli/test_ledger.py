import shutil
import sqlite3
from contextlib import closing


def test_trials_are_counted_whole_and_by_instrument(say, stocked):
    where = ("--workspace", stocked / "workspace", "--json")

    every = say("ledger", "show", *where).json["trials"]
    one = say("ledger", "show", "--symbol", "NASDAQ", "--strategy", "ma_cross", *where).json

    assert one["trials"] == 16 * 20
    assert every > 2 * one["trials"]


def test_a_row_that_was_altered_ends_with_exit_code_3(say, stocked, tmp_path):
    shutil.copy(stocked / "workspace" / "ledger.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as copy:
        guards = copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in guards:
            copy.execute(f"DROP TRIGGER {name}")
        copy.execute("UPDATE trials SET n_cells = 1 WHERE seq = 1")
        copy.commit()

    told = say("ledger", "verify", "--workspace", tmp_path)

    assert told.code == 3
    assert "it was altered" in told.err
    assert say("ledger", "verify", "--workspace", stocked / "workspace").code == 0


def test_a_listing_shows_each_part_and_the_whole(say, stocked):
    where = ("--workspace", stocked / "workspace")

    told = say("ledger", "show", "--by", "symbol", *where, "--json").json

    rows = {row["name"]: row for row in told["rows"]}
    assert set(rows) == {"NASDAQ", "SP500_CLOSE"}
    assert sum(row["trials"] for row in rows.values()) == told["trials"]
    assert told["heads"] == [
        {"machine": told["machine"], "sets": told["sets"], "head": told["head"]}
    ]
    text = say("ledger", "show", "--by", "symbol", *where).out
    assert text.startswith(f"head of the chain {told['head'][:16]}")
    shown = [line.split()[:2] for line in text.splitlines()[3:]]
    assert shown == [
        ["NASDAQ", f"{rows['NASDAQ']['trials']:,}"],
        ["SP500_CLOSE", f"{rows['SP500_CLOSE']['trials']:,}"],
        ["all", f"{told['trials']:,}"],
    ]


def test_a_span_of_days_leaves_out_what_did_not_see_it(say, stocked):
    where = ("--workspace", stocked / "workspace", "--json")
    every = say("ledger", "show", *where).json

    def trials(*argv):
        return say("ledger", "show", *argv, *where).json["trials"]

    year = str(every["first_session"])[:4]
    assert trials("--first", f"{year}-01-01", "--last", "2100-01-01") == every["trials"]
    assert trials("--last", f"{int(year) - 1}-12-31") == 0
    assert trials("--first", "2100-01-01") == 0


def test_a_merge_from_another_workspace_says_what_is_new(say, stocked, tmp_path):
    source = ("--workspace", stocked / "workspace")
    mine = ("--workspace", tmp_path / "mine")
    every = say("ledger", "show", *source, "--json").json
    for ending in ("csv", "jsonl"):
        wrote = say("ledger", "export", tmp_path / f"all.{ending}", *source, "--json").json
        assert wrote["rows"] == every["sets"]

    told = say("ledger", "merge", tmp_path / "all.csv", tmp_path / "all.jsonl", *mine, "--json")

    assert told.json["trials"] == told.json["new_trials"] == every["trials"]
    assert [(f["added"], f["known"]) for f in told.json["files"]] == [
        (every["sets"], 0),
        (0, every["sets"]),
    ]
    again = say("ledger", "merge", stocked / "workspace" / "ledger.db", *mine)
    assert again.out.startswith(f"{every['trials']:,} trials, 0 of them new")
    assert "whole" in say("ledger", "verify", *mine).out


def test_a_machine_of_a_file_can_be_given_another_name(say, stocked, tmp_path):
    mine = ("--workspace", tmp_path / "mine")
    source = stocked / "workspace" / "ledger.db"
    machine = say("ledger", "show", "--workspace", stocked / "workspace", "--json").json["machine"]

    told = say("ledger", "merge", source, "--name", f"{machine}=desk", *mine, "--json")

    assert told.json["files"][0]["machines"] == ["desk"]
    rows = say("ledger", "show", "--by", "machine", *mine, "--json").json["rows"]
    assert [row["name"] for row in rows] == ["desk"]
    assert say("ledger", "merge", source, "--name", "desk", *mine).code == 2


def test_a_forged_export_ends_with_exit_code_3_and_adds_nothing(say, stocked, tmp_path):
    path = tmp_path / "all.jsonl"
    say("ledger", "export", path, "--workspace", stocked / "workspace")
    path.write_text(path.read_text().replace('"n_cells": 20', '"n_cells": 2', 1))

    told = say("ledger", "merge", path, "--workspace", tmp_path / "mine")

    assert told.code == 3
    assert "position 1 " in told.err
    assert "Nothing was merged" in told.err
    assert say("ledger", "show", "--workspace", tmp_path / "mine", "--json").json["sets"] == 0


def test_a_file_that_is_absent_is_named(say, tmp_path):
    told = say("ledger", "merge", tmp_path / "absent.csv", "--workspace", tmp_path / "mine")

    assert told.code == 2
    assert "absent.csv" in told.err
