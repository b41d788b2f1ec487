import json
import re
import shutil
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs" / "holdout.md"


@pytest.fixture
def where(stocked, tmp_path):
    """Return a copy of the workspace: its seal can be opened."""
    folder = tmp_path / "own"
    shutil.copytree(stocked / "workspace", folder)
    return folder


def looks(where):
    path = where / "catalog" / "looks.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_refusal_is_said_in_words_and_the_seal_stays_closed(say, where):
    told = say("holdout", "NASDAQ", "21", "--workspace", where)
    unknown = say("holdout", "NASDAK", "21", "--workspace", where)
    nobody = say("holdout", "NASDAQ", "21", "--who", "", "--anyway", "--workspace", where)

    assert (told.code, unknown.code, nobody.code) == (4, 2, 2)
    assert "--anyway" in told.err
    assert "'NASDAQ'" in unknown.err
    assert "must say who" in nobody.err
    assert "Traceback" not in told.err + unknown.err + nobody.err
    assert looks(where) == []


def test_a_workspace_without_a_run_is_left_as_it_is(say, tmp_path):
    told = say("holdout", "NASDAQ", "21", "--workspace", tmp_path / "none")

    assert told.code == 3
    assert "no finished run" in told.err
    assert not (tmp_path / "none").exists()


def test_a_look_says_what_it_found_needed_and_cost(say, where):
    asked = ("holdout", "NASDAQ", "21", "--anyway", "--workspace", where)

    told = say(*asked, "--who", "ada", "--why", "curious")

    assert told.code == 0, told.err
    (taken,) = looks(where)
    assert taken["who"] == "ada"
    assert taken["why"].endswith("; curious")
    lines = told.out.splitlines()
    assert lines[0].startswith("RSI2_MeanReversion on NASDAQ, run ")
    assert "had to exceed 0; " in lines[1]
    assert "look 1 at them" in lines[1]
    assert "said no)" in lines[2]
    assert ": 1 by now, " in lines[3]
    assert lines[3].endswith("more make sense")

    again = say(*asked)
    assert again.out.splitlines()[0].endswith("(no new look: it was judged there before)")
    assert again.out.splitlines()[1:] == lines[1:]
    assert looks(where) == [taken]


def test_json_holds_the_verdict_the_price_and_what_is_left(say, where):
    asked = ("--anyway", "--json", "--workspace", where)
    first = say("holdout", "NASDAQ", "RSI2_MeanReversion", *asked).json
    second = say("holdout", "NASDAQ", "17", *asked).json

    assert first["verdict"]["gate"] == "holdout"
    assert first["verdict"]["asked"]
    assert first["passed"] == (first["sharpe_ratio"] > first["needed_sharpe"])
    assert first["needed_sharpe"] == 0.0 < second["needed_sharpe"]
    assert (first["looks"], second["looks"], first["new_look"]) == (1, 2, True)
    assert first["looks_left"] == second["looks_left"] + 1
    assert first["stamp"] == "unproven"
    assert first["first_sealed_session"] == looks(where)[0]["first_session"]
    assert set(first) - set(re.findall(r"`(\w+)`", DOCS.read_text())) == set()


def test_the_account_signs_where_nobody_else_does_and_a_name_is_asked_for_without_one(
    say, where, monkeypatch
):
    def nobody():
        raise OSError("no account")

    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    assert say("holdout", "NASDAQ", "21", "--anyway", "--workspace", where).code == 0
    monkeypatch.setattr("getpass.getuser", nobody)
    told = say("holdout", "NASDAQ", "17", "--anyway", "--workspace", where)

    assert [taken["who"] for taken in looks(where)] == ["grace"]
    assert told.code == 2
    assert "must say who" in told.err
