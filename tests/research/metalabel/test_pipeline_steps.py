"""The whole run over a manifest: one answer a winner, every trial counted, nothing done twice."""

import json
from dataclasses import replace

import pytest

from alphamill.core.clock import ReplayClock
from alphamill.learning.bundle_files import load_model_bundle
from alphamill.learning.search import Budget
from alphamill.research.metalabel.flat import export_strategy
from alphamill.research.metalabel.layout import Layout
from alphamill.research.metalabel.manifest import read_manifest
from alphamill.research.metalabel.order import Order
from alphamill.research.metalabel.pipeline import Job, run
from alphamill.research.metalabel.record import read_record
from alphamill.validation.ledger import Ledger
from alphamill.workshop.progress import Silent

from .conftest import PAIRS, RSI

ORDER = Order(
    budget=Budget(n_random=3, n_bayes=1, families=("forest", "logistic")),
    names=("ibs", "rsi_2", "returns_3", "volatility_20", "NQ_daily_return", "day_of_week"),
    n_features=4,
    n_draws=99,
    csv=True,
)
NOW = ReplayClock(1_763_979_123 * 10**9)


def job(workspace, **changed):
    return Job(workspace, Layout(workspace / "meta"), replace(ORDER, **changed), NOW)


def ran(workspace, order=None, n_workers=1):
    wanted = read_manifest(workspace / "winners_manifest.json")
    return list(run(order or job(workspace), wanted, n_workers, Silent()))


@pytest.fixture(scope="module")
def done(workspace):
    return ran(workspace)


def by_name(told, symbol, strategy):
    return next(t for t in told if (t.wanted.symbol, t.wanted.strategy) == (symbol, strategy))


def test_every_winner_has_an_answer_and_a_rule_without_entries_is_skipped(done, workspace):
    layout = Layout(workspace / "meta")

    statuses = {one.wanted.key: one.record.row["status"] for one in done}

    assert statuses[f"ES_{RSI}"] == "completed"
    assert {status for key, status in statuses.items() if PAIRS in key} == {"skipped"}
    for one in done:
        assert read_record(layout.validation(one.wanted.key)).row == one.record.row
    assert f"ES_{RSI}" in layout.log.read_text()


def test_files_lie_where_the_seeds_say(done, workspace):
    root = workspace / "meta"

    best = json.loads((root / "models" / f"ES_{RSI}" / "ES_best.json").read_text())

    assert {"Symbol", "Sharpe", "Profit_Factor", "Trades", "Prod_Threshold", "Features"} <= set(
        best
    )
    assert best["Holdout"]["Trades"] == by_name(done, "ES", RSI).record.row["ml_trades"]
    assert (root / "training_data" / f"ES_{RSI}_training.csv").is_file()
    bundle = load_model_bundle("ES", root / "models")
    assert bundle.features == tuple(best["Features"])


def test_every_trial_is_in_the_ledger_once(done, workspace):
    ledger = Ledger(workspace / "ledger.db", NOW)
    before = ledger.count(strategy=f"{RSI}_ML")

    ran(workspace)

    tried = {str(t.params) for t in by_name(done, "ES", RSI).lesson.trials}
    assert ledger.count(strategy=f"{RSI}_ML") == before
    assert ledger.count(symbol="ES", strategy=f"{RSI}_ML") == len(tried)
    ledger.close()


def test_two_workers_find_what_one_found(done, workspace):
    again = ran(workspace, n_workers=2)

    assert [t.record.row for t in again] == [t.record.row for t in done]


def test_asking_again_looks_no_second_time(done, workspace):
    log = job(workspace).looks.read_text()

    ran(workspace)
    ran(workspace, replace(job(workspace), layout=Layout(workspace / "elsewhere")))

    assert job(workspace).looks.read_text() == log


def test_a_strategys_bundles_are_written_side_by_side(done, workspace, tmp_path):
    paths = export_strategy(Layout(workspace / "meta"), RSI, tmp_path / "flat")

    symbols = {path.name.removesuffix("_best.json") for path in paths}
    assert "ES" in symbols
    assert load_model_bundle("ES", tmp_path / "flat").strategy == RSI
