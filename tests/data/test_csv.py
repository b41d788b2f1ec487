"""Delimited text becomes the bars it holds: names, stamps, zones, numbers, files, folders."""

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.sources.csv import CsvSource
from tests.data.file_cases import DAILY, as_text, good_daily, good_intraday, zipped

NEW_YORK = {"timezone": "America/New_York", "stamps": "open"}


def fetched(folder, text, timeframe="1d", name="X.csv", **options):
    (folder / name).write_text(text)
    return CsvSource(folder / name, **options).fetch("X", timeframe)


def bars_at(*stamps, header="time"):
    """Return a file of flat bars at the given stamps."""
    return f"{header},open,high,low,close\n" + "".join(f"{s},1,2,0.5,1.5\n" for s in stamps)


def moments(raw):
    return [str(t) for t in raw.frame.index.tz_localize(None)]


def test_a_plain_daily_file_is_read_to_the_last_digit(tmp_path):
    rows = good_daily()
    raw = fetched(tmp_path, as_text(rows))

    assert (raw.stamps, raw.frame.index.name, raw.frame.index.tz) == ("session", "session", None)
    assert [str(d.date()) for d in raw.frame.index] == [row[0] for row in rows[1:]]
    for at, name in enumerate(["open", "high", "low", "close", "volume"], start=1):
        assert raw.frame[name].tolist() == [float(row[at]) for row in rows[1:]]
    assert raw.frame["line"].tolist() == list(range(2, 92))
    assert (raw.where, dict(raw.repairs), raw.closes_only) == ("X.csv", {}, False)


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Close,Volume",
        "DATETIME,o,h,l,c,v",
        "timestamp,1. open,2. high,3. low,4. close,5. volume",
        "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        "Trade Date,Open Price,High Price,Low Price,Settlement Price,Total Volume",
        "time, OPEN ,hi gh,LOW,Last,Vol.",
        ",open,high,low,close,volume",
    ],
)
def test_any_reasonable_names_are_understood(header, tmp_path):
    raw = fetched(tmp_path, f"{header}\n2024-01-02,1,4,0.5,2,7\n2024-01-03,2,5,1,3,8\n")

    assert raw.frame[["open", "high", "low", "close", "volume"]].to_numpy().tolist() == [
        [1, 4, 0.5, 2, 7],
        [2, 5, 1, 3, 8],
    ]


def test_extra_columns_are_named_and_cost_nothing(tmp_path):
    text = "Date,Open,High,Low,Close,Adj Close,OpenInterest\n2024-01-02,1,4,0.5,2,1.9,77\n"
    raw = fetched(tmp_path, text)

    assert raw.where == "X.csv [ignored columns ['Adj Close', 'OpenInterest']]"
    assert (raw.frame["close"].item(), raw.adjusted) == (2.0, "none")
    assert np.isnan(raw.frame["volume"].item())


def test_a_lone_adjusted_close_says_that_it_is_adjusted(tmp_path):
    raw = fetched(tmp_path, "Date,Adj Close\n2024-01-02,1.9\n")

    assert (raw.adjusted, raw.closes_only) == ("ratio", True)
    assert raw.frame[["open", "high", "low", "close"]].to_numpy().tolist() == [[1.9] * 4]


def test_closes_only_on_request_leaves_the_other_prices_unread(tmp_path):
    raw = fetched(
        tmp_path, "Date,Open,High,Low,Close\n2024-01-02,n/a,n/a,n/a,2\n", closes_only=True
    )

    assert raw.closes_only
    assert raw.frame["high"].item() == 2.0


def test_declared_columns_win_over_names(tmp_path):
    text = "Date,Px,Open,High,Low,Close\n2024-01-02,3,1,4,0.5,2\n"
    raw = fetched(tmp_path, text, columns={"close": "px"})

    assert raw.frame["close"].item() == 3.0
    with pytest.raises(SettingsError, match=r"close=Prix must name a column .*'Px'"):
        fetched(tmp_path, text, columns={"close": "Prix"})
    with pytest.raises(SettingsError, match="--columns knows .* received 'klose'"):
        fetched(tmp_path, text, columns={"klose": "Px"})


@pytest.mark.parametrize(
    "stamp",
    [
        "2024-01-31 09:30",
        "2024-01-31T09:30:00.000",
        "2024/1/31 9:30",
        "2024.01.31 09:30:00",
        "20240131 0930",
        "20240131 093000",
        "202401310930",
        "20240131093000",
        "1/31/2024 9:30:00 AM",
        "31.01.2024 09:30",
        "2024-01-31 14:30Z",
        "2024-01-31T14:30:00+00:00",
        "2024-01-31 09:30:00-05:00",
        "2024-01-31T20:00:00+0530",
        "2024-01-31 15:30 +01",
        "1706711400",
        "1706711400.0",
        "1706711400000",
        "1706711400000000",
        "1706711400000000000",
    ],
)
def test_every_way_of_writing_a_moment_gives_that_moment(stamp, tmp_path):
    raw = fetched(tmp_path, bars_at(stamp), "15m", **NEW_YORK)

    assert moments(raw) == ["2024-01-31 14:30:00"]
    assert (raw.stamps, raw.frame.index.name, str(raw.frame.index.tz)) == ("open", "open", "UTC")


