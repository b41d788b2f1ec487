"""Splits and dividends by ratio; arithmetic by hand."""

import csv
import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.calendar import to_bars
from alphamill.data.instruments import instrument
from alphamill.data.raw import RawSeries
from alphamill.data.transform.adjust import Factors, adjust, factors_of, ratios

DAYS = ["2025-07-01", "2025-07-02", "2025-07-03", "2025-07-07"]


def daily(close, days=DAYS, volume=100.0):
    price = np.asarray(close, dtype=float)
    table = pd.DataFrame(
        {"open": price, "high": price + 1, "low": price - 1, "close": price, "volume": volume},
        index=pd.DatetimeIndex(days),
    )
    return to_bars(RawSeries("AAPL", "1d", table, "session", "memory"), instrument("AAPL"))


def test_a_row_holds_up_to_and_including_its_date():
    # To 07-01: 0.9 x 0.5; to 07-03: 1 x 0.5; afterwards 1.
    factors = Factors([20250701, 20250703], [0.9, 1.0], [0.5, 0.5])

    price, split = ratios(factors, daily([1, 1, 1, 1]).session)

    assert price.tolist() == [0.45, 0.5, 0.5, 1.0]
    assert split.tolist() == [0.5, 0.5, 0.5, 1.0]


def test_prices_are_multiplied_volume_is_divided_and_the_traded_close_kept():
    bars = daily([200, 210, 220, 55])
    factors = Factors([20250703], [1.0], [0.25])

    out = adjust(bars, factors)

    assert out.close.tolist() == [50, 52.5, 55, 55]
    assert (out.open[0], out.high[0], out.low[0]) == (50, 201 / 4, 199 / 4)
    assert out.volume.tolist() == [400, 400, 400, 100]
    assert out.raw_close.tolist() == [200, 210, 220, 55]
    assert out.adjusted == "ratio"


def test_dividends_can_be_left_out():
    factors = Factors([20250702], [0.9], [0.5])

    assert adjust(daily([8, 8, 4, 4]), factors, dividends=False).close.tolist() == [4, 4, 4, 4]


def test_a_dividend_takes_its_share_of_the_last_close_before_it():
    # 2 paid on 07-03 after a close of 50: every earlier price times 1 - 2/50 = 0.96.
    bars = daily([40, 50, 48, 49])

    out = adjust(bars, factors_of(bars, splits={}, dividends={20250703: 2.0}))

    assert out.close.tolist() == pytest.approx([38.4, 48.0, 48, 49])
    # The holder lost nothing over the ex-date: 50 became 48 and 2 in cash.
    assert out.close[2] / out.close[1] == pytest.approx(1.0)


def test_events_multiply_from_the_newest_back():
    # Split 2:1 on 07-07 (close 60 before it), dividend 1 on 07-02 (close 40 before it):
    # 07-01 gets 0.5 x (1 - 1/40) = 0.4875, then 0.5, then 1.
    bars = daily([40, 50, 60, 30])

    factors = factors_of(bars, splits={20250707: 2.0}, dividends={20250702: 1.0})

    assert factors.last_session.tolist() == [20250701, 20250703]
    assert adjust(bars, factors).close.tolist() == pytest.approx([19.5, 25, 30, 30])


def test_an_event_before_the_first_bar_changes_nothing():
    bars = daily([40, 50, 60, 30])

    factors = factors_of(bars, splits={20250701: 2.0})

    assert adjust(bars, factors).close.tolist() == bars.close.tolist()


def test_past_returns_do_not_change_when_a_later_event_comes():
    bars = daily([40, 50, 60, 66])
    early = adjust(bars, factors_of(bars, {}, {20250702: 1.0})).close
    late = adjust(bars, factors_of(bars, {20250707: 3.0}, {20250702: 1.0})).close

    assert late[:3] / early[:3] == pytest.approx([1 / 3] * 3)
    assert (late[1:3] / late[:2]) == pytest.approx(early[1:3] / early[:2])


def test_adjusting_twice_is_refused():
    factors = Factors([20250703], [1.0], [0.25])
    once = adjust(daily([200, 210, 220, 55]), factors)

    with pytest.raises(DataError, match="only traded prices can be adjusted.*'ratio'"):
        adjust(once, factors)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([20250703, 20250701], [1, 1], [1, 1]), "must rise by date"),
        (([20250701], [1, 1], [1]), "must be of one length"),
        (([20250701], [0.0], [1]), "finite and above 0"),
        (([20250701], [1], [np.nan]), "finite and above 0"),
    ],
)
def test_unsound_factor_rows_are_refused(rows, message):
    with pytest.raises(DataError, match=message):
        Factors(*rows)


@pytest.mark.parametrize(("splits", "dividends"), [({20250703: 0}, {}), ({}, {20250703: 50})])
def test_impossible_events_are_refused(splits, dividends):
    with pytest.raises(SettingsError, match="events of 20250703.*close of 50.0"):
        factors_of(daily([40, 50, 60, 30]), splits, dividends)


def test_factors_are_own_read_only_copies():
    given = np.array([0.5])
    factors = Factors(np.array([20250703]), given, np.array([1.0]))
    given[0] = 9.0

    assert factors.price.tolist() == [0.5]
    with pytest.raises(ValueError, match="read-only"):
        factors.price[0] = 1.0


def test_apple_s_split_of_four_for_one_vanishes_from_real_prices(shared):
    # Traded 499.24 on Friday 2020-08-28 and 129.04 on Monday: +3.39 % a share of the new kind.
    folder = shared / "data" / "lean" / "equity" / "usa"
    with zipfile.ZipFile(folder / "daily" / "aapl.zip") as archive:
        text = archive.read(archive.namelist()[0]).decode()
    rows = {r[0][:8]: float(r[4]) / 1e4 for r in csv.reader(io.StringIO(text))}
    factor_rows = list(csv.reader((folder / "factor_files" / "aapl.csv").read_text().splitlines()))
    factors = Factors(*(np.array([float(r[i]) for r in factor_rows]) for i in (0, 1, 2)))
    bars = daily([rows["20200828"], rows["20200831"]], ["2020-08-28", "2020-08-31"])

    out = adjust(bars, factors)

    assert bars.close.tolist() == pytest.approx([499.24, 129.04], abs=0.02)
    assert out.close[1] / out.close[0] == pytest.approx(129.04 * 4 / 499.24, rel=1e-4)
