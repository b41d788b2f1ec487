"""The tearsheet: months, years, exits and every trade add up to the backtest."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alphamill.backtest.metrics import daily_pnl, summary
from alphamill.core.market import Instrument
from alphamill.report.tearsheet import (
    conventions,
    exits,
    months,
    trade_rows,
    write_tearsheet,
    years,
)
from alphamill.report.wording import money, number

from .reading import body_of, words_of
from .samples import HOSTILE, no_trades, result


def test_the_head_shows_the_metrics(tmp_path: Path):
    run = result()
    m = summary(run)

    words = words_of(write_tearsheet(run, "one cell", {}, tmp_path / "sheet.html"))

    assert f"{money(m.total_pnl)} net P&L, USD {number(m.sharpe_ratio)} Sharpe, daily" in words
    assert f"{m.total_trades} trades, 10.7 a year" in words


def test_months_and_years_add_up_to_the_whole():
    run = result()
    sessions, pnl = daily_pnl(run)

    by_month, by_year = months(sessions, pnl), years(run, sessions, pnl)

    assert sum(total for _, _, total in by_month) == pytest.approx(run.equity[-1])
    assert sum(y.pnl for y in by_year) == pytest.approx(run.equity[-1])
    assert sum(y.n_trades for y in by_year) == summary(run).total_trades


def test_a_month_without_sessions_is_empty_and_one_without_profit_is_zero():
    sessions = np.array([20150105, 20150302, 20150303])

    ((year, cells, total),) = months(sessions, np.array([0.0, 5.0, -8.0]))

    assert (year, total) == (2015, -3.0)
    assert [c.pnl for c in cells[:4]] == [0.0, None, -3.0, None]
    assert cells[2].depth == 1.0


def test_a_trade_counts_in_the_year_of_its_exit():
    run = result(400, 40)
    # Entered on 2009-12-31, left on 2010-01-04.
    where = np.searchsorted(run.bars.session, [20091231, 20100104])
    entered, left = (np.full(9, at) for at in where)
    one = replace(run, trades=replace(run.trades, entry_bar=entered, exit_bar=left))

    by_year = {y.year: y.n_trades for y in years(one, *daily_pnl(one))}

    assert by_year == {2009: 0, 2010: 8}


def test_exit_reasons_count_all_trades_and_their_profit():
    run = result()

    found = exits(run)

    assert sum(e.count for e in found) == len(run.trades)
    assert sum(e.pnl for e in found) == pytest.approx(run.trades.pnl.sum())
    assert sum(e.share for e in found) == pytest.approx(1.0)
    assert {e.reason for e in found} == {"stop", "target", "rule", "time", "open at end"}


def test_every_trade_is_listed_with_its_moments(tmp_path: Path):
    run = result()

    body = body_of(write_tearsheet(run, "one cell", {}, tmp_path / "sheet.html"))

    table = body[body.index("in order of entry") :].split("</table>")[0]
    assert table.count("<tr>") - 1 == len(run.trades)
    # Decided at bar 23, filled at bar 24 of weekdays from 2009-01-05.
    assert (trade_rows(run)[0].decided, trade_rows(run)[0].entered) == ("2009-02-05", "2009-02-06")


def test_intraday_moments_are_utc_closes():
    run = result(400, 40)
    intraday = replace(run, bars=replace(run.bars, timeframe="15m"))

    assert trade_rows(intraday)[0].decided == "2009-02-27 21:00"


def test_conventions_state_how_costs_were_charged():
    future = Instrument(
        "ES", "E-mini", "future", "CME", 0.25, 50.0, commission_per_side=2.5, slippage_ticks=1.0
    )
    run = result(400, 40, closes_only=True)

    stated = conventions(run.bars, future, run.stack)

    assert stated["size"] == "one contract, 50.00 USD a point"
    assert stated["slippage"].startswith("1.00 ticks of 0.25 a side")
    assert stated["commission"] == "2.50 a side and 0.00 basis points"
    assert stated["stop and target"] == "judged at closes only"


def test_a_rule_that_never_spoke_has_a_whole_tearsheet(tmp_path: Path):
    words = words_of(write_tearsheet(no_trades(), "idle", {}, tmp_path / "sheet.html"))

    assert "0 trades, 0.0 a year" in words
    assert "The rule never asked to enter" in words
    assert "nan" not in words


def test_titles_and_notes_are_escaped_and_nothing_is_fetched(tmp_path: Path):
    path = write_tearsheet(result(400, 40), HOSTILE, {HOSTILE: HOSTILE}, tmp_path / "sheet.html")

    page = path.read_text("utf-8")
    assert "<script>alert" not in page
    assert page.count("<script") == 1
    assert not re.search(r"https?://|url\(|@import", page)


def test_the_same_backtest_is_the_same_bytes(tmp_path: Path):
    first = write_tearsheet(result(), "t", {"a": "b"}, tmp_path / "a.html").read_bytes()

    assert write_tearsheet(result(), "t", {"a": "b"}, tmp_path / "b.html").read_bytes() == first


def test_five_thousand_trades_stay_a_small_file(tmp_path: Path):
    path = write_tearsheet(result(100_000, 20), "busy", {}, tmp_path / "sheet.html")

    assert path.stat().st_size < 1_800_000
