"""The catalog gives back what it took, names it by content, and keeps its seal."""

import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Bars, bar_columns
from alphamill.data.catalog import Catalog, session_of
from alphamill.data.raw import Finding
from tests.data.stored_bars import daily, hourly, same

ROOT = Path(__file__).resolve().parents[2]


def stamps(folder) -> dict[str, tuple[int, int]]:
    return {p.name: (p.stat().st_mtime_ns, p.stat().st_ino) for p in folder.rglob("*.*")}


# --- round trip --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bars", "chunks"),
    [
        (daily(20220101, 20231231), ["2022", "2023"]),
        (hourly(20220110, 20220305), ["2022-01", "2022-02", "2022-03"]),
    ],
)
def test_bars_come_back_as_they_went_in(tmp_path, bars, chunks):
    catalog = Catalog(tmp_path)

    entry = catalog.write(bars)

    assert same(catalog.read(bars.symbol, bars.timeframe), bars)
    assert [chunk.key for chunk in entry.chunks] == chunks
    assert (entry.n_bars, entry.n_sessions) == (len(bars), np.unique(bars.session).size)


def test_what_is_said_about_a_series_comes_back(tmp_path):
    bars = replace(daily(20220101, 20220301), adjusted="ratio", closes_only=True)
    findings = (Finding("D17", "warn", "SP500", "one gap", row=3, count=2),)

    Catalog(tmp_path).write(
        bars, source="csv", provenance="a.csv [x]", calendar="XNYS", findings=findings
    )
    entry = Catalog(tmp_path).entry("SP500", "1d")

    assert (entry.source, entry.provenance, entry.calendar) == ("csv", "a.csv [x]", "XNYS")
    assert (entry.findings, entry.adjusted, entry.closes_only) == (findings, "ratio", True)
    assert (entry.first_session, entry.last_session) == (20220103, 20220301)
    assert Catalog(tmp_path).read("SP500", "1d").closes_only


@pytest.mark.parametrize("end", [20220131, "2022-01-31", "20220131", date(2022, 1, 31)])
def test_a_range_holds_its_whole_last_day(tmp_path, end):
    catalog = Catalog(tmp_path)
    catalog.write(hourly(20220103, 20220301))

    bars = catalog.read("ES", "1h", "2022-01-28", end)

    assert bars.session.tolist() == [20220128] * 3 + [20220131] * 3


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2022-02-05", "2022-02-06", "has bars from 20220103 to 20220301, received a request"),
        ("2025-01-01", None, "has bars from 20220103 to 20220301"),
        ("2022-02-02", "2022-02-01", "start must not lie after end"),
        ("2022-02-30", None, r"such as 2024-01-31, received '2022-02-30'"),
    ],
)
def test_an_empty_or_impossible_range_is_refused(tmp_path, start, end, said):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20220301))

    with pytest.raises(SettingsError, match=said):
        catalog.read("SP500", "1d", start, end)


def test_an_absent_series_names_those_that_are_there(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20220301))

    with pytest.raises(SettingsError, match=r"no 'DAX' at 1d; it has \['SP500 1d'\]"):
        catalog.read("DAX", "1d")


@pytest.mark.parametrize("symbol", ["../evil", "..", ".", ".lock", "a/b", "/etc", "ES:201312", "ö"])
def test_no_symbol_leaves_the_folder(tmp_path, symbol):
    catalog = Catalog(tmp_path / "work")
    bars = daily(20220101, 20220301, symbol)

    catalog.write(bars)

    assert same(catalog.read(symbol, "1d"), bars)
    assert [e.symbol for e in catalog.entries()] == [symbol]
    assert [p.name for p in tmp_path.iterdir()] == ["work"]
    assert len(list((tmp_path / "work" / "catalog").glob("*/1d/manifest.json"))) == 1


