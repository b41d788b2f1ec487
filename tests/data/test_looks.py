"""The seal holds, and every look past it leaves a line that cannot be taken out."""

import json
from dataclasses import replace

import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, SettingsError
from alphamill.data.catalog import Catalog
from tests.data.stored_bars import daily

CLOCK = ReplayClock(at_ns=1_700_000_000_000_000_000)


def sealed(root, first: int = 20230101) -> Catalog:
    catalog = Catalog(root)
    catalog.write(daily(20220101, 20231231))
    catalog.seal("SP500", "1d", first)
    return catalog


@pytest.mark.parametrize("end", [None, 20230630])
def test_reading_stops_before_the_seal(tmp_path, end):
    bars = sealed(tmp_path).read("SP500", "1d", end=end)

    assert bars.session[-1] == 20221230


def test_a_range_that_is_wholly_sealed_says_so(tmp_path):
    with pytest.raises(SettingsError, match="to 20231229, sealed from 20230101, received"):
        sealed(tmp_path).read("SP500", "1d", start=20230201)


def test_a_logged_look_opens_the_seal(tmp_path):
    catalog = sealed(tmp_path)

    token = catalog.open_seal("SP500", "1d", "ada", "promotion of zscore", CLOCK)
    bars = catalog.read("SP500", "1d", token=token)

    assert bars.session[-1] == 20231229
    (line,) = (catalog.folder / "looks.jsonl").read_text().splitlines()
    logged = json.loads(line)
    assert (logged["who"], logged["why"], logged["at_ns"]) == (
        "ada",
        "promotion of zscore",
        CLOCK.at_ns,
    )
    assert (logged["first_session"], logged["last_session"]) == (20230101, 20231229)
    assert catalog.read("SP500", "1d").session[-1] == 20221230


def test_every_look_is_logged_in_order(tmp_path):
    catalog = sealed(tmp_path)

    for why in ("first", "second", "third"):
        catalog.open_seal("SP500", "1d", "ada", why, CLOCK)

    assert [(x.number, x.why) for x in catalog.looks()] == [
        (1, "first"),
        (2, "second"),
        (3, "third"),
    ]


def test_a_token_that_is_not_in_the_log_opens_nothing(tmp_path):
    catalog = sealed(tmp_path)
    token = catalog.open_seal("SP500", "1d", "ada", "look", CLOCK)
    forged = replace(token, look=replace(token.look, number=2))
    catalog.write(daily(20220101, 20231231, "OTHER"))
    catalog.seal("OTHER", "1d", 20230101)

    for symbol, wrong in (("SP500", forged), ("OTHER", token)):
        with pytest.raises(SettingsError, match=f"{symbol} 1d: sealed bars need a logged look"):
            catalog.read(symbol, "1d", token=wrong)


def test_a_token_is_no_good_for_bars_that_came_after_it(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20230630))
    catalog.seal("SP500", "1d", 20230101)
    token = catalog.open_seal("SP500", "1d", "ada", "look", CLOCK)

    catalog.write(daily(20220101, 20231231))

    with pytest.raises(SettingsError, match="as it is now, received look 1"):
        catalog.read("SP500", "1d", token=token)


@pytest.mark.parametrize(("who", "why"), [("", "x"), ("ada", "  ")])
def test_a_look_without_a_name_or_a_reason_is_refused_and_not_logged(tmp_path, who, why):
    catalog = sealed(tmp_path)

    with pytest.raises(SettingsError, match="a look at sealed bars must say wh[oy]"):
        catalog.open_seal("SP500", "1d", who, why, CLOCK)

    assert catalog.looks() == []


@pytest.mark.parametrize("tamper", [(0, 1), (1, 2), (1, 1)])
def test_a_log_of_looks_with_a_line_less_or_changed_is_refused(tmp_path, tamper):
    catalog = sealed(tmp_path)
    for why in ("first", "second", "third"):
        catalog.open_seal("SP500", "1d", "ada", why, CLOCK)
    path = catalog.folder / "looks.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    start, stop = tamper
    kept = lines[:start] + lines[stop:]
    kept = [line.replace(b"second", b"nothing") for line in kept] if start == stop else kept
    path.write_bytes(b"".join(kept))

    with pytest.raises(DataError, match=r"looks\.jsonl: row \d of the log"):
        catalog.open_seal("SP500", "1d", "ada", "again", CLOCK)


def test_a_seal_moves_earlier_by_itself_and_later_only_for_a_look(tmp_path):
    catalog = sealed(tmp_path)

    assert catalog.seal("SP500", "1d", 20230601) == 20230101
    assert catalog.seal("SP500", "1d", "2022-07-01") == 20220701
    token = catalog.open_seal("SP500", "1d", "ada", "a new holdout", CLOCK)
    assert catalog.seal("SP500", "1d", 20230601, token=token) == 20230601
    assert catalog.read("SP500", "1d").session[-1] == 20230531


@pytest.mark.parametrize("replaced", [False, True])
def test_a_seal_outlives_new_bars(tmp_path, replaced):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20230630))
    catalog.seal("SP500", "1d", 20230101)

    catalog.write(daily(20220101, 20231231), replace=replaced)

    assert catalog.read("SP500", "1d").session[-1] == 20221230


def test_only_a_sealed_series_can_be_opened(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write(daily(20220101, 20220301))

    with pytest.raises(SettingsError, match="only a sealed series can be opened"):
        catalog.open_seal("SP500", "1d", "ada", "look", CLOCK)
