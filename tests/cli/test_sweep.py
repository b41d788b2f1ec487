import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(stocked, monkeypatch):
    monkeypatch.chdir(stocked)


# With the workspace's own project, so that what it carries on stays carried on.
SWEEP = ("sweep", "--symbols", "NASDAQ", "--project", "carry.yml", "--workers", "1", "--json")


def test_a_list_option_reads_the_same_spaced_and_repeated(say):
    spaced = say(*SWEEP, "--strategies", "17", "21")
    repeated = say(*SWEEP, "--strategies", "17", "--strategies", "21")
    named = say(*SWEEP, "--strategies", "ma_cross", "RSI2_MeanReversion", "17")

    assert spaced.json["run_id"] == repeated.json["run_id"] == named.json["run_id"]
    assert [c["strategy_id"] for c in spaced.json["candidates"]] == [17, 21]


def test_the_number_of_workers_does_not_change_the_answer(say):
    one = say(*SWEEP, "--strategies", "17", "--workspace", "one").json
    two = say(*SWEEP, "--strategies", "17", "--workspace", "two", "--workers", "2").json

    assert one == two


def test_a_sweep_without_instruments_runs_all_the_source_has(say, tmp_path):
    project = tmp_path / "p.yml"
    project.write_text("data: {symbols: []}")

    told = say("sweep", "--project", project)

    assert told.code == 2
    assert "a sweep needs instruments" in told.err


def test_a_symbol_the_catalog_lacks_is_taken_from_the_source(say, tmp_path):
    told = say(*SWEEP[:1], "--symbol", "SP500", "--strategies", "17", "--workspace", tmp_path)

    assert told.code == 0
    assert "not in the catalog, taken from the source sample: SP500" in told.err


def test_a_span_is_cut_into_windows_of_whole_quarters(say, tmp_path):
    span = ("--start", "1999-01-01", "--end", "2008-12-31", "--workspace", tmp_path)

    told = say(*SWEEP, "--strategies", "17", *span)

    assert told.code == 0, told.err
    assert say(*SWEEP, "--strategies", "17").json["run_id"] != told.json["run_id"]


@pytest.mark.parametrize("form", ["csv", "parquet", "sqlite"])
def test_results_are_one_row_a_cell_in_every_format(form, say, stocked):
    n_cells = say(*SWEEP, "--strategies", "17").json["n_cells"]
    run_id = say(*SWEEP, "--strategies", "17").json["run_id"]

    told = say(
        *("sweep", "results", "--export", form, "--run", run_id, "--json"),
        *("--output", f"exported/r.{form}"),
    ).json

    assert told["rows"] == n_cells == 16 * 20
    assert (stocked / "exported" / f"r.{form}").stat().st_size > 0


def test_the_sqlite_export_holds_the_seeds_table(say, stocked):
    say("sweep", "results", "--export", "sqlite", "--output", "seed.db")

    with closing(sqlite3.connect(stocked / "seed.db")) as base:
        columns = {row[1] for row in base.execute("PRAGMA table_info(backtest_results)")}

    assert {"run_id", "strategy_id", "symbol", "params", "sharpe_ratio", "exit_counts"} <= columns


def test_every_column_and_every_key_of_the_results_is_explained(say):
    page = (Path(__file__).resolve().parents[2] / "docs" / "results.md").read_text()
    words = set(re.findall(r"`(?:winners\[\]\.)?(\w+)`", page))

    columns = Path(say("sweep", "results", "--export", "csv", "--json").json["path"])
    manifest = say("winners", "--json").json
    assert set(columns.read_text().splitlines()[0].split(",")) - words == set()
    assert {*manifest, *manifest["winners"][0]} - words == {"path"}
