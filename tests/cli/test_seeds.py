"""A seed's script and our command are one thing in two spellings."""

import json

import pytest


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(stocked, monkeypatch):
    monkeypatch.chdir(stocked)


def test_phase1_is_the_sweep_of_one_instrument(say, tmp_path):
    # In a workspace of its own, for a span moves the seal to its last part.
    own = ("--workspace", tmp_path)
    span = (
        *own,
        "--start",
        "1999-01-01",
        "--end",
        "2010-12-31",
        "--strategies",
        "21",
        "17",
        "--json",
    )

    seed = say("phase1", "--symbol", "NASDAQ", "--timeframe", "daily", "--workers", "1", *span)
    ours = say("sweep", "--symbols", "NASDAQ", "--timeframe", "1d", "--workers", "1", *span)

    assert seed.code == 0, seed.err
    assert seed.json["run_id"] == ours.json["run_id"]
    assert [c["strategy_id"] for c in seed.json["candidates"]] == [21, 17]


def test_extract_winners_writes_the_manifest_of_winners(say, stocked):
    assert say("extract_winners", "--top-n", "1").code == 0
    assert say("winners", "--top-n", "1", "--output", "ours.json").code == 0

    seed = json.loads((stocked / "ml_pipeline" / "winners_manifest.json").read_text())
    ours = json.loads((stocked / "ours.json").read_text())
    assert {**seed, "created_at": ""} == {**ours, "created_at": ""}
    assert seed["total_winners"] == 2
    assert set(seed["winners_by_instrument"]) == {"NASDAQ", "SP500_CLOSE"}


def test_the_manifest_can_be_narrowed_to_instruments_in_the_seeds_form(say):
    told = say(
        "extract_winners", "--top-n", "2", "--instruments", "NASDAQ", "SP500_CLOSE", "--json"
    )
    one = say("extract_winners", "--instruments", "NASDAQ", "--top-n", "1", "--json")

    assert told.json["total_winners"] == 4
    assert [w["symbol"] for w in one.json["winners"]] == ["NASDAQ"]


@pytest.mark.parametrize("place", ["workspace", "workspace/ledger.db"])
def test_db_path_names_a_workspace_or_its_database(place, say, monkeypatch, stocked):
    (stocked / "elsewhere").mkdir(exist_ok=True)
    monkeypatch.chdir(stocked / "elsewhere")

    assert say("extract_winners", "--output", "w.json").code == 3
    assert say("extract_winners", "--output", "w.json", "--db-path", f"../{place}").code == 0


def test_backtest_runner_is_backtest(say):
    flags = ("--symbol", "NASDAQ", "--strategy", "17", "--json")

    assert say("backtest_runner", *flags).out == say("backtest", *flags).out