@pytest.mark.parametrize("symbol", ["", "x" * 151])
def test_a_symbol_that_can_be_no_folder_is_refused(tmp_path, symbol):
    with pytest.raises(SettingsError, match="must have 1 to 150 characters"):
        Catalog(tmp_path).read(symbol, "1d")


def test_entries_are_listed_by_symbol_and_timeframe(tmp_path):
    catalog = Catalog(tmp_path)
    for bars in (
        hourly(20220101, 20220301),
        daily(20220101, 20220301, "ES"),
        daily(20220103, 20220301, "A"),
    ):
        catalog.write(bars)

    assert [(e.symbol, e.timeframe) for e in catalog.entries()] == [
        ("A", "1d"),
        ("ES", "1d"),
        ("ES", "1h"),
    ]
    assert Catalog(tmp_path / "empty").entries() == []


# --- identity ----------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [20221231, 20230310])
def test_tomorrows_bars_change_no_older_ranges_identity(tmp_path, end):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20230310))
    before = catalog.content_hash("SP500", "1d", 20220601, end)

    catalog.write(daily(20220101, 20231231))

    assert catalog.content_hash("SP500", "1d", 20220601, end) == before
    assert catalog.content_hash("SP500", "1d", 20220601) != before


def test_a_range_has_one_identity_however_it_was_stored(tmp_path):
    short, long = Catalog(tmp_path / "a"), Catalog(tmp_path / "b")
    short.write(daily(20220601, 20230310))
    long.write(daily(20190101, 20231231))

    assert short.content_hash("SP500", "1d") == long.content_hash("SP500", "1d", 20220601, 20230310)


@pytest.mark.parametrize("column", ["close", "volume", "session_end"])
def test_any_other_value_is_another_identity(tmp_path, column):
    bars = daily(20220101, 20220301)
    values = getattr(bars, column).copy()
    values[7] = 0.0 if column == "session_end" else values[7] + 0.5

    hashes = set()
    for k, series in enumerate((bars, replace(bars, **{column: values}))):
        catalog = Catalog(tmp_path / str(k))
        catalog.write(series)
        hashes.add(catalog.content_hash("SP500", "1d"))

    assert len(hashes) == 2


def test_two_catalogs_of_equal_bars_are_equal_bytes(tmp_path):
    for name in ("a", "b"):
        Catalog(tmp_path / name).write(daily(20220101, 20231231), source="csv")

    a, b = (
        {p.name: p.read_bytes() for p in (tmp_path / n / "catalog/SP500/1d").iterdir()}
        for n in ("a", "b")
    )
    assert a == b


# --- adding ------------------------------------------------------------------------------------


def test_the_same_bars_again_touch_no_file(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20231231), source="csv")
    before = stamps(catalog.folder / "SP500")

    catalog.write(daily(20220601, 20230601), source="another")

    assert stamps(catalog.folder / "SP500") == before


@pytest.mark.parametrize(
    "parts",
    [
        [(20220101, 20220630), (20220101, 20231231)],
        [(20220101, 20220630), (20220601, 20231231)],
        [(20220101, 20220630), (20220701, 20231231)],
        [(20220601, 20231231), (20220101, 20220701)],
    ],
)
def test_bars_before_and_after_are_added(tmp_path, parts):
    catalog = Catalog(tmp_path)

    for first, last in parts:
        catalog.write(daily(first, last))

    assert same(catalog.read("SP500", "1d"), daily(20220101, 20231231))


def changed(bars: Bars, **columns: object) -> Bars:
    return replace(bars, **columns)


def without(bars: Bars, at: int) -> Bars:
    rows = np.arange(len(bars)) != at
    return replace(bars, **{name: getattr(bars, name)[rows] for name in bar_columns()})


BARS = daily(20220101, 20220301)
REVISED = BARS.high + (np.arange(len(BARS)) == 4)


