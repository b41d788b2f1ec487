"""Coarser bars from hand-made minutes."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import bar_columns
from alphamill.data.calendar import to_bars
from alphamill.data.instruments import instrument
from alphamill.data.raw import RawSeries
from alphamill.data.sources import synthetic
from alphamill.data.transform.resample import resample


def minutes(symbol, opens, close=None, volume=1.0, timeframe="1m"):
    """Return bars whose open is the close, high one above and low one below it."""
    index = pd.DatetimeIndex(opens, tz="UTC")
    price = np.arange(100.0, 100.0 + len(index)) if close is None else np.array(close)
    table = pd.DataFrame(
        {"open": price, "high": price + 1, "low": price - 1, "close": price, "volume": volume},
        index=index,
    )
    return to_bars(RawSeries(symbol, timeframe, table, "open", "memory"), instrument(symbol))


def span(start, n_minutes):
    return pd.date_range(start, periods=n_minutes, freq="1min")


def utc(ns):
    return [str(pd.Timestamp(int(n)))[:16] for n in ns]


def test_five_minutes_become_one_bar_stamped_by_its_close():
    # 09:30 to 09:40 New York: two bars. Closes of the first: 10, 14, 7, 12, 11.
    close = [10, 14, 7, 12, 11, 20, 21, 22, 23, 24]
    bars = minutes("SPY", span("2025-07-07 13:30", 10), close, volume=np.arange(1.0, 11.0))

    out = resample(bars, "5m", instrument("SPY"))

    assert utc(out.close_ns) == ["2025-07-07 13:35", "2025-07-07 13:40"]
    assert (out.open[0], out.high[0], out.low[0], out.close[0]) == (10, 15, 6, 11)
    assert out.volume.tolist() == [1 + 2 + 3 + 4 + 5, 6 + 7 + 8 + 9 + 10]
    assert out.minute.tolist() == [570, 575]
    assert out.cash_minute.tolist() == [0, 5]
    assert (out.timeframe, out.raw_close.tolist()) == ("5m", [11, 24])


def test_a_bar_that_is_still_forming_is_left_out():
    bars = minutes("SPY", span("2025-07-07 13:30", 9))

    assert utc(resample(bars, "5m", instrument("SPY")).close_ns) == ["2025-07-07 13:35"]
    with pytest.raises(DataError, match="no 15m bar is complete in 9 bars of 1m"):
        resample(bars, "15m", instrument("SPY"))


def test_minutes_that_are_missing_leave_the_grid_where_it_is():
    # 13:31, 13:38 and 13:44: one minute in each five; the grid still runs from 13:30.
    moments = ["2025-07-07 13:31", "2025-07-07 13:38", "2025-07-07 13:44"]

    out = resample(minutes("SPY", moments), "5m", instrument("SPY"))

    assert [t[11:] for t in utc(out.close_ns)] == ["13:35", "13:40", "13:45"]


def test_no_bar_is_made_where_nothing_traded():
    moments = ["2025-07-07 13:30", "2025-07-07 13:44"]

    out = resample(minutes("SPY", moments), "5m", instrument("SPY"))

    assert [t[11:] for t in utc(out.close_ns)] == ["13:35", "13:45"]


def test_the_last_hour_of_a_short_day_ends_with_the_session():
    # 2025-07-03: 13:30 to 17:00 UTC, three hours and a half. The last bar has 30 minutes,
    # the 180th to the 209th, so it opens at 280 and closes at 309.
    bars = minutes("SPY", span("2025-07-03 13:30", 210))

    out = resample(bars, "1h", instrument("SPY"))

    assert [t[11:] for t in utc(out.close_ns)] == ["14:30", "15:30", "16:30", "17:00"]
    assert out.session_end.tolist() == [False, False, False, True]
    assert (out.open[-1], out.close[-1], out.volume[-1]) == (280, 309, 30)


def test_no_bar_crosses_a_session():
    # The last minute of Wednesday and the first of Thursday lie in one clock hour nowhere, but
    # would be neighbours in a plain count of rows.
    moments = [*span("2025-07-02 19:58", 2), *span("2025-07-03 13:30", 60)]

    out = resample(minutes("SPY", moments), "1h", instrument("SPY"))

    assert out.session.tolist() == [20250702, 20250703]
    assert out.volume.tolist() == [2, 60]
    assert [t[11:] for t in utc(out.close_ns)] == ["20:00", "14:30"]


def test_a_globex_day_begins_on_the_evening_before():
    # Sunday 22:00 UTC to Monday 21:00 UTC is one session of 23 hours.
    moments = [*span("2025-07-06 22:00", 3), *span("2025-07-07 20:57", 3)]
    bars = minutes("ES", moments)

    day = resample(bars, "1d", instrument("ES"))

    assert (day.session.tolist(), utc(day.close_ns)) == ([20250707], ["2025-07-07 21:00"])
    assert (day.open[0], day.close[0], day.high[0], day.volume[0]) == (100, 105, 106, 6)
    assert (day.minute.tolist(), day.cash_minute.tolist()) == ([1020], [-930])


def test_hours_keep_their_local_place_through_the_clock_change():
    # 08:30 Chicago: 14:30 UTC on Friday 2025-03-07, 13:30 on Monday. Globex hours begin at 17:00,
    # so the bar holds 08:00 to 09:00 on both days.
    moments = [*span("2025-03-07 14:30", 30), *span("2025-03-10 13:30", 30)]

    out = resample(minutes("ES", moments), "1h", instrument("ES"))

    assert out.minute.tolist() == [480, 480]
    assert utc(out.close_ns) == ["2025-03-07 15:00", "2025-03-10 14:00"]


def test_a_sum_with_an_unknown_volume_is_unknown():
    volume = np.ones(10)
    volume[2] = np.nan
    bars = minutes("SPY", span("2025-07-07 13:30", 10), volume=volume)

    assert np.isnan(resample(bars, "5m", instrument("SPY")).volume).tolist() == [True, False]


def test_closes_only_bars_stay_closes_only():
    bars = dataclasses.replace(minutes("SPY", span("2025-07-07 13:30", 5)), closes_only=True)

    out = resample(bars, "5m", instrument("SPY"))

    assert out.open[0] == out.high[0] == out.low[0] == out.close[0] == 104


@pytest.mark.parametrize(("own", "wanted"), [("1h", "15m"), ("15m", "15m"), ("1d", "1h")])
def test_a_timeframe_that_is_not_coarser_is_refused(own, wanted):
    bars = synthetic.bars("ES", own, n_bars=10)

    with pytest.raises(SettingsError, match=f"multiple of '{own}', received '{wanted}'"):
        resample(bars, wanted, instrument("ES"))


def test_bars_of_another_calendar_are_refused():
    bars = synthetic.bars("BTCUSD", "1h", start=20250704, n_bars=40)

    with pytest.raises(DataError, match="bar 0 has 20250704"):
        resample(bars, "1d", instrument("SPY"))


@pytest.mark.parametrize("timeframe", ["1h", "1d"])
def test_more_data_only_add_bars(timeframe):
    bars = synthetic.bars("ES", "15m", start=20250303, end=20250314)
    whole = resample(bars, timeframe, instrument("ES"))

    for n_seen in range(200, len(bars), 37):
        part = resample(bars.head(n_seen), timeframe, instrument("ES"))
        assert len(part) >= 1
        assert part.close_ns[-1] <= bars.close_ns[n_seen - 1]
        assert all(
            np.array_equal(getattr(part, c), getattr(whole.head(len(part)), c))
            for c in bar_columns()
        )


def test_hours_from_minutes_equal_hours_from_quarters():
    fine = synthetic.bars("CL", "1m", start=20250701, end=20250708)

    direct = resample(fine, "1h", instrument("CL"))
    by_steps = resample(resample(fine, "15m", instrument("CL")), "1h", instrument("CL"))

    assert all(np.array_equal(getattr(direct, c), getattr(by_steps, c)) for c in bar_columns())
