"""A run's results as one table: the seeds' columns, with the numbers of whole backtests."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import periods_per_year, summary
from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, SettingsError
from alphamill.research import results, winners
from alphamill.research.cells import joined
from alphamill.research.factory import judge, limits_for, rerun
from alphamill.research.sweep import sweep
from alphamill.strategies import find
from alphamill.validation.gates import Verdict
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import Serial
from alphamill.workshop.progress import Silent
from tests.research.grounds import EXITS, ground, plan

# specs, factory 3.3, less what a gate of a later release will fill in.
SEEDS_COLUMNS = (
    *("id", "run_id", "timestamp", "strategy_id", "strategy_name", "symbol", "params"),
    *("start_date", "end_date", "total_bars", "total_trades", "winning_trades", "losing_trades"),
    *("win_rate", "total_pnl", "total_pnl_pct", "avg_pnl_per_trade", "avg_win", "avg_loss"),
    *("largest_win", "largest_loss", "sharpe_ratio", "max_drawdown", "max_drawdown_pct"),
    *("profit_factor", "avg_bars_held", "max_bars_held", "min_bars_held", "exit_counts"),
    *("passed_gate1", "passed_walkforward", "passed_all_filters"),
)
LATER = ("passed_regime", "passed_stability", "passed_statistical", "composite_score")
SAID = {"passed_walkforward": "walk_forward", "passed_regime": "regime"}
SAID |= {"passed_stability": "plateau", "passed_statistical": "luck"}
# Columns that a metric of the same name must confirm.
CONFIRMED = SEEDS_COLUMNS[SEEDS_COLUMNS.index("total_bars") : -3]
# Begun 2024-03-01 12:00 UTC.
BEGUN = 1_709_294_400 * 10**9
# Beside the usual ones stops and targets so near that some bars touch both, and no exit at all.
STACKS = (*EXITS, ExitStack(0.25, 0.25, 20), ExitStack(None, None, None))
# Calm enough that some cells pass the basic gate and others do not.
ORDER = plan(
    ("A", "B"),
    (40, 45),
    exits=STACKS,
    gate_preset="seed",
    decides=("basic", "walk_forward"),
    gates={"basic": {"min_trades": 40, "min_sharpe": -0.2}},
)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return (run folder, grounds, run, candidates) of a small stored run."""
    folder = tmp_path_factory.mktemp("results")
    grounds = {"A": ground(1, exits=STACKS), "B": ground(2, 1_203, exits=STACKS)}
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    run = sweep(ORDER, grounds, folder / "runs", ledger, Serial(), Silent())
    ledger.close()
    results.write_meta(run.folder, meta_of(run, grounds))
    candidates = judge(ORDER, run, grounds, 1, Serial(), Silent())
    chosen = winners.winners(candidates, True, dict.fromkeys(grounds, ("r", "d", "c")))
    winners.store(run.folder, chosen, candidates, 5)
    return run.folder, grounds, run, candidates


def meta_of(run, grounds):
    return {
        "run_id": run.run_id,
        "begun_ns": BEGUN,
        "timeframe": "1d",
        "strategies": {"BuyOn5BarLow": 40, "IBSStrategy": 45},
        "series": {
            symbol: {
                "first": int(floor.sessions[0]),
                "last": int(floor.sessions[-1]),
                "n_bars": len(floor.bars),
                "n_sessions": int(floor.sessions.size),
                "periods_per_year": periods_per_year(floor.sessions),
                "basic": asdict(limits_for(ORDER, floor).basic),
            }
            for symbol, floor in grounds.items()
        },
    }


@pytest.fixture(scope="module")
def rows(done):
    return results.table(done[0])


@pytest.fixture(scope="module")
def reruns(done):
    """Return the metrics of a whole backtest of every cell, in the order of the plan."""
    _, grounds, run, _ = done
    found = []
    for symbol, strategy in dict.fromkeys((t.symbol, t.strategy) for t in run.tasks):
        part = joined(list(run.parts(symbol, strategy)))
        found += [rerun(find(strategy), grounds, part, k) for k in range(part.cells.size)]
    return pd.DataFrame([asdict(summary(result)) for result in found])


def test_the_seeds_columns_are_there_in_their_order(rows):
    assert [c for c in rows.columns if c in SEEDS_COLUMNS] == list(SEEDS_COLUMNS)


def test_what_no_gate_said_is_there_and_empty(rows):
    assert rows[["passed_statistical", "composite_score"]].isna().all().all()


def test_every_cell_has_its_row(rows, done):
    run = done[2]

    assert len(rows) == run.n_cells == 2 * (4 + 16) * len(STACKS)
    assert rows["id"].tolist() == list(range(1, len(rows) + 1))
    assert not rows.duplicated(["run_id", "strategy_id", "symbol", "params"]).any()
    pairs = list(dict.fromkeys(zip(rows["symbol"], rows["strategy_name"], strict=True)))
    assert pairs == [(s, n) for s in "AB" for n in ("BuyOn5BarLow", "IBSStrategy")]


