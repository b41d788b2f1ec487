"""Good symbols come in, bad ones are recorded with all a person needs; neither stops the other."""

import json

import numpy as np
import pandas as pd
import pytest

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, SettingsError
from alphamill.data.calendar import schedule
from alphamill.data.catalog import Catalog
from alphamill.data.ingest import Intake, export, ingest, inspect_series
from alphamill.data.quarantine import record_of
from alphamill.data.raw import RawSeries
from alphamill.data.sources.csv import CsvSource
from alphamill.data.sources.lean import LeanSource
from alphamill.data.sources.sample import SampleSource

NOON = ReplayClock(at_ns=pd.Timestamp("2024-06-03 12:00", tz="UTC").value)


class Told:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self, label: str, total: int) -> None:
        self.said.append(f"{label} {total}")

    def advance(self, n: int = 1, note: str = "") -> None:
        self.said.append(note)

    def finish(self) -> None:
        self.said.append("finished")


class Held:
    """A source of the series it was given."""

    name = "held"

    def __init__(self, *series: RawSeries) -> None:
        self.series = {raw.symbol: raw for raw in series}
        self.fetched: list[str] = []

    def symbols(self) -> list[str]:
        return list(self.series)

    def fetch(self, symbol: str, timeframe: str) -> RawSeries:
        self.fetched.append(symbol)
        return self.series[symbol]


def prices(n: int, seed: int = 5) -> np.ndarray:
    return np.round(100 * np.exp(0.01 * np.random.default_rng(seed).standard_normal(n).cumsum()), 2)


def raw_of(symbol: str, index: pd.DatetimeIndex, stamps: str, timeframe: str) -> RawSeries:
    close = prices(len(index))
    columns = {"open": close - 0.02, "high": close + 0.3, "low": close - 0.3, "close": close}
    frame = pd.DataFrame(columns | {"volume": 1000.0}, index=index)
    return RawSeries(symbol, timeframe, frame, stamps, where=f"{symbol}.bin")


def sessions(first: str, last: str, calendar: str = "XNYS") -> pd.DatetimeIndex:
    plan = schedule(calendar, int(first.replace("-", "")), int(last.replace("-", "")))
    return pd.DatetimeIndex(pd.to_datetime(plan.session.astype(str)))


def spy(first: str = "2023-01-03", last: str = "2024-05-31") -> RawSeries:
    whole = raw_of("SPY", sessions("2023-01-03", "2024-06-28"), "session", "1d")
    return RawSeries("SPY", "1d", whole.frame.loc[first:last], "session", "SPY.bin")


def csv_text(closes: list[object], first: str = "2024-01-02") -> str:
    days = sessions(first, "2024-12-31")[: len(closes)]
    rows = [f"{d.date()},{c},{c},{c},{c},500" for d, c in zip(days, closes, strict=True)]
    return "\n".join(["date,open,high,low,close,volume", *rows]) + "\n"


def quarantined(catalog: Catalog) -> list[dict[str, object]]:
    path = catalog.folder / "quarantine.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


# --- what comes in -----------------------------------------------------------------------------


def test_the_sample_comes_in_with_its_repairs_and_its_flags(tmp_path):
    catalog, told = Catalog(tmp_path), Told()

    taken = ingest(
        SampleSource(), ["SP500", "WTI", "AAPL"], "1d", catalog, clock=NOON, progress=told
    )

    assert [(i.symbol, i.refused, i.n_bars) for i in taken] == [
        ("SP500", None, 5031),
        ("WTI", None, 8321),
        ("AAPL", None, 8313),
    ]
    assert taken[0].repairs == {"open_is_previous_close": 2004}
    assert taken[1].repairs == {"D06": 290}
    assert catalog.entry("SP500", "1d").closes_only
    assert catalog.entry("AAPL", "1d").adjusted == "ratio"
    assert taken[2].content_hash == catalog.content_hash("AAPL", "1d")
    assert told.said == ["ingest 3", "SP500", "WTI", "AAPL", "finished"]


