import json

import pytest

GOOD = "date,open,high,low,close,volume\n2020-01-02,10,11,9,10.5,100\n2020-01-03,10.5,12,10,11,90\n"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_one_bad_file_is_named_and_the_others_come_in(say, tmp_path):
    bars = tmp_path / "bars"
    bars.mkdir()
    (bars / "AAPL.csv").write_text(GOOD)
    (bars / "MSFT.csv").write_text(GOOD.replace("12,10,11", "1,10,11"))

    told = say("ingest", "--source", "csv", "--path", "bars", "--timeframe", "1d")

    assert told.code == 3
    assert "1 series in the catalog" in told.out
    assert told.err.splitlines()[-2] == "data: 1 of 2 series were refused:"
    assert "MSFT.csv" in told.err.splitlines()[-1]
    assert [row["symbol"] for row in say("data", "list", "--json").json] == ["AAPL"]
    kept = (tmp_path / "workspace" / "catalog" / "quarantine.jsonl").read_text().splitlines()
    assert [json.loads(line)["file"] for line in kept] == ["MSFT.csv"]


def test_source_symbols_and_instruments_come_from_the_project_file(say, tmp_path):
    (tmp_path / "NVDA.csv").write_text(GOOD)
    (tmp_path / "p.yml").write_text(
        "data: {source: csv, options: {path: NVDA.csv}, symbols: [NVDA]}\n"
        "instruments: {NVDA: {asset_class: equity}}\nrun: {workspace: mine}\n"
    )

    told = say("ingest", "--project", "p.yml", "--json")

    assert told.code == 0, told.err
    assert [one["n_bars"] for one in told.json] == [2]
    assert (tmp_path / "mine" / "catalog" / "NVDA").is_dir()


def test_what_the_rules_warn_about_is_shown_beside_the_repairs(say, tmp_path):
    (tmp_path / "AAPL.csv").write_text(GOOD.replace(",90", ",0"))

    told = say("ingest", "--source", "csv", "--path", "AAPL.csv")

    assert told.code == 0, told.err
    assert told.out.splitlines()[1].split()[-1] == "warnings"
    assert "D24:2" in told.out


@pytest.mark.parametrize("source", ["csv", "lean"])
def test_a_source_of_files_asks_for_their_place_by_its_flag(source, say):
    told = say("ingest", "--source", source)

    assert told.code == 2
    assert "Give --path, or data.options." in told.err


def test_a_lean_folder_is_ingested_and_what_it_lacks_at_a_timeframe_is_named(say, shared):
    told = say(
        "ingest", "--source", "lean", "--path", shared / "data" / "lean", "--timeframe", "1d"
    )

    assert told.code == 2
    assert "holds no 1d bars of 'ES'" in told.err
    held = {row["symbol"]: row for row in say("data", "list", "--json").json}
    assert {"SPY", "EURUSD", "BTCUSD"} <= set(held)
    assert (held["SPY"]["first"], held["SPY"]["bars"]) == (19980102, 5849)


def test_options_of_a_source_reach_it(say):
    span = ("--options", "start=20200102", "end=20200110", "seed=3")

    told = say("ingest", "--source", "synthetic", "--symbols", "ES", "--timeframe", "1h", *span)

    assert told.code == 0, told.err
    found = say("data", "inspect", "ES", "--json").json
    assert (found["timeframe"], found["first_session"]) == ("1h", 20200102)
    assert found["last_session"] == 20200110


def test_what_was_exported_can_be_ingested_again_as_the_same_series(say):
    say("ingest", "--source", "sample", "--symbols", "WTI")
    say("data", "export", "WTI", "--output", "WTI.csv")

    again = ("--path", "WTI.csv", "--stamps", "close", "--workspace", "other")
    say("ingest", "--source", "csv", *again)

    ours = say("data", "list", "--json").json[0]
    theirs = say("data", "list", "--workspace", "other", "--json").json[0]
    assert (ours["bars"], ours["first"]) == (theirs["bars"], theirs["first"])


def test_a_series_at_two_timeframes_must_be_told_apart(say):
    few = ("--options", "start=20200102", "end=20200110")
    for timeframe in ("1h", "15m"):
        say("ingest", "--source", "synthetic", "--symbols", "ES", "--timeframe", timeframe, *few)

    told = say("data", "inspect", "ES")
    assert told.code == 2
    assert "choose one with --timeframe" in told.err
    assert say("data", "inspect", "ES", "--timeframe", "15min").code == 0
