"""Sessions, minutes and month ends by the exchange calendar; all arithmetic by hand."""

import dataclasses
import zipfile

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.calendar import bars_of, frame, minutes_of, outside, schedule, to_bars
from alphamill.data.instruments import instrument
from alphamill.data.raw import RawSeries


def series(symbol, timeframe, stamps, moments, **given):
    """Return a RawSeries of flat bars at 100, 101, ... on the given stamps."""
    zone = None if stamps == "session" else "UTC"
    index = pd.DatetimeIndex(moments, tz=zone)
    price = 100.0 + np.arange(len(index))
    table = pd.DataFrame(
        {"open": price, "high": price + 1, "low": price - 1, "close": price, "volume": 5.0},
        index=index,
    )
    return RawSeries(symbol, timeframe, table, stamps, "memory", **given)


def utc(ns):
    return [str(pd.Timestamp(int(n)))[:16] for n in ns]


def test_new_york_closes_at_17_utc_before_independence_day():
    plan = schedule("XNYS", 20250702, 20250707)

    # 16:00 in New York is 20:00 UTC in summer; on the 3rd trading ends at 13:00, 17:00 UTC.
    assert plan.session.tolist() == [20250702, 20250703, 20250707]
    assert utc(plan.close_ns) == ["2025-07-02 20:00", "2025-07-03 17:00", "2025-07-07 20:00"]


def test_new_york_was_shut_on_the_day_of_mourning():
    assert 20250109 not in schedule("XNYS", 20250106, 20250110).session


def test_new_york_opens_an_hour_earlier_in_utc_once_its_clock_moves():
    # Sunday 2025-03-09 the clock moved: 09:30 was 14:30 UTC on Friday and is 13:30 on Monday.
    plan = schedule("XNYS", 20250307, 20250310)

    assert utc(plan.open_ns) == ["2025-03-07 14:30", "2025-03-10 13:30"]


def test_globex_monday_begins_on_sunday_evening_and_pauses_at_four():
    # Chicago in July is UTC-5: Sunday 17:00 is 22:00 UTC, Monday 16:00 is 21:00 UTC.
    plan = schedule("CMES", 20250707, 20250707)

    assert (utc(plan.open_ns), utc(plan.close_ns)) == (["2025-07-06 22:00"], ["2025-07-07 21:00"])


@pytest.mark.parametrize(
    ("name", "date", "close"),
    [
        ("CMES", 20121116, "22:30"),  # 16:30 Chicago, winter
        ("CMES", 20131016, "21:15"),  # 16:15 Chicago, summer
        ("CMES", 20150918, "21:15"),
        ("CMES", 20150921, "21:00"),
        ("CMES", 20250704, "17:00"),  # noon on the holiday, whatever the pause
        ("CMES_ENERGY_METALS", 20121116, "22:15"),
        ("CMES_ENERGY_METALS", 20150918, "21:15"),
        ("CMES_ENERGY_METALS", 20150921, "21:00"),
        ("CMES_FX_RATES", 20121116, "22:00"),
        ("CMES_GRAINS", 20250707, "18:20"),
        ("CMES_RTH", 20250707, "20:00"),
    ],
)
def test_the_daily_pause_is_that_of_the_product_and_the_year(name, date, close):
    assert utc(schedule(name, date, date).close_ns)[0][11:] == close


def test_sessions_left_in_the_month_are_known_ahead():
    # January 2025 in New York: 31 days, 8 weekend days, the 1st, the 9th and the 20th shut,
    # so 20 sessions: 19 are left after the first and none after the 31st.
    plan = schedule("XNYS", 20250102, 20250131)

    assert len(plan) == 20
    assert plan.left_in_month[[0, 1, -2, -1]].tolist() == [19, 18, 1, 0]


def test_month_end_counts_do_not_depend_on_the_dates_asked_for():
    assert schedule("XNYS", 20250102, 20250102).left_in_month.tolist() == [19]


def test_a_calendar_reaches_far_back_and_ahead():
    # Black Monday's week of 1987 was traded in full.
    assert len(schedule("XNYS", 19871019, 19871023)) == 5
    assert schedule("24/7", 20310101, 20310102).session.size == 2


def test_a_calendar_that_ends_early_serves_the_years_it_has():
    assert len(schedule("XSHG", 20250101, 20251231)) > 240

    with pytest.raises(SettingsError, match="'XSHG' does not reach 2060 to 2060"):
        schedule("XSHG", 20600101, 20600102)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: schedule("NYSEX", 20250101, 20250102), "received 'NYSEX'"),
        (lambda: schedule("XNYS", 20250102, 20250101), "must not lie after"),
        (lambda: minutes_of("7m"), "received '7m'"),
    ],
)
def test_wrong_names_are_the_operator_s_error(call, message):
    with pytest.raises(SettingsError, match=message):
        call()


def test_a_schedule_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        schedule("XNYS", 20250102, 20250131).close_ns[0] = 0