@pytest.mark.parametrize(
    ("stamp", "second"),
    [("2024-01-31 09:30:00.250", ".25"), ("1706711400.25", ".25"), ("1706711400250000001", "")],
)
def test_parts_of_a_second_are_kept(stamp, second, tmp_path):
    text = moments(fetched(tmp_path, bars_at(stamp), "1m", **NEW_YORK))[0]

    assert text.startswith(f"2024-01-31 14:30:00{second or '.250000001'}")


def test_day_and_month_are_told_apart_by_the_whole_file(tmp_path):
    first = fetched(tmp_path, bars_at("03/04/2024", "13/04/2024", header="date"))
    second = fetched(tmp_path, bars_at("03/04/2024", "03/14/2024", header="date"))

    assert first.frame.index[0] == pd.Timestamp("2024-04-03")
    assert second.frame.index[0] == pd.Timestamp("2024-03-04")
    assert "day/month/year" in first.where
    assert "month/day/year" in second.where


def test_noon_and_midnight_are_not_exchanged(tmp_path):
    stamps = ("1/31/2024 12:15 AM", "1/31/2024 12:15 PM")
    raw = fetched(tmp_path, bars_at(*stamps), "15m", timezone="UTC", stamps="close")

    assert moments(raw) == ["2024-01-31 00:15:00", "2024-01-31 12:15:00"]


def test_bare_dates_among_times_are_midnights_when_in_order(tmp_path):
    stamps = ("2024-01-08 23:45", "2024-01-09", "2024-01-09 00:15")
    raw = fetched(tmp_path, bars_at(*stamps), "15m", timezone="UTC", stamps="open")

    assert moments(raw)[1] == "2024-01-09 00:00:00"
    assert "1 bare dates read as midnight" in raw.where


def test_date_and_time_columns_make_one_stamp(tmp_path):
    text = "Date,Time,Close\n20240131,930,1\n20240131,1000,2\n"
    raw = fetched(tmp_path, text, "15m", timezone="America/Chicago", stamps="close")

    assert moments(raw) == ["2024-01-31 15:30:00", "2024-01-31 16:00:00"]


def test_local_time_follows_the_clock_changes(tmp_path):
    text = bars_at("2024-03-08 09:30", "2024-03-11 09:30")

    assert [m[11:16] for m in moments(fetched(tmp_path, text, "15m", **NEW_YORK))] == [
        "14:30",
        "13:30",
    ]


def test_a_column_called_open_time_declares_its_stamps(tmp_path):
    text = "Open time,Open,High,Low,Close,Close time\n1706711400000,1,2,0.5,1.5,1706712299999\n"

    assert fetched(tmp_path, text, "15m").stamps == "open"
    closes = fetched(tmp_path, text, "15m", stamps="close")
    assert moments(closes) == ["2024-01-31 14:44:59.999000"]
    with pytest.raises(SettingsError, match="holds each bar's open, received --stamps close"):
        fetched(tmp_path, bars_at("1706711400", header="open time"), "15m", stamps="close")


@pytest.mark.parametrize(
    ("stamp", "options"),
    [
        ("2024-01-02", {}),
        ("2024-01-02 00:00:00", {}),
        ("2024-01-02 00:00:00-05:00", {}),
        ("1704153600", {}),
        ("2024-01-02T05:00:00Z", {"timezone": "America/New_York"}),
        ("2024-01-02 16:00:00", {"stamps": "session"}),
        ("2024-01-03T01:00:00Z", {"stamps": "session", "timezone": "America/New_York"}),
    ],
)
def test_a_daily_stamp_gives_its_trade_date(stamp, options, tmp_path):
    raw = fetched(tmp_path, bars_at(stamp), **options)

    assert raw.stamps == "session"
    assert raw.frame.index.tolist() == [pd.Timestamp("2024-01-02")]


def test_a_daily_close_time_at_midnight_is_not_taken_for_its_date(tmp_path):
    with pytest.raises(DataError, match="must have a declared meaning"):
        fetched(tmp_path, bars_at("2024-01-03 00:00:00", header="close time"))


def test_mixed_offsets_of_one_zone_are_one_file(tmp_path):
    text = bars_at("2024-03-08 09:30:00-05:00", "2024-03-11 09:30:00-04:00")

    assert [m[11:16] for m in moments(fetched(tmp_path, text, "15m", stamps="open"))] == [
        "14:30",
        "13:30",
    ]


def test_decimal_commas_need_evidence_or_a_word(tmp_path):
    clear = fetched(tmp_path, "Date;Close\n2024-01-02;1,25\n2024-01-03;1,125\n")
    said = fetched(tmp_path, "Date;Close\n2024-01-02;110,125\n", decimal=",")

    assert clear.frame["close"].tolist() == [1.25, 1.125]
    assert (said.frame["close"].item(), dict(said.repairs)) == (110.125, {"D03": 1})
    with pytest.raises(DataError, match="row 2, column 'Close': .*thousands mark"):
        fetched(tmp_path, "Date;Close\n2024-01-02;110,125\n")


