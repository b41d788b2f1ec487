"""Filtered trades: the printed figures of real files, and each formula by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.data.instruments import instrument
from alphamill.learning.bundle import passes
from alphamill.learning.trade_files import HeldOutTrades, read_trades
from alphamill.learning.trade_metrics import (
    figures,
    filtered,
    per_trade_sharpe,
    trade_sharpe,
)

# specs/factory.md 8.1, as printed: rows, kept, P&L of all and kept, AUC, Sharpe ratio of all and
# kept, profit factor of all and kept, first and last entry.
PRINTED = {
    "6E_BBIBSReversal": (
        *("575", "350", "8,144", "7,045", ".5265", "1.390", "1.405", "1.38", "1.54"),
        *("2021-01-06", "2024-12-30"),
    ),
    "6J_ATRBuyDip": (
        *("230", "107", "305,382", "157,967", ".5113", ".986", ".752", "1.44", "1.49"),
        *("2021-01-05", "2024-12-30"),
    ),
    "CL_ATRBuyDip": (
        *("763", "377", "30,464", "22,320", ".5984", "1.887", "2.149", "1.43", "1.78"),
        *("2021-01-04", "2024-12-30"),
    ),
    "ES_AvgHLRangeIBS": (
        *("210", "125", "15,399", "22,085", ".6515", "1.030", "1.828", "1.44", "2.39"),
        *("2021-01-08", "2024-12-30"),
    ),
}


def shown(x: float, decimals: int) -> str:
    return f"{x:.{decimals}f}".removeprefix("0") if abs(x) < 1 else f"{x:,.{decimals}f}"


def dashed(day: int) -> str:
    return f"{day // 10_000}-{day // 100 % 100:02d}-{day % 100:02d}"


@pytest.mark.parametrize("name", PRINTED)
def test_every_printed_figure_of_the_file_is_reproduced_to_its_last_digit(shared, name):
    trades = read_trades(shared / "data" / "meta-label-trades" / f"{name}.csv")
    found = filtered(trades, threshold=0.5, n_years=4)
    both = (found.unfiltered, found.kept)

    assert (
        *(str(f.n_trades) for f in both),
        *(shown(f.total_pnl, 0) for f in both),
        shown(found.auc, 4),
        *(shown(f.sharpe, 3) for f in both),
        *(shown(f.profit_factor, 2) for f in both),
        *(dashed(trades.day[i]) for i in (0, -1)),
    ) == PRINTED[name]


@pytest.mark.parametrize(
    ("name", "ratio"), [("CL_ATRBuyDip", "1.14"), ("ES_AvgHLRangeIBS", "1.77")]
)
def test_the_printed_improvement_is_reproduced(shared, name, ratio):
    trades = read_trades(shared / "data" / "meta-label-trades" / f"{name}.csv")

    # specs/factory.md 4.8.
    assert shown(filtered(trades).improvement, 2) == ratio


# --- by hand -----------------------------------------------------------------------------------


def trades_of(*rows: tuple[str, float, float, float]) -> HeldOutTrades:
    """Return trades of (UTC entry, score, return, P&L)."""
    entered, score, returns, pnl = zip(*rows, strict=True)
    moments = np.array(entered, dtype="M8[ns]")
    days = [int(text[:10].replace("-", "")) for text in entered]
    return HeldOutTrades(
        name="ES_Rule",
        instrument=instrument("ES"),
        entry_ns=moments.astype(np.int64),
        day=np.array(days),
        won=np.array(pnl) > 0,
        score=np.array(score),
        returns=np.array(returns),
        pnl=np.array(pnl),
        fees=2.0,
    )


# Thursday, Friday twice, Monday, Wednesday; the third is not kept.
FIVE = trades_of(
    ("2023-03-02T15:00", 0.7, 0.02, 100.0),
    ("2023-03-03T15:00", 0.5, -0.01, -60.0),
    ("2023-03-03T19:00", 0.4, 0.04, 200.0),
    ("2023-03-06T15:00", 0.6, 0.03, 140.0),
    ("2024-03-06T15:00", 0.8, -0.02, -110.0),
)


def test_the_threshold_keeps_what_reaches_it():
    found = filtered(FIVE, threshold=0.5, n_years=1)

    assert (found.unfiltered.n_trades, found.kept.n_trades, found.kept_share) == (5, 4, 0.8)
    assert found.kept.total_pnl == pytest.approx(70.0)
    assert found.kept.win_rate == 0.5
    assert found.kept.profit_factor == pytest.approx(0.05 / 0.03)
    # Two of four kept won; two of three winners were kept.
    assert (found.precision, found.recall, found.f1) == pytest.approx((1 / 2, 2 / 3, 4 / 7))
    # Winners .7 .4 .6 against losers .5 .8: .7 and .6 beat .5, nothing else.
    assert found.auc == pytest.approx(2 / 6)
    assert found.pnl_by_year == pytest.approx({2023: 180.0, 2024: -110.0})


def test_falls_are_measured_from_the_peak_and_from_the_start():
    found = filtered(FIVE, threshold=0.45, n_years=1).kept

    # Net 100, 40, 180, 70; account 1.02, 1.0098, ...: the last trade loses 2% from the top.
    assert found.max_drawdown == pytest.approx(110.0)
    assert found.max_drawdown_frac == pytest.approx(0.02)
    assert found.total_return == pytest.approx(1.02 * 0.99 * 1.03 * 0.98 - 1)
    first_loses = figures(np.array([-0.1, 0.3]), np.array([-50.0, 20.0]), 1)
    assert (first_loses.max_drawdown, first_loses.max_drawdown_frac) == pytest.approx((50.0, 0.1))


def test_nothing_kept_is_no_figure_and_no_warning():
    found = filtered(FIVE, threshold=0.9)

    assert (found.kept.n_trades, found.kept_share, found.precision, found.f1) == (0, 0, 0, 0)
    assert math.isnan(found.kept.profit_factor)
    assert (found.kept.sharpe, found.kept.total_return, found.improvement) == (0, 0, 0)


def test_an_improvement_on_a_loss_is_no_figure():
    losing = replace(FIVE, returns=-FIVE.returns)

    assert math.isnan(filtered(losing).improvement)


@pytest.mark.parametrize(
    ("score", "kept"),
    [(0.55, True), (0.55 - 1e-12, True), (0.55 - 1e-8, False), (math.nan, False)],
)
def test_scores_are_rounded_before_the_threshold(score, kept):
    assert passes(np.array([score]), 0.55).tolist() == [kept]


@pytest.mark.parametrize("threshold", [0.0, 1.0, math.nan, 55])
def test_a_threshold_outside_its_range_is_refused(threshold):
    with pytest.raises(SettingsError, match="threshold must lie between 0 and 1"):
        filtered(FIVE, threshold=threshold)


def test_sharpe_of_trades_counts_whole_trades_a_year():
    # Mean 1, population deviation 2, 7 trades in 2 years: 3 a year and not 3.5.
    returns = np.array([3.0, -1.0, 3.0, -1.0, 3.0, -1.0, 1.0])

    assert per_trade_sharpe(returns, 2) == pytest.approx(math.sqrt(3) / math.sqrt(24 / 7))
    assert per_trade_sharpe(returns[:1], 2) == 0.0
    # Three in four years are none a year.
    assert per_trade_sharpe(returns[:3], 4) == 0.0
    with pytest.raises(SettingsError, match="n_years must be 1 or more"):
        per_trade_sharpe(returns, 0)


KEPT = FIVE.score >= 0.5
# The trades of 2023: candidates on 2, 3 and 6 March, of which the second of the 3rd is not kept.
SPRING = replace(
    FIVE,
    **{n: getattr(FIVE, n)[:4] for n in ("entry_ns", "day", "won", "score", "returns", "pnl")},
)


@pytest.mark.parametrize(
    ("definition", "daily", "per_year"),
    [
        ("active_days", [0.02, -0.01, 0.03], 252),
        ("calendar_days", [0.02, -0.01, 0.0, 0.0, 0.03], 252),
        ("sessions", [0.02, -0.01, 0.03], 252),
    ],
)
def test_each_definition_counts_its_own_days(definition, daily, per_year):
    expected = np.mean(daily) / np.std(daily, ddof=1) * math.sqrt(per_year)

    assert trade_sharpe(SPRING, KEPT[:4], definition) == pytest.approx(expected)


def test_sessions_without_a_trade_are_nothing_and_days_without_one_are_left_out():
    # Thursday and the next Wednesday: 2, 3, 6, 7, 8 March are sessions.
    gap = replace(SPRING, entry_ns=SPRING.entry_ns.copy(), day=SPRING.day.copy())
    gap.entry_ns[3] += 2 * 86_400_000_000_000
    gap.day[3] = 20230308
    sessions = np.array([0.02, -0.01, 0.0, 0.0, 0.03])
    active = np.array([0.02, -0.01, 0.03])

    for definition, daily in (("sessions", sessions), ("active_days", active)):
        expected = daily.mean() / daily.std(ddof=1) * math.sqrt(252)
        assert trade_sharpe(gap, KEPT[:4], definition) == pytest.approx(expected)


@pytest.mark.parametrize("entered", ["2023-03-02T23:30", "2023-03-02T22:00:01"])
def test_an_entry_after_the_close_belongs_to_the_next_session(entered):
    # Thursday after 22:00 UTC (16:00 in Chicago) is Friday's session: one day, not two.
    late = replace(SPRING, entry_ns=SPRING.entry_ns.copy())
    late.entry_ns[0] = np.datetime64(entered, "ns").astype(np.int64)
    daily = np.array([0.02 - 0.01, 0.03])

    expected = daily.mean() / daily.std(ddof=1) * math.sqrt(252)
    assert trade_sharpe(late, KEPT[:4], "sessions") == pytest.approx(expected)


def test_an_entry_at_the_close_belongs_to_the_session_that_ends():
    last = replace(SPRING, entry_ns=SPRING.entry_ns.copy())
    last.entry_ns[0] = np.datetime64("2023-03-02T22:00", "ns").astype(np.int64)

    assert trade_sharpe(last, KEPT[:4]) == trade_sharpe(SPRING, KEPT[:4])


def test_a_candidate_that_was_not_kept_still_opens_its_day():
    only_last = np.array([False, False, False, True])
    daily = np.array([0.0, 0.0, 0.03])

    expected = daily.mean() / daily.std(ddof=1) * math.sqrt(252)
    assert trade_sharpe(SPRING, only_last, "active_days") == pytest.approx(expected)
    # From the first to the last kept trade there is one day.
    assert trade_sharpe(SPRING, only_last, "calendar_days") == 0.0
    assert trade_sharpe(SPRING, np.zeros(4, dtype=bool), "sessions") == 0.0


def test_the_documents_two_day_counts_differ_as_they_say(shared):
    trades = read_trades(shared / "data" / "meta-label-trades" / "CL_ATRBuyDip.csv")
    keep = passes(trades.score, 0.5)

    by_name = {d: trade_sharpe(trades, keep, d) for d in ("active_days", "sessions", "per_trade")}

    assert by_name["per_trade"] == pytest.approx(2.149257336719289)
    assert by_name["active_days"] > 1.1 * by_name["sessions"]


def test_an_unknown_definition_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match=r"one of \['per_trade', .* received 'daily'"):
        trade_sharpe(FIVE, KEPT, "daily")