def test_the_same_again_changes_nothing_and_more_is_added(tmp_path):
    catalog = Catalog(tmp_path)
    (first,) = ingest(Held(spy(last="2024-03-28")), ["SPY"], "1d", catalog, clock=NOON)
    (again,) = ingest(Held(spy(last="2024-03-28")), ["SPY"], "1d", catalog, clock=NOON)

    (more,) = ingest(Held(spy(first="2024-03-01")), ["SPY"], "1d", catalog, clock=NOON)

    assert again.content_hash == first.content_hash
    assert (more.first_session, more.last_session) == (20230103, 20240531)
    assert catalog.content_hash("SPY", "1d", end=first.last_session) == first.content_hash


def test_a_day_that_is_not_over_stays_out_until_it_is(tmp_path):
    catalog = Catalog(tmp_path)

    (noon,) = ingest(Held(spy(last="2024-06-03")), ["SPY"], "1d", catalog, clock=NOON)
    later = ReplayClock(NOON.at_ns + 86_400_000_000_000)
    (next_day,) = ingest(Held(spy(last="2024-06-03")), ["SPY"], "1d", catalog, clock=later)

    assert (noon.last_session, noon.repairs) == (20240531, {"D19": 1})
    assert (next_day.last_session, next_day.repairs) == (20240603, {})


def test_a_contract_is_traded_as_its_future(tmp_path, shared):
    catalog = Catalog(tmp_path)
    source = LeanSource(shared / "data" / "lean")

    (taken,) = Intake(catalog, NOON, accepted=["D17"]).take(source, ["ES:201312"], "1m")

    assert (taken.refused, taken.n_bars) == (None, 16673)
    assert catalog.read("ES:201312", "1m").symbol == "ES:201312"
    assert catalog.entry("ES:201312", "1m").calendar == "CMES"


def test_overrides_reach_the_instrument(tmp_path):
    catalog = Catalog(tmp_path)
    raw = raw_of("NEWCO", sessions("2023-01-03", "2023-12-29"), "session", "1d")
    overrides = {"NEWCO": {"asset_class": "equity", "calendar": "24/5"}}

    (taken,) = Intake(catalog, NOON, overrides, accepted=["D17"]).take(Held(raw), ["NEWCO"], "1d")

    assert taken.refused is None
    assert catalog.entry("NEWCO", "1d").calendar == "24/5"


# --- what stays out ----------------------------------------------------------------------------


def test_a_bad_file_is_recorded_with_all_a_person_needs_and_the_others_go_on(tmp_path):
    folder, catalog = tmp_path / "files", Catalog(tmp_path)
    folder.mkdir()
    closes = prices(80).tolist()
    for symbol, bad in (("AAPL", None), ("AMD", "n/a"), ("BAC", None)):
        text = csv_text([*closes[:40], bad or closes[40], *closes[41:]])
        (folder / f"{symbol}.csv").write_text(text)

    taken = ingest(CsvSource(folder), ["AAPL", "AMD", "BAC"], "1d", catalog, clock=NOON)

    assert [i.refused is None for i in taken] == [True, False, True]
    assert (taken[1].exit_code, taken[1].content_hash) == (3, "")
    (record,) = quarantined(catalog)
    assert (record["symbol"], record["source"], record["at_ns"]) == ("AMD", "csv", NOON.at_ns)
    assert record["file"] == str(folder / "AMD.csv")
    assert (record["row"], record["column"], record["value"]) == (42, "open", "'n/a'")
    assert record["remedy"].startswith("Correct or delete this row")
    assert record["message"] == taken[1].refused


def test_a_refusal_of_the_quality_rules_is_recorded_with_its_rule(tmp_path):
    path, catalog = tmp_path / "AAPL.csv", Catalog(tmp_path)
    path.write_text(csv_text([*prices(30).tolist(), -1.0, *prices(30).tolist()]))

    (taken,) = ingest(CsvSource(path), ["AAPL"], "1d", catalog, clock=NOON)

    (record,) = quarantined(catalog)
    assert (record["file"], record["row"], record["value"]) == ("AAPL.csv", 32, "-1.0")
    assert (record["rule"], record["error"]) == ("D09", "DataError")
    assert taken.refused.endswith("[D09]")
    assert catalog.entries() == []