def test_the_ticker_na_is_a_word(tmp_path):
    text = "Date,Ticker,Close\n2024-01-02,NA,1\n2024-01-02,null,2\n2024-01-03,NA,3\n"
    (tmp_path / "all.csv").write_text(text)
    source = CsvSource(tmp_path / "all.csv")

    assert source.symbols() == ["NA", "null"]
    assert source.fetch("NA", "1d").frame["close"].tolist() == [1.0, 3.0]
    assert source.fetch("NA", "1d").frame["line"].tolist() == [2, 4]
    with pytest.raises(SettingsError, match="must hold rows of 'ES'"):
        source.fetch("ES", "1d")


def test_a_folder_gives_each_symbol_and_timeframe_its_file(tmp_path):
    (tmp_path / "ES_15min.csv").write_text(as_text(good_intraday()))
    (tmp_path / "ES_daily.txt").write_text(as_text(good_daily(), "\t"))
    (tmp_path / "na.zip").write_bytes(zipped(("whatever.csv", as_text(good_daily()).encode())))
    (tmp_path / "notes.md").write_text("not data")
    source = CsvSource(tmp_path, **NEW_YORK)

    assert source.symbols() == ["ES", "NA"]
    assert len(source.fetch("ES", "15m").frame) == 130
    assert len(source.fetch("ES", "1d").frame) == 90
    assert len(source.fetch("NA", "1d").frame) == 90
    with pytest.raises(SettingsError, match="has ES at 15m, 1d, received a request for 1h"):
        source.fetch("ES", "1h")
    with pytest.raises(SettingsError, match="must hold a file for 'NQ'"):
        source.fetch("NQ", "1d")


def test_a_file_that_names_its_timeframe_is_preferred(tmp_path):
    (tmp_path / "ES.csv").write_text(as_text(good_daily()))
    (tmp_path / "ES_15min.csv").write_text(as_text(good_intraday()))
    source = CsvSource(tmp_path, **NEW_YORK)

    assert [source.fetch("ES", tf).where for tf in ("15m", "1d")] == ["ES_15min.csv", "ES.csv"]


def test_two_files_for_one_series_are_refused(tmp_path):
    for name in ("ES.csv", "es.txt"):
        (tmp_path / name).write_text(as_text(good_daily()))

    with pytest.raises(DataError, match=r"must be one file, received \['ES.csv', 'es.txt'\]"):
        CsvSource(tmp_path).fetch("ES", "1d")


@pytest.mark.parametrize("symbol", ["../ES", "a/b", "..", "", "a\\b", "X\0"])
def test_a_symbol_never_leaves_the_folder(symbol, tmp_path):
    with pytest.raises(SettingsError, match="a symbol must be a plain name"):
        CsvSource(tmp_path).fetch(symbol, "1d")


def test_one_file_does_not_serve_two_symbols(tmp_path):
    (tmp_path / "ES.csv").write_text(as_text(good_daily()))

    with pytest.raises(SettingsError, match="name says 'ES', received a request for 'NQ'"):
        CsvSource(tmp_path / "ES.csv").fetch("NQ", "1d")
    assert CsvSource(tmp_path / "ES.csv", symbol="NQ").fetch("NQ", "1d").symbol == "NQ"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timezone": "America/NewYork"}, "IANA zone, received 'America/NewYork'; did you mean"),
        ({"timezone": "../etc"}, "IANA zone"),
        ({"stamps": "end"}, "--stamps must be one of"),
        ({"decimal": ";"}, "--decimal must be one of"),
        ({"adjusted": "yes"}, "--adjusted must be one of"),
    ],
)
def test_a_wrong_declaration_is_refused_at_once(options, said, tmp_path):
    with pytest.raises(SettingsError, match=said):
        CsvSource(tmp_path, **options)


def test_columns_are_converted_exactly_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("alphamill.data.delimited.CHUNK_ROWS", 7)
    rows = good_daily()

    raw = fetched(tmp_path, as_text(rows), **DAILY)

    assert raw.frame["close"].tolist() == [float(row[4]) for row in rows[1:]]
    assert raw.frame["line"].tolist() == list(range(2, 92))


def test_files_that_real_programs_wrote_are_read(shared):
    folder = shared / "data" / "indicator-oracles"
    daily = CsvSource(folder / "spy_ohlcv.txt", symbol="SPY").fetch("SPY", "1d")
    hourly = CsvSource(
        folder / "eurusd60_dem.txt", symbol="EURUSD", timezone="UTC", stamps="open"
    ).fetch("EURUSD", "1h")

    assert daily.frame.iloc[0].tolist() == [151.16, 151.89, 150.49, 151.89, 106_292_600.0, 2.0]
    assert daily.frame.index[0] == pd.Timestamp("2013-02-22")
    assert str(hourly.frame.index[0]) == "2019-02-15 14:00:00+00:00"
    assert len(hourly.frame) == 3728
