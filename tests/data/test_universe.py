"""Membership by date, and files of tickers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.universe import custom_tag, read_universe, universe_of, universe_tag

ROOT = Path(__file__).resolve().parents[2]


def stays(path: Path, *rows: tuple[str, str, str]) -> Path:
    pd.DataFrame(rows, columns=["symbol", "start_date", "end_date"]).to_csv(path, index=False)
    return path


def test_a_list_is_taken_and_says_that_it_is_biased(tmp_path):
    path = tmp_path / "universe_x_tickers.txt"
    path.write_text("# names\n msft \n\nAAPL  # the fruit\n")

    universe = read_universe(path)

    assert universe.symbols == ("AAPL", "MSFT")
    assert universe.is_survivorship_biased
    assert universe.name == "universe_x"


def test_a_ticker_under_a_remark_still_counts(tmp_path):
    path = tmp_path / "u.txt"
    path.write_text("# missing\nIOS.DE\n")

    assert read_universe(path).symbols == ("IOS.DE",)


def test_the_last_day_of_a_stay_is_the_one_before_its_end(tmp_path):
    path = stays(tmp_path / "u.csv", ("AAA", "2020-01-02", "2020-01-06"), ("BBB", "2020-01-03", ""))

    universe = read_universe(path)

    assert not universe.is_survivorship_biased
    assert universe.members(20200105) == ("AAA", "BBB")
    assert universe.members(20200106) == ("BBB",)
    assert universe.members(20200101) == ()
    assert universe.members(20200102) == ("AAA",)


def test_a_symbol_may_come_back(tmp_path):
    path = stays(tmp_path / "u.csv", ("AAA", "2021-01-04", ""), ("AAA", "2020-01-02", "2020-06-01"))

    mask = read_universe(path).mask(np.array([20200103, 20200601, 20210104]), ("AAA", "ZZZ"))

    assert mask.tolist() == [[True, False], [False, False], [True, False]]


@pytest.mark.parametrize("suffix", [".parquet", ".json"])
def test_tables_of_other_kinds_say_the_same(tmp_path, suffix):
    table = pd.DataFrame({"symbol": ["A"], "start_date": ["2020-01-02"], "end_date": [None]})
    path = tmp_path / f"u{suffix}"
    {".parquet": table.to_parquet, ".json": lambda p: table.to_json(p, orient="records")}[suffix](
        path
    )

    assert read_universe(path).members(20240101) == ("A",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("A", "2020-13-01", "")], r"u.csv: row 1, column start_date: .*received '2020-13-01'"),
        ([("A", "2020-01-02", "2020-01-02")], "row 1: a stay must end after it starts"),
        ([("A", "", "2020-01-02")], "row 1: a stay must end after it starts"),
        (
            [("A", "2020-01-02", ""), ("A", "2021-01-04", "")],
            "A from 20210104 lies within the stay",
        ),
    ],
)
def test_a_broken_stay_is_refused(tmp_path, rows, message):
    with pytest.raises(DataError, match=message):
        read_universe(stays(tmp_path / "u.csv", *rows))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A\nB\nA\n", "line 3: 'A' is on line 1 already"),
        ("A B\n", "line 1: 'A B' is not one ticker"),
        ("# nobody\n", "must have at least one ticker"),
    ],
)
def test_a_broken_list_is_refused(tmp_path, text, message):
    path = tmp_path / "u.txt"
    path.write_text(text)

    with pytest.raises(DataError, match=message):
        read_universe(path)


def test_a_file_that_is_not_there_is_the_users_matter(tmp_path):
    with pytest.raises(SettingsError, match="no universe file"):
        read_universe(tmp_path / "u.csv")
    with pytest.raises(SettingsError, match=r"u\.xls"):
        read_universe(tmp_path / "u.xls")


def test_columns_that_are_missing_are_named(tmp_path):
    path = tmp_path / "u.csv"
    path.write_text("symbol,start_date\nA,2020-01-02\n")

    with pytest.raises(DataError, match=r"\['end_date'\] are missing"):
        read_universe(path)


def test_names_in_files_follow_the_seed():
    assert universe_tag("config/universe_ai_tech_tickers.txt") == "universe_ai_tech"
    assert custom_tag(["A", "B", "C"]) == "custom_A_B_C"
    assert custom_tag(["A"] * 4) == "custom_4_symbols"


@pytest.mark.parametrize(("name", "n"), [("universe_ai_tech", 24), ("macro_world_etfs", 10)])
def test_the_seeds_universes_are_there(name, n):
    universe = read_universe(ROOT / "config" / f"{name}_tickers.txt")

    assert (universe.name, len(universe.symbols)) == (name, n)


def test_a_universe_of_a_symbol_twice_is_refused():
    with pytest.raises(DataError, match=r"named once, received \['A'\]"):
        universe_of("u", ["A", "a"])