def test_refusals_are_added_to_the_record(tmp_path):
    path, catalog = tmp_path / "AAPL.csv", Catalog(tmp_path)
    path.write_text("nothing\n")

    for _ in range(2):
        ingest(CsvSource(path), ["AAPL"], "1d", catalog, clock=NOON)

    assert len(quarantined(catalog)) == 2


def test_a_source_that_needs_a_setting_refuses_its_symbol_only(tmp_path):
    catalog = Catalog(tmp_path)

    taken = ingest(SampleSource(), ["SPY", "SP500"], "1d", catalog, clock=NOON)

    assert [(i.exit_code, i.refused is None) for i in taken] == [(2, False), (0, True)]


def test_unknown_instruments_are_all_named_before_anything_is_fetched(tmp_path):
    source = Held(spy())

    with pytest.raises(SettingsError, match=r"(?s)received 'SPYY'.*received 'ZZTOP'"):
        ingest(source, ["SPY", "SPYY", "ZZTOP"], "1d", Catalog(tmp_path), clock=NOON)

    assert source.fetched == []


def test_an_unknown_timeframe_is_refused_before_anything_is_fetched(tmp_path):
    source = Held(spy())

    with pytest.raises(SettingsError, match="timeframe must be one of"):
        ingest(source, ["SPY"], "2d", Catalog(tmp_path), clock=NOON)

    assert source.fetched == []


def test_revised_history_is_refused_and_replaced_on_demand(tmp_path):
    catalog, revised = Catalog(tmp_path), spy()
    ingest(Held(spy()), ["SPY"], "1d", catalog, clock=NOON)
    revised.frame.iloc[7, revised.frame.columns.get_loc("volume")] = 999.0

    (refused,) = ingest(Held(revised), ["SPY"], "1d", catalog, clock=NOON)
    (taken,) = Intake(catalog, NOON, replace=True).take(Held(revised), ["SPY"], "1d")

    assert "column 'volume' of 1 bars differs, first on 20230112" in refused.refused
    assert taken.refused is None
    assert catalog.read("SPY", "1d").volume[7] == 999.0


def test_later_bars_of_another_scale_are_refused(tmp_path):
    catalog, scaled = Catalog(tmp_path), spy(first="2024-03-01")
    ingest(Held(spy(last="2024-02-29")), ["SPY"], "1d", catalog, clock=NOON)
    scaled.frame[["open", "high", "low", "close"]] *= 100

    (taken,) = ingest(Held(scaled), ["SPY"], "1d", catalog, clock=NOON)

    assert taken.refused.endswith("[D22]")


def test_a_series_with_holes_is_refused_unless_they_are_accepted(tmp_path):
    raw = spy()
    kept = np.arange(len(raw.frame)) % 6 > 0
    holed = RawSeries("SPY", "1d", raw.frame[kept], "session", "SPY.bin")

    (refused,) = ingest(Held(holed), ["SPY"], "1d", Catalog(tmp_path), clock=NOON)
    (taken,) = Intake(Catalog(tmp_path), NOON, accepted=["D17"]).take(Held(holed), ["SPY"], "1d")

    assert "[D17]" in refused.refused
    assert taken.n_bars == len(holed.frame)


# --- bars outside the sessions -----------------------------------------------------------------


def minutes_around_the_session(first_hour: str, n: int, zone: str) -> RawSeries:
    days = sessions("2024-03-04", "2024-03-28")
    index = pd.DatetimeIndex(
        np.concatenate(
            [pd.date_range(d + pd.Timedelta(first_hour), periods=n, freq="min") for d in days]
        )
    )
    return raw_of("SPY", index.tz_localize(zone).tz_convert("UTC"), "open", "1m")


def test_bars_before_and_after_hours_are_dropped_and_counted(tmp_path):
    catalog = Catalog(tmp_path)
    raw = minutes_around_the_session("08:30:00", 480, "America/New_York")  # to 16:30

    (taken,) = ingest(Held(raw), ["SPY"], "1m", catalog, clock=NOON)

    assert taken.refused is None
    assert taken.repairs["D16"] == 19 * 90
    assert taken.n_bars == 19 * 390
    assert [f.count for f in taken.findings if f.rule == "D16"] == [19 * 90]