def test_daily_bars_close_with_their_session_and_begin_at_its_open():
    raw = series("SPY", "1d", "session", ["2025-07-02", "2025-07-03", "2025-07-07"])

    bars = to_bars(raw, instrument("SPY"))

    assert utc(bars.close_ns)[1] == "2025-07-03 17:00"
    assert bars.session.tolist() == [20250702, 20250703, 20250707]
    assert bars.session_end.all()
    assert (bars.minute.tolist(), bars.cash_minute.tolist()) == ([570] * 3, [0] * 3)
    # July 2025: 22 sessions; the 2nd is the second, so 20 are left after it.
    assert bars.sessions_left_in_month.tolist() == [20, 19, 18]


def test_a_row_on_a_holiday_is_refused_by_name_or_dropped_on_request():
    raw = series("SPY", "1d", "session", ["2025-01-08", "2025-01-09", "2025-01-10"])

    with pytest.raises(DataError, match=r"1 of 3 do not, first \['2025-01-09"):
        to_bars(raw, instrument("SPY"))
    assert outside(raw, instrument("SPY")).tolist() == [False, True, False]
    assert to_bars(raw, instrument("SPY"), drop_outside=True).close.tolist() == [100, 102]


def test_spot_oil_has_prices_on_days_on_which_new_york_is_shut():
    raw = series("WTI", "1d", "session", ["1990-07-03", "1990-07-04"])

    assert not outside(raw, instrument("WTI")).any()
    assert outside(raw, instrument("SPY")).tolist() == [False, True]


def test_the_sunday_evening_bar_of_globex_belongs_to_monday():
    # 22:00 UTC is 17:00 in Chicago: minute 1020, 15.5 hours before the cash open at 08:30.
    # 13:30 UTC is the cash open; the bar opened at 20:45 UTC closes with the session at 16:00.
    moments = ["2025-07-06 22:00", "2025-07-07 13:30", "2025-07-07 20:45", "2025-07-07 22:00"]

    bars = to_bars(series("ES", "15m", "open", moments), instrument("ES"))

    assert bars.session.tolist() == [20250707, 20250707, 20250707, 20250708]
    assert bars.minute.tolist() == [1020, 510, 945, 1020]
    assert bars.cash_minute.tolist() == [-930, 0, 435, -930]
    assert bars.session_end.tolist() == [False, False, True, False]
    assert utc(bars.close_ns)[0] == "2025-07-06 22:15"


def test_minutes_follow_the_exchange_s_clock_through_its_change():
    # Cash open of ES, 08:30 Chicago, is 14:30 UTC on Friday and 13:30 on Monday.
    raw = series("ES", "1m", "open", ["2025-03-07 14:30", "2025-03-10 13:30"])

    bars = to_bars(raw, instrument("ES"))

    assert (bars.minute.tolist(), bars.cash_minute.tolist()) == ([510, 510], [0, 0])


def test_cash_minutes_are_counted_in_the_product_s_own_zone():
    # Gold's cash open is 08:20 New York, 12:20 UTC in July; the minute is Chicago's, 07:20.
    bars = to_bars(series("GC", "1m", "open", ["2025-07-07 12:20"]), instrument("GC"))

    assert (bars.minute.tolist(), bars.cash_minute.tolist()) == ([440], [0])


def test_stamps_of_opens_and_of_closes_give_the_same_bars():
    opened = pd.date_range("2025-07-07 13:30", periods=26, freq="15min")

    by_open = to_bars(series("SPY", "15m", "open", opened), instrument("SPY"))
    by_close = to_bars(
        series("SPY", "15m", "close", opened + pd.Timedelta("15min")), instrument("SPY")
    )

    for name in ("close_ns", "session", "session_end", "minute", "cash_minute"):
        assert np.array_equal(getattr(by_open, name), getattr(by_close, name))
    assert np.flatnonzero(by_open.session_end).tolist() == [25]


def test_an_hour_that_an_early_close_cuts_ends_with_the_session():
    # Hours from 09:30 New York: 13:30, 14:30, 15:30, 16:30 UTC; the last ends at 17:00 UTC.
    moments = [f"2025-07-03 {hour}:30" for hour in (13, 14, 15, 16)]

    bars = to_bars(series("SPY", "1h", "open", moments), instrument("SPY"))

    assert utc(bars.close_ns)[-2:] == ["2025-07-03 16:30", "2025-07-03 17:00"]
    assert bars.session_end.tolist() == [False, False, False, True]


def test_the_half_hour_at_the_close_begins_where_the_hour_before_it_ended():
    # Stamped by closes: 15:30 and 16:00 New York (19:30, 20:00 UTC); the last bar opens 15:30.
    raw = series("SPY", "1h", "close", ["2025-07-07 19:30", "2025-07-07 20:00"])

    assert to_bars(raw, instrument("SPY")).minute.tolist() == [870, 930]


def test_a_clock_hour_that_straddles_the_open_begins_with_the_session():
    bars = to_bars(series("SPY", "1h", "open", ["2025-07-07 13:00"]), instrument("SPY"))

    assert (bars.minute.tolist(), utc(bars.close_ns)) == ([570], ["2025-07-07 14:00"])