@pytest.mark.parametrize(
    ("stored", "fresh", "said"),
    [
        (BARS, changed(BARS, high=REVISED), r"column 'high' of 1 bars differs, first on 20220107"),
        (BARS, without(BARS, 4), "first, of 20220107, is stored and no longer delivered"),
        (without(BARS, 4), BARS, "first, of 20220107, is new within stored history"),
        (BARS, changed(BARS, adjusted="ratio"), "adjusted must be 'none' as stored"),
        (BARS, changed(BARS, closes_only=True), "closes_only must be False as stored"),
    ],
)
def test_changed_history_is_refused_and_replaced_on_demand(tmp_path, stored, fresh, said):
    catalog = Catalog(tmp_path)
    catalog.write(stored)

    with pytest.raises(DataError, match=rf"SP500 1d: .*{said}.*--replace"):
        catalog.write(fresh)
    assert same(catalog.read("SP500", "1d"), stored)

    catalog.write(fresh, replace=True)
    assert same(catalog.read("SP500", "1d"), fresh)


def test_no_bars_are_no_series(tmp_path):
    with pytest.raises(DataError, match="a series must have bars, received none"):
        Catalog(tmp_path).write(BARS.head(0))


# --- damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_chunk_is_refused_until_it_is_ingested_again(tmp_path, damage):
    catalog = Catalog(tmp_path)
    entry = catalog.write(daily(20220101, 20231231))
    path = catalog.folder / "SP500" / "1d" / entry.chunks[1].name
    whole = path.read_bytes()
    flipped = whole[:400] + bytes([whole[400] ^ 1]) + whole[401:]
    path.write_bytes({"flip": flipped, "cut": whole[:-50], "remove": b""}[damage])
    if damage == "remove":
        path.unlink()

    assert catalog.read("SP500", "1d", end=20221231).session[-1] == 20221230
    with pytest.raises(DataError, match=r"SP500 1d: the stored chunk 2023\..*--replace"):
        catalog.read("SP500", "1d")

    catalog.write(daily(20220101, 20231231), replace=True)
    assert same(catalog.read("SP500", "1d"), daily(20220101, 20231231))


@pytest.mark.parametrize("damage", ["{", "[]", '{"series": {}, "sha256": ""}', "moved"])
def test_a_manifest_changed_by_hand_is_refused_until_replaced(tmp_path, damage):
    catalog = Catalog(tmp_path)
    catalog.write(BARS)
    catalog.seal("SP500", "1d", 20220201)
    path = catalog.folder / "SP500" / "1d" / "manifest.json"
    moved = path.read_text().replace("20220201", "20230201")
    path.write_text(moved if damage == "moved" else damage)

    with pytest.raises(DataError, match=r"SP500/1d/manifest\.json: .*--replace"):
        catalog.read("SP500", "1d")

    catalog.write(BARS, replace=True)
    assert same(catalog.read("SP500", "1d"), BARS)


@pytest.mark.parametrize("step", ["catalog.write_manifest", "files.Path.replace", "files.os.fsync"])
def test_a_kill_while_writing_leaves_the_old_series_and_no_litter_after_the_next(tmp_path, step):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20230310))
    code = f"""
        import os, signal
        from alphamill.data import catalog
        from alphamill.workshop import files
        from tests.data.stored_bars import daily
        def die(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)
        {step} = die
        catalog.Catalog({str(tmp_path)!r}).write(daily(20220101, 20231231))
    """

    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, cwd=ROOT)

    assert ran.returncode == -signal.SIGKILL
    assert same(catalog.read("SP500", "1d"), daily(20220101, 20230310))
    entry = catalog.write(daily(20220101, 20231229))
    catalog.write(daily(20220101, 20231231), replace=True)
    names = {p.name for p in (catalog.folder / "SP500" / "1d").iterdir()}
    assert names == {"manifest.json", *(chunk.name for chunk in entry.chunks)}


def test_a_day_that_is_a_moment_is_its_date():
    assert session_of(np.datetime64("2024-01-31").item()) == 20240131