@pytest.mark.parametrize("name", [*(c for c in CONFIRMED if c != "exit_counts"), "ambiguous_share"])
def test_figure_equals_that_of_a_whole_backtest(rows, reruns, name):
    np.testing.assert_allclose(rows[name], reruns[name], rtol=1e-9, atol=1e-9)


def test_exits_are_counted_by_reason_as_in_a_whole_backtest(rows, reruns):
    assert [json.loads(text) for text in rows["exit_counts"]] == reruns["exit_counts"].tolist()


def test_the_markets_tried_hold_the_odd_cases(rows, reruns):
    # Without them the comparisons above would not see what they are for.
    is_open = rows["exit_counts"].str.contains("open_at_end")

    assert (is_open & (reruns["ambiguous_share"] > 0)).any()
    assert {json.loads(text).get("target_gap", 0) > 0 for text in rows["exit_counts"]} == {0, 1}
    assert set(rows["passed_all_filters"].dropna()) == {True, False}


def test_rows_say_which_run_series_and_strategy(rows, done):
    folder, grounds, run, _ = done
    last = rows[rows["symbol"] == "B"].iloc[-1]

    assert set(rows["run_id"]) == {run.run_id} == {folder.name}
    assert set(rows["timestamp"]) == {"2024-03-01T12:00:00+00:00"}
    assert (last["strategy_id"], last["strategy_name"]) == (45, "IBSStrategy")
    assert (last["start_date"], last["end_date"]) == (
        grounds["B"].sessions[0],
        grounds["B"].sessions[-1],
    )
    assert (last["total_bars"], rows["total_bars"][0]) == (1_203, 1_500)


def test_params_are_json_and_hold_the_exits(rows):
    params = json.loads(rows["params"].iloc[-1])

    assert {"ibs_buy_threshold", "ibs_sell_threshold"} < set(params)
    assert ExitStack.from_params({k: v for k, v in params.items() if "ibs" not in k}) == STACKS[-1]
    assert rows["params"].iloc[-1] == json.dumps(params, sort_keys=True, separators=(",", ":"))


def test_the_first_gate_is_that_of_the_candidates(rows, done):
    _, _, _, candidates = done
    limits = {"min_trades": 40, "min_sharpe": -0.2}
    holds = (
        (rows["total_trades"] >= limits["min_trades"])
        & (rows["sharpe_ratio"] >= limits["min_sharpe"])
        & (rows["profit_factor"] >= 1.15)
        & (rows["max_drawdown_pct"] <= 30.0)
        & (rows["win_rate"] >= 0.35)
    )

    assert rows["passed_gate1"].tolist() == holds.tolist()
    assert 0 < holds.sum() < len(rows)
    for c in candidates:
        assert bool(row_of(rows, c)["passed_gate1"]) == said_by(c, "basic").passed


def said_by(c, gate):
    return next(v for v in c.verdicts if v.gate == gate)


def row_of(rows, c):
    params = json.dumps(dict(c.params), sort_keys=True, separators=(",", ":"))
    at = (rows["symbol"] == c.symbol) & (rows["strategy_name"] == c.strategy_name)
    found = rows[at & (rows["params"] == params)]
    assert len(found) == 1
    return found.iloc[0]


def test_verdicts_stand_at_the_cell_that_speaks_for_its_pair_only(rows, done):
    _, _, _, candidates = done

    for c in candidates:
        row = row_of(rows, c)
        for column in ("passed_walkforward", "passed_regime", "passed_stability"):
            assert row[column] == said_by(c, SAID[column]).passed
        assert row["passed_all_filters"] == (c.failed_gate is None)
    assert rows["passed_walkforward"].notna().sum() == len(candidates)
    assert rows["passed_all_filters"].notna().sum() == len(candidates)


def copied(done, tmp_path):
    folder = tmp_path / done[0].name
    shutil.copytree(done[0], folder)
    return folder


def test_verdicts_that_differ_are_told_apart(done, tmp_path):
    folder = copied(done, tmp_path)
    stored = json.loads((folder / winners.STORED).read_text())
    for k, c in enumerate(stored["candidates"]):
        c["verdicts"] = [
            said("walk_forward", k != 1),
            said("basic", k == 0),
            said("plateau", False, decides=False),
            said("chance", False, asked=False),
        ]
    (folder / winners.STORED).write_text(json.dumps(stored))

    rows = results.table(folder)

    told = rows[rows["passed_walkforward"].notna()].set_index(["symbol", "strategy_name"])
    for k, c in enumerate(stored["candidates"]):
        row = told.loc[(c["symbol"], c["strategy_name"])]
        assert (row["passed_walkforward"], row["passed_all_filters"]) == (k != 1, k == 0)


def said(gate, passed, decides=True, asked=True):
    return asdict(Verdict(gate, passed, 1.0, 0.5, "", decides, asked))


