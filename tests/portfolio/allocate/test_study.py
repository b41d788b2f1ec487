"""The comparison: one table, the same days for all, equal weight first, every try charged."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alphamill.cli.console import plain
from alphamill.core.errors import SettingsError
from alphamill.portfolio.allocate.allocator import Allocator
from alphamill.portfolio.allocate.caps import Limits
from alphamill.portfolio.allocate.evaluate import Work, compare
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.study import Study, as_values
from alphamill.portfolio.allocate.table import COMPARED
from alphamill.portfolio.allocate.universe import read_table

from .markets import CLASSES, market, returns

QUICK = Plan(every="quarterly", window=120, n_groups=3, n_test_groups=1, draws=200)
STUDY = Study(
    title="five",
    classes=CLASSES,
    cash="E",
    benchmarks={"60/40": {"A": 0.6, "C": 0.4}},
    plan=QUICK,
)
# The classes of the oracle file of prices: 23 funds, closes without dividends.
FUNDS = {
    **dict.fromkeys(["SPY", "DIA"], "US"),
    **dict.fromkeys(["XLB", "XLE", "XLF", "XLK", "XLU"], "US sectors"),
    **dict.fromkeys(["EFA", "EWG", "EWJ", "EWQ", "EWU", "EPP", "VGK", "VPL"], "developed"),
    **dict.fromkeys(["EEM", "FXI"], "emerging"),
    **dict.fromkeys(["IEF", "TLT", "TIP", "LQD", "BND", "CSJ"], "bonds"),
}


@pytest.fixture(scope="module")
def found():
    prices = 100.0 * (1.0 + returns(420)).cumprod()
    return STUDY.run(STUDY.universe(prices))


def test_equal_weight_stands_first_and_every_row_has_the_same_days(found):
    assert [row.name for row in found.rows] == [*COMPARED, "60/40"]
    assert {row.walk.first for row in found.rows} == {found.first}
    assert {row.walk.net.size for row in found.rows} == {found.sessions.size}
    assert [row.difference is None for row in found.rows] == [True, *[False] * 9]


def test_what_is_compared_is_charged_and_fixed_weights_are_not(found):
    tried = [row.name for row in found.rows if row.is_compared]

    assert tried == list(COMPARED[1:])
    assert found.luck.n_compared == 8
    best = max((row for row in found.rows if row.is_compared), key=lambda r: r.difference.sharpe)
    assert (found.luck.best, found.luck.difference) == (best.name, best.difference.sharpe)
    assert found.luck.expected > 0.0


def test_rules_by_risk_leave_cash_out_and_the_others_do_not(found):
    for name in ("inverse_volatility", "minimum_variance", "risk_parity", "hrp", "cvar"):
        assert not found.row(name).walk.targets[:, 4].any()
    assert found.row("equal").walk.targets[:, 4].all()


def test_caps_of_the_study_reach_every_rule():
    study = replace(
        STUDY, limits=Limits(per_name=0.3, per_class={"bonds": 0.35}), allocators=("hrp",)
    )

    found = study.run(market(500))

    for row in found.rows[:2]:
        assert row.walk.targets.max() <= 0.3 + 1e-9
        assert row.walk.targets[:, 2:4].sum(axis=1).max() <= 0.35 + 1e-9


@pytest.mark.slow
def test_workers_change_nothing():
    study = replace(STUDY, allocators=("inverse_volatility", "hrp"))

    one, two = (as_values(study.run(market(400), Work(n)), study) for n in (1, 2))

    assert json.dumps(plain(one)) == json.dumps(plain(two))


def test_values_are_plain_and_hold_what_the_table_shows(found):
    values = json.loads(json.dumps(plain(as_values(found, STUDY)), allow_nan=False))

    assert values["luck"]["n_compared"] == 8
    assert values["rows"][0]["difference"] is None
    row = values["rows"][3]
    assert (row["allocator"], row["fallback_decisions"]) == ("minimum_variance", [])
    assert row["sharpe_interval"][0] < row["sharpe"] < row["sharpe_interval"][1]
    assert sum(row["weights"].values()) == pytest.approx(1.0)
    assert len(row["paths"]["sharpe"]) == 1


def test_every_fallback_is_in_the_values():
    study = replace(STUDY, limits=Limits(per_name=0.2), allocators=("hrp",), cash="", benchmarks={})
    tight = replace(study, limits=Limits(per_name=0.1))

    values = as_values(tight.run(market(400)), tight)

    told = values["rows"][1]["fallback_decisions"]
    assert len(told) == values["n_decisions"]
    assert told[0]["reason"] == "the caps hold 50% of equity, not 100%; the rest is cash"
    assert (values["rows"][1]["fallbacks"], values["rows"][1]["cash"]) == (
        1.0,
        pytest.approx(0.5, abs=0.01),
    )


def test_costs_are_paid_by_who_trades():
    dear, free = (
        replace(STUDY, allocators=("sector_rotation",), plan=replace(QUICK, terms=terms))
        for terms in (replace(QUICK.terms, cost_bps=50.0), replace(QUICK.terms, cost_bps=0.0))
    )

    paid, kept = (s.run(market(400)).row("sector_rotation").figures for s in (dear, free))

    assert kept.cost == 0.0
    assert paid.cost == pytest.approx(paid.turnover * 0.005, rel=0.1)
    assert paid.sharpe < kept.sharpe


def test_a_comparison_needs_its_benchmark_and_names_that_come_once():
    with pytest.raises(SettingsError, match="named 'equal'"):
        compare(market(), {"hrp": Allocator("hrp")}, QUICK)
    with pytest.raises(SettingsError, match="the data lack"):
        STUDY.universe(pd.DataFrame({"A": [1.0]}))
    with pytest.raises(SettingsError, match="'hrpp'"):
        Study(allocators=("hrpp",))


def test_on_noise_of_equal_names_nothing_is_called_better():
    rng = np.random.default_rng(12)
    days = pd.bdate_range("2010-01-01", periods=1_200)
    noise = pd.DataFrame(rng.normal(0.0, 0.01, (1_200, 6)), days, list("ABCDEF"))
    study = Study(allocators=("inverse_volatility", "signal_weighted", "hrp"), plan=QUICK)

    found = study.run(study.universe_of_returns(noise))

    assert found.luck.p_value > 0.05
    assert found.row("equal").sharpe_interval.low < 0.0 < found.row("equal").sharpe_interval.high


def test_the_funds_of_the_oracle_file_go_through_the_study(shared):
    prices = read_table(shared / "data" / "indicator-oracles" / "stock_prices.csv")
    study = Study(
        classes=FUNDS,
        cash="CSJ",
        allocators=("inverse_volatility", "signal_weighted", "hrp", "sector_rotation"),
        benchmarks={"60/40": {"SPY": 0.6, "IEF": 0.4}},
        plan=Plan(every="quarterly", draws=200),
    )

    found = study.run(study.universe(prices))

    assert set(FUNDS) == set(prices.columns)
    assert (found.sessions[0], found.sessions[-1]) == (20090105, 20160701)
    sharpes = {row.name: row.figures.sharpe for row in found.rows}
    # Prices without dividends: no figure of these funds as they paid.
    assert sharpes == pytest.approx(
        {
            "equal": 0.43,
            "inverse_volatility": 0.45,
            "signal_weighted": 0.02,
            "hrp": 0.46,
            "sector_rotation": 0.25,
            "60/40": 0.86,
        },
        abs=0.01,
    )
    assert found.luck.p_value > 0.3


@pytest.mark.slow
def test_every_allocator_goes_through_the_funds_of_the_oracle_file(shared):
    prices = read_table(shared / "data" / "indicator-oracles" / "stock_prices.csv")
    study = Study(classes=FUNDS, cash="CSJ", plan=Plan(every="quarterly"))

    found = study.run(study.universe(prices))

    calm = found.row("minimum_variance").figures
    assert calm.volatility < 0.4 * found.row("equal").figures.volatility
    assert calm.max_drawdown < 0.1
    assert {row.figures.fallbacks for row in found.rows} == {0.0}
    assert found.luck.p_value > 0.3
