"""A LEAN folder is read as LEAN means it: scales, zones, tickers, factors, contracts."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.calendar import to_bars
from alphamill.data.instruments import instrument
from alphamill.data.sources.lean import LeanSource


def zipped(path: Path, **members: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text)
    return path


def daily_equity(root: Path, ticker: str, text: str) -> Path:
    return zipped(root / f"equity/usa/daily/{ticker}.zip", **{ticker: text})


def table(root: Path, folder: str, ticker: str, text: str) -> None:
    path = root / f"equity/usa/{folder}/{ticker}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def day_row(date: int, price: int) -> str:
    return f"{date} 00:00,{price},{price},{price},{price},100\n"


# --- the real folder ---------------------------------------------------------------------------


def test_the_folder_lists_every_ticker_once(shared):
    source = LeanSource(shared / "data" / "lean")

    assert " ".join(source.symbols()) == (
        "AAPL BAC BNO BTCUSD EEM ES EURGBP EURUSD FB IBM IWM NZDUSD QQQ SPY USO WM"
    )


def test_the_last_daily_bar_of_spy_is_the_one_in_the_file(shared):
    raw = LeanSource(shared / "data" / "lean").fetch("SPY", "1d")

    last = raw.frame.loc["2021-03-31", ["open", "high", "low", "close", "volume", "line"]]
    assert last.tolist() == [395.35, 398.0, 395.33, 396.33, 90673494.0, 5849.0]
    assert (raw.stamps, raw.adjusted) == ("session", "ratio")


def test_apple_before_its_splits_is_scaled_by_both_factors(shared):
    # 2005-02-25, the day before two for one: 0.8613657 x 0.0178571, and 89.02 as traded.
    frame = LeanSource(shared / "data" / "lean").fetch("AAPL", "1d").frame

    day = frame.loc["2005-02-25"]
    assert day["close"] == pytest.approx(day["raw_close"] * 0.8613657 * 0.0178571, rel=1e-12)
    assert 80 < day["raw_close"] < 100
    assert frame.loc["2005-02-28", "raw_close"] < 50


@pytest.mark.parametrize(
    ("symbol", "first", "said"),
    [
        ("FB", "2012-05-18", "left out 716 bars of another company"),
        ("WM", "2009-08-05", "lacks the bars under its earlier ticker WMI"),
        ("QQQ", "2011-03-23", "lacks the bars under its earlier ticker QQQQ"),
        ("SPY", "1998-01-02", "adjusted by its factor file"),
    ],
)
def test_a_company_begins_where_its_ticker_is_its_own(shared, symbol, first, said):
    raw = LeanSource(shared / "data" / "lean").fetch(symbol, "1d")

    assert str(raw.frame.index[0].date()) == first
    assert said in raw.where


def test_a_minute_of_spy_opens_at_half_past_nine_in_new_york(shared):
    raw = LeanSource(shared / "data" / "lean", adjusted=False).fetch("SPY", "1m")

    opening = raw.frame.loc["2013-10-07 13:30:00+00:00"]
    assert raw.frame["volume"].loc["2013-10-07"].idxmax().hour in (13, 19)
    assert 167 < opening["open"] < 169
    assert (raw.stamps, raw.adjusted) == ("open", "none")


def test_futures_begin_with_the_session_in_either_half_of_the_year(shared):
    # 17:00 Chicago is 22:00 UTC in summer and 23:00 in winter.
    frame = LeanSource(shared / "data" / "lean").fetch("ES", "1m").frame

    assert str(frame.index[0]) == "2013-10-06 22:00:00+00:00"
    assert str(frame.loc["2020-01-05"].index[0]) == "2020-01-05 23:00:00+00:00"


def test_every_bar_of_the_futures_lies_in_a_session_of_its_calendar(shared):
    raw = LeanSource(shared / "data" / "lean").fetch("ES", "1m")

    bars = to_bars(raw, instrument("ES"))

    assert bars.session[0] == 20131007
    assert bars.cash_minute[0] == (17 - 24) * 60 - 510


def test_the_front_month_changes_once_volume_has(shared):
    source = LeanSource(shared / "data" / "lean")

    front, old = source.fetch("ES", "1m").frame, source.fetch("ES:201312", "1m").frame

    # Volume crossed before the 18th, a day the folder lacks; the day before in it is 12-03.
    assert front.loc["2013-12-03":"2013-12-17"].equals(old.loc["2013-12-03":"2013-12-17"])
    assert not front.loc["2013-12-20", "close"].equals(old.loc["2013-12-20", "close"])


def test_contracts_are_listed_and_unknown_ones_refused(shared):
    source = LeanSource(shared / "data" / "lean")

    assert source.contracts("ES")[:2] == ["ES:201312", "ES:201403"]
    with pytest.raises(SettingsError, match=r"ES:203012: the folder has the contracts \[201312"):
        source.fetch("ES:203012", "1m")
    with pytest.raises(SettingsError, match="only futures have contracts"):
        source.fetch("SPY:201312", "1d")


def test_quotes_become_their_middle_with_unknown_volume(shared):
    raw = LeanSource(shared / "data" / "lean").fetch("EURUSD", "1d")

    # 1.31927 bid and 1.32027 asked at the open of 2007-01-01.
    assert raw.frame["open"].iloc[0] == pytest.approx(1.31977, abs=1e-12)
    assert raw.frame["volume"].isna().all()


def test_crypto_is_stored_as_it_is(shared):
    frame = LeanSource(shared / "data" / "lean").fetch("BTCUSD", "1d").frame

    assert frame.iloc[0, :5].tolist() == [300, 370, 300, 370, 0.05655554]


# --- made folders ------------------------------------------------------------------------------


def test_a_factor_holds_up_to_and_including_its_date(tmp_path):
    daily_equity(tmp_path, "aa", "".join(day_row(d, 100_0000) for d in (20240102, 20240103)))
    table(tmp_path, "factor_files", "aa", "20240102,0.9,0.5,1\n20501231,1,1,0\n")

    frame = LeanSource(tmp_path).fetch("AA", "1d").frame

    assert frame["close"].tolist() == [45.0, 100.0]
    assert frame["raw_close"].tolist() == [100.0, 100.0]
    assert frame["volume"].tolist() == [200.0, 100.0]


def test_unadjusted_prices_have_no_factors_and_say_so(tmp_path):
    daily_equity(tmp_path, "aa", day_row(20240102, 100_0000))
    table(tmp_path, "factor_files", "aa", "20240102,0.9,0.5,1\n20501231,1,1,0\n")

    raw = LeanSource(tmp_path, adjusted=False).fetch("AA", "1d")

    assert (raw.adjusted, raw.frame["close"].tolist()) == ("none", [100.0])
    assert raw.where == "equity/usa/daily/aa.zip [prices as traded]"


def test_a_company_is_followed_through_its_tickers(tmp_path):
    daily_equity(tmp_path, "old", day_row(20240102, 10_0000) + day_row(20240104, 99_0000))
    daily_equity(tmp_path, "new", day_row(20240103, 77_0000) + day_row(20240104, 20_0000))
    table(tmp_path, "map_files", "new", "20240101,old,N\n20240103,old,N\n20501231,new,N\n")

    raw = LeanSource(tmp_path).fetch("NEW", "1d")

    assert raw.frame["close"].tolist() == [10.0, 20.0]
    assert "line" not in raw.frame


def test_hours_are_moments_of_the_open_in_new_york(tmp_path):
    zipped(tmp_path / "equity/usa/hour/aa.zip", aa="20240102 09:00,1,1,1,1,5\n")

    raw = LeanSource(tmp_path).fetch("AA", "1h")

    assert str(raw.frame.index[0]) == "2024-01-02 14:00:00+00:00"


def test_the_table_of_market_hours_overrules_the_zone(tmp_path):
    zipped(tmp_path / "crypto/mars/hour/btcusd_trade.zip", btcusd="20240102 09:00,1,1,1,1,5\n")
    hours = tmp_path / "market-hours" / "market-hours-database.json"
    hours.parent.mkdir()
    entries = {"Crypto-mars-[*]": {"dataTimeZone": "Asia/Tokyo"}}
    hours.write_text(json.dumps({"entries": entries}))

    raw = LeanSource(tmp_path).fetch("BTCUSD", "1h")

    assert str(raw.frame.index[0]) == "2024-01-02 00:00:00+00:00"


def test_one_side_of_a_quote_stands_for_both_where_the_other_is_absent(tmp_path):
    text = "20240102 00:00,,,,,,2,4,1,3,9\n20240103 00:00,1,1,1,1,9,3,3,3,3,9\n"
    zipped(tmp_path / "forex/oanda/daily/eurusd.zip", eurusd=text)

    frame = LeanSource(tmp_path).fetch("EURUSD", "1d").frame

    assert frame[["open", "high", "low", "close"]].to_numpy().tolist() == [[2, 4, 1, 3], [2] * 4]


def front_folder(root: Path, volumes: dict[int, dict[int, int]]) -> LeanSource:
    for date, months in volumes.items():
        members = {
            f"{date}_es_minute_trade_{month}": f"60000,{month},{month},{month},{month},{volume}\n"
            for month, volume in months.items()
        }
        zipped(root / f"future/cme/minute/es/{date}_trade.zip", **members)
    return LeanSource(root)


@pytest.mark.parametrize(
    ("volumes", "held"),
    [
        # The new month leads on the 3rd: held from the 4th, and kept when the old one leads again.
        ([{1: 9, 2: 1}, {1: 2, 2: 8}, {1: 9, 2: 1}, {1: 9, 2: 1}], [1, 1, 2, 2]),
        # The old month expired before it was overtaken.
        ([{1: 9, 2: 1}, {1: 9, 2: 1}, {2: 5}], [1, 1, 2]),
    ],
)
def test_the_front_month_is_chosen_by_the_volume_of_the_day_before(tmp_path, volumes, held):
    by_date = {
        20240102 + k: {202400 + m: v for m, v in day.items()} for k, day in enumerate(volumes)
    }

    raw = front_folder(tmp_path, by_date).fetch("ES", "1m")

    assert (raw.frame["close"] - 202400).tolist() == held
    assert raw.where == "future/cme/minute/es/*.zip [front month by volume, 1 rolls, unadjusted]"


# --- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "20240103 00:00,1,x,1,1,5",
            r"row 2, column 'high': must be a number, received 'x'\. Down",
        ),
        ("20240103 00:00,1,1,1,1_0,5", r"row 2, column 'close': must be a number, received '1_0'"),
        ("20240103 00:00,1,1,1,,5", r"row 2, column 'close': must be a number, received ''"),
        ("20240103,1,1,1,1,5", r"row 2, column 'time': must be a stamp as yyyyMMdd HH:mm, rec"),
        ("20240231 00:00,1,1,1,1,5", r"row 2, column 'time': must be a stamp .* '20240231 00:00'"),
        ("20240103 00:00,1,1,1,1", r"row 2 must have 6 cells as the first row has, received 5"),
    ],
)
def test_a_bad_cell_is_named(tmp_path, row, said):
    daily_equity(tmp_path, "aa", day_row(20240102, 1) + row)

    with pytest.raises(DataError, match=rf"daily/aa\.zip/aa\.csv: {said}"):
        LeanSource(tmp_path).fetch("AA", "1d")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("86400000,1,1,1,1,5", "column 'time': must be milliseconds since midnight"),
        ("-60000,1,1,1,1,5", "column 'time': must be milliseconds since midnight"),
        ("60000,1,1", r"must have 6 cells \(a trade bar\) or 11"),
    ],
)
def test_a_bad_minute_row_is_named(tmp_path, row, said):
    zipped(tmp_path / "equity/usa/minute/aa/20240102_trade.zip", x=row)

    with pytest.raises(DataError, match=rf"20240102_trade\.zip/x\.csv: row 1.*{said}"):
        LeanSource(tmp_path).fetch("AA", "1m")


def test_a_minute_file_without_a_date_is_refused(tmp_path):
    zipped(tmp_path / "equity/usa/minute/aa/monday_trade.zip", x="60000,1,1,1,1,5\n")

    with pytest.raises(DataError, match=r"monday_trade\.zip: .* must begin with its date"):
        LeanSource(tmp_path).fetch("AA", "1m")


def test_a_bad_factor_is_named(tmp_path):
    daily_equity(tmp_path, "aa", day_row(20240102, 1))
    table(tmp_path, "factor_files", "aa", "20240102,0.9,half,1\n")

    with pytest.raises(DataError, match=r"aa\.csv: row 1, column 'split factor': must be a number"):
        LeanSource(tmp_path).fetch("AA", "1d")


def test_a_broken_archive_is_refused(tmp_path):
    path = daily_equity(tmp_path, "aa", day_row(20240102, 1))
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(DataError, match=r"aa\.zip: must be a sound zip .* Download this file"):
        LeanSource(tmp_path).fetch("AA", "1d")


def test_any_single_changed_byte_of_an_archive_is_refused_or_harmless(tmp_path):
    path = daily_equity(tmp_path, "aa", "".join(day_row(20240102 + k, 5) for k in range(9)))
    whole, rng = path.read_bytes(), np.random.default_rng(7)
    expected = LeanSource(tmp_path).fetch("AA", "1d").frame

    refusals = []
    for at in rng.integers(0, len(whole), 150):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        try:
            assert LeanSource(tmp_path).fetch("AA", "1d").frame.equals(expected)
        except DataError as e:
            refusals.append(str(e))

    assert len(refusals) > 75
    assert all("aa.zip" in refusal for refusal in refusals)


@pytest.mark.parametrize("name", ["../aa", "/etc/aa", "a\\..\\b", "C:aa"])
def test_a_member_that_leaves_the_archive_is_refused(tmp_path, name):
    zipped(tmp_path / "equity/usa/daily/aa.zip", **{name: day_row(20240102, 1)})

    with pytest.raises(DataError, match="members must be plain .csv files, received"):
        LeanSource(tmp_path).fetch("AA", "1d")


def test_a_decompression_bomb_is_refused_unread(tmp_path):
    daily_equity(tmp_path, "aa", "0" * (1 << 24))

    with pytest.raises(DataError, match="claim 16777216. It looks like a decompression bomb"):
        LeanSource(tmp_path).fetch("AA", "1d")


def test_an_unknown_symbol_timeframe_and_folder_are_the_operators_to_mend(tmp_path):
    daily_equity(tmp_path, "aa", day_row(20240102, 1))
    source = LeanSource(tmp_path)

    with pytest.raises(SettingsError, match=r"holds no 1d bars of 'BB'. It has \['AA'\]"):
        source.fetch("BB", "1d")
    with pytest.raises(SettingsError, match="received a request for '15m'. Ask for 1m"):
        source.fetch("AA", "15m")
    with pytest.raises(SettingsError, match="must be a plain name, received '../x'"):
        source.fetch("../x", "1d")
    with pytest.raises(SettingsError, match="must be a LEAN data folder"):
        LeanSource(tmp_path / "absent")


def test_one_ticker_in_two_markets_needs_the_market(tmp_path):
    for k, market in enumerate(("oanda", "fxcm")):
        row = f"2024010{k + 2} 00:00,1,1,1,1,0,1,1,1,1,0\n"
        zipped(tmp_path / f"forex/{market}/daily/eurusd.zip", eurusd=row)

    with pytest.raises(SettingsError, match=r"\['forex/fxcm', 'forex/oanda'\].*option market"):
        LeanSource(tmp_path).fetch("EURUSD", "1d")
    assert len(LeanSource(tmp_path, market="oanda").fetch("EURUSD", "1d").frame) == 1