def test_stamps_of_another_zone_are_refused_and_not_dropped(tmp_path):
    # Hours of New York stamped as UTC: only 13:30 to 16:00 UTC would be left of each session.
    raw = minutes_around_the_session("09:30:00", 390, "UTC")

    (taken,) = ingest(Held(raw), ["SPY"], "1m", Catalog(tmp_path), clock=NOON)

    assert "the others fill" in taken.refused
    assert "Correct the stamps' zone" in taken.refused


# --- out again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("timeframe", ["1d", "1m"])
def test_an_export_ingested_again_is_the_same_series(tmp_path, timeframe):
    one, two = Catalog(tmp_path / "one"), Catalog(tmp_path / "two")
    raw = (
        spy()
        if timeframe == "1d"
        else minutes_around_the_session("09:30:00", 390, "America/New_York")
    )
    (first,) = ingest(Held(raw), ["SPY"], timeframe, one, clock=NOON)

    n_bars = export(one, "SPY", timeframe, tmp_path / "SPY.csv")
    source = CsvSource(tmp_path / "SPY.csv", stamps="close")
    (second,) = ingest(source, ["SPY"], timeframe, two, clock=NOON)

    assert second.refused is None
    assert (n_bars, second.content_hash) == (first.n_bars, first.content_hash)


def test_an_export_to_parquet_holds_every_column_and_stops_at_the_seal(tmp_path):
    catalog, path = Catalog(tmp_path), tmp_path / "spy.parquet"
    ingest(Held(spy()), ["SPY"], "1d", catalog, clock=NOON)
    catalog.seal("SPY", "1d", 20240101)

    export(catalog, "SPY", "1d", path, "parquet")

    table = pd.read_parquet(path)
    assert int(table["session"].iloc[-1]) == 20231229
    assert {"close_time", "open", "volume", "raw_close", "session_end"} <= set(table.columns)


def test_an_unknown_format_is_refused(tmp_path):
    catalog = Catalog(tmp_path)
    ingest(Held(spy()), ["SPY"], "1d", catalog, clock=NOON)

    with pytest.raises(SettingsError, match="format must be csv or parquet, received 'xlsx'"):
        export(catalog, "SPY", "1d", tmp_path / "x", "xlsx")


def test_inspection_counts_sessions_against_the_calendar(tmp_path):
    catalog, raw = Catalog(tmp_path), spy()
    holed = RawSeries("SPY", "1d", raw.frame.drop(raw.frame.index[10:20]), "session", "SPY.bin")
    ingest(Held(holed), ["SPY"], "1d", catalog, clock=NOON)
    catalog.seal("SPY", "1d", 20240101)

    seen = inspect_series(catalog, "SPY", "1d")

    n_expected = len(sessions("2023-01-03", "2024-05-31"))
    assert seen.coverage_frac == (n_expected - 10) / n_expected
    assert (seen.first_session, seen.last_session, seen.n_bars) == (20230103, 20240531, 345)
    assert (seen.first_sealed_session, seen.source, seen.calendar) == (20240101, "held", "XNYS")
    assert "D17" in [f.rule for f in seen.findings]


# --- the record --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            "data/ES.csv: row 7, column 'close': must be a number, received 'x. Y'. Correct it.",
            ("data/ES.csv", 7, "close", "'x. Y'", "Correct it."),
        ),
        (
            "ES (ES.csv [comma; closes only]): row 9 (2024-01-31), column 'low': must be finite, "
            "received nan (and 3 more rows). Fetch it again. [D06]",
            ("ES.csv", 9, "low", "nan", "Fetch it again."),
        ),
        (
            "timeframe must be one of ['1m', '1d'], received '2d'.",
            (None, None, None, "'2d'", None),
        ),
        ("the disk is gone", (None, None, None, None, None)),
    ],
)
def test_the_parts_of_a_message_are_cut_out(message, parts):
    record = record_of(DataError(message))

    assert tuple(record[p] for p in ("file", "row", "column", "value", "remedy")) == parts
    assert record["message"] == message