@pytest.mark.parametrize(
    ("stamps", "moments"),
    [
        ("open", ["2025-07-05 23:00", "2025-07-06 00:00"]),
        ("close", ["2025-07-06 00:00", "2025-07-06 01:00"]),
    ],
)
def test_the_hour_that_ends_at_midnight_belongs_to_the_day_before(stamps, moments):
    # Round the clock one session's close is the next one's open.
    bars = to_bars(series("BTCUSD", "1h", stamps, moments), instrument("BTCUSD"))

    assert bars.session.tolist() == [20250705, 20250706]
    assert bars.session_end.tolist() == [True, False]


@pytest.mark.parametrize(("stamps", "shift"), [("open", "0min"), ("close", "15min")])
def test_bars_before_the_open_and_after_the_close_lie_outside(stamps, shift):
    # In UTC: the bar that ends at the open, the first, the last, and the one after the close.
    opens = ["2025-07-07 13:15", "2025-07-07 13:30", "2025-07-07 19:45", "2025-07-07 20:00"]
    moments = pd.DatetimeIndex(opens) + pd.Timedelta(shift)

    lost = outside(series("SPY", "15m", stamps, moments), instrument("SPY"))

    assert lost.tolist() == [True, False, False, True]


def test_real_minutes_of_2013_fill_globex_s_session_to_its_pause(shared):
    # Stamped by opens in UTC; the pause began at 16:15 Chicago, 21:15 UTC in October.
    file = shared / "data/lean/future/cme/minute/es/20131008_trade.zip"
    with zipfile.ZipFile(file) as archive:
        text = archive.read("20131008_es_minute_trade_201312.csv").decode()
    ms = np.array([int(line.split(",")[0]) for line in text.splitlines()])
    moments = pd.Timestamp("2013-10-08") + pd.to_timedelta(ms, unit="ms")

    bars = to_bars(series("ES", "1m", "open", moments), instrument("ES"))

    assert len(bars) == 1372
    assert utc(bars.close_ns[bars.session_end]) == ["2013-10-08 21:15"]
    assert np.unique(bars.session).tolist() == [20131008, 20131009]


def test_daily_bars_stamped_by_moments_find_their_session_through_the_clock_change():
    # Both opens, 14:30 UTC on Friday and 13:30 on Monday, though a day is not 24 hours here.
    bars = to_bars(
        series("SPY", "1d", "open", ["2025-03-07 14:30", "2025-03-10 13:30"]), instrument("SPY")
    )

    assert bars.session.tolist() == [20250307, 20250310]
    assert utc(bars.close_ns) == ["2025-03-07 21:00", "2025-03-10 20:00"]


def test_a_closes_only_series_repeats_its_close():
    raw = series("VIX", "1d", "session", ["2025-07-02"], closes_only=True)

    bars = to_bars(raw, instrument("VIX"))

    assert bars.closes_only
    assert bars.open == bars.high == bars.low == bars.close == 100.0


def test_the_raw_close_of_an_adjusted_series_is_kept():
    raw = series("SPY", "1d", "session", ["2025-07-02"], adjusted="ratio")
    raw = dataclasses.replace(raw, frame=raw.frame.assign(raw_close=400.0))

    bars = to_bars(raw, instrument("SPY"))

    assert (bars.raw_close.item(), bars.close.item(), bars.adjusted) == (400.0, 100.0, "ratio")


@pytest.mark.parametrize(
    ("timeframe", "stamps", "zone", "message"),
    [
        ("15m", "session", None, "must be daily and without a zone"),
        ("1d", "session", "UTC", "must be daily and without a zone"),
        ("15m", "open", None, "must be in UTC"),
    ],
)
def test_stamps_without_a_clear_meaning_are_refused(timeframe, stamps, zone, message):
    table = series("SPY", "1d", "session", ["2025-07-02"]).frame
    table.index = table.index.tz_localize(zone)

    with pytest.raises(DataError, match=message):
        to_bars(RawSeries("SPY", timeframe, table, stamps, "memory"), instrument("SPY"))


def test_a_series_without_a_row_in_any_session_is_refused():
    empty = series("SPY", "1d", "session", [])
    saturday = series("SPY", "1d", "session", ["2025-07-05"])

    with pytest.raises(DataError, match="must have rows"):
        to_bars(empty, instrument("SPY"))
    with pytest.raises(DataError, match="no row lies in a session"):
        to_bars(saturday, instrument("SPY"), drop_outside=True)


def test_a_table_of_bars_gives_the_bars_back():
    bars = to_bars(
        series("ES", "15m", "open", ["2025-07-06 22:00", "2025-07-07 20:45"]), instrument("ES")
    )

    table = frame(bars)

    assert str(table.index[0]) == "2025-07-06 22:15:00+00:00"
    back = bars_of(table, "ES", "15m")
    assert all(np.array_equal(getattr(back, c), getattr(bars, c)) for c in table.columns)
    assert np.array_equal(back.close_ns, bars.close_ns)
