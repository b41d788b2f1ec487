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