def test_the_luck_test_is_the_seeds_statistical_filter(done, tmp_path):
    folder = copied(done, tmp_path)
    stored = json.loads((folder / winners.STORED).read_text())
    for k, c in enumerate(first := stored["candidates"][:2]):
        c["verdicts"].append(said("luck", k == 0))
    (folder / winners.STORED).write_text(json.dumps(stored))

    rows = results.table(folder)

    told = rows[rows["passed_statistical"].notna()].set_index(["symbol", "strategy_name"])
    asked = {(c["symbol"], c["strategy_name"]): k == 0 for k, c in enumerate(first)}
    assert told["passed_statistical"].to_dict() == asked


def test_a_run_without_verdicts_yet_is_a_table_too(done, tmp_path):
    folder = copied(done, tmp_path)
    (folder / winners.STORED).unlink()

    assert results.table(folder)["passed_all_filters"].isna().all()


# --- export ------------------------------------------------------------------------------------


def read_csv(path):
    return pd.read_csv(path)


def read_sqlite(path):
    with closing(sqlite3.connect(path)) as base:
        return pd.read_sql("select * from backtest_results", base)


READERS = {"csv": read_csv, "parquet": pd.read_parquet, "sqlite": read_sqlite}


@pytest.mark.parametrize("form", results.FORMATS)
def test_what_is_exported_is_read_back(done, rows, tmp_path, form):
    path = tmp_path / "new" / f"results.{form}"

    n_rows = results.export(done[0], form, path)

    found = READERS[form](path)
    assert n_rows == len(found) == len(rows)
    assert list(found.columns) == list(rows.columns)
    judged = ("passed_walkforward", "passed_all_filters", *LATER)
    for name in [c for c in rows.columns if c not in judged]:
        assert (found[name] == rows[name]).all(), name
    # A verdict where there is one, nothing elsewhere; true and false in whatever form.
    for name in judged:
        assert found[name].isna().tolist() == rows[name].isna().tolist()
        assert found[name].dropna().astype(bool).tolist() == rows[name].dropna().tolist()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("form", results.FORMATS)
def test_an_export_replaces_an_older_one(done, tmp_path, form):
    path = tmp_path / "results"
    path.write_text("an older export")

    results.export(done[0], form, path)
    results.export(done[0], form, path)

    assert len(READERS[form](path)) == 240


def test_what_a_killed_export_left_does_not_hinder_the_next(done, tmp_path):
    with closing(sqlite3.connect(tmp_path / "r.db.part")) as base:
        base.execute("create table backtest_results (half integer)")

    results.export(done[0], "sqlite", tmp_path / "r.db")

    assert len(read_sqlite(tmp_path / "r.db")) == 240
    assert [p.name for p in tmp_path.iterdir()] == ["r.db"]


def test_the_database_holds_the_run_beside_its_cells(done, tmp_path):
    folder, grounds, run, _ = done
    results.export(folder, "sqlite", tmp_path / "r.db")

    with closing(sqlite3.connect(tmp_path / "r.db")) as base:
        runs = pd.read_sql("select * from execution_runs", base).to_dict("records")

    assert runs == [
        {
            "run_id": run.run_id,
            "timestamp": "2024-03-01T12:00:00+00:00",
            "phase": 1,
            "symbols": '["A","B"]',
            "start_date": 20180101,
            "end_date": int(grounds["A"].sessions[-1]),
            "timeframe": "1d",
            "strategies_tested": 2,
            "total_backtests": 240,
            "strategies_passed": 1,
            "status": "completed",
            "report_path": "report.html",
            **dict.fromkeys(("workers", "runtime_seconds", "error_message", "charts_path")),
        }
    ]


def test_an_unknown_format_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(SettingsError) as caught:
        results.export(tmp_path / "nowhere", "xlsx", tmp_path / "x.xlsx")

    assert str(caught.value) == (
        "results are exported as one of ['parquet', 'csv', 'sqlite'], received 'xlsx'."
    )


# --- runs that are missing or torn -------------------------------------------------------------


@pytest.mark.parametrize("ask", [results.table, lambda f: results.export(f, "csv", f / "x.csv")])
def test_a_run_that_is_not_there_is_refused_by_name(tmp_path, ask):
    with pytest.raises(DataError, match=r"^run abc cannot be read \(.*\)\. Sweep again; stored ce"):
        ask(tmp_path / "abc")


def test_a_run_without_a_part_says_so(done, tmp_path):
    folder = copied(done, tmp_path)
    shutil.rmtree(folder / "parts")

    with pytest.raises(DataError, match=f"^run {folder.name} holds no results yet. Run the sweep"):
        results.table(folder)


def test_a_torn_part_is_named(done, tmp_path):
    folder = copied(done, tmp_path)
    part = folder / "parts" / "000001.parquet"
    part.write_bytes(part.read_bytes()[:-50])

    with pytest.raises(DataError, match=r"^000001\.parquet: this stored part"):
        results.table(folder)
