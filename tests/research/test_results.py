"""The table of a run: the seeds' columns, and three ways to take it along."""

import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.research import results
from tests.research.test_pipeline import ran

SEED_COLUMNS = {
    *("id", "run_id", "timestamp", "strategy_id", "strategy_name", "symbol", "params"),
    *("start_date", "end_date", "total_bars", "total_trades", "winning_trades", "losing_trades"),
    *("win_rate", "total_pnl", "total_pnl_pct", "avg_pnl_per_trade", "avg_win", "avg_loss"),
    *("largest_win", "largest_loss", "sharpe_ratio", "max_drawdown", "max_drawdown_pct"),
    *("profit_factor", "avg_bars_held", "max_bars_held", "min_bars_held", "exit_counts"),
    *("passed_gate1", "passed_walkforward", "passed_all_filters"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    ran(folder)
    return folder / "runs"


@pytest.fixture(scope="module")
def rows(runs):
    return results.table(results.latest(runs))


def test_the_seeds_columns_are_all_there(rows):
    assert set(rows.columns) >= SEED_COLUMNS


def test_figures_of_a_row_fit_together(rows):
    traded = rows[rows.total_trades > 0]

    assert len(traded) > 100
    assert (traded.winning_trades + traded.losing_trades <= traded.total_trades).all()
    assert ((traded.avg_loss <= 0) & (traded.avg_win >= 0)).all()
    assert (traded.min_bars_held <= traded.avg_bars_held).all()
    assert (traded.avg_bars_held <= traded.max_bars_held).all()
    assert traded.id.tolist() == (traded.index + 1).tolist()


def test_csv_and_parquet_read_back_the_same(runs, rows, tmp_path):
    folder = results.latest(runs)
    n_csv = results.export(folder, "csv", tmp_path / "new" / "r.csv")
    n_parquet = results.export(folder, "parquet", tmp_path / "r.parquet")

    from_csv = pd.read_csv(tmp_path / "new" / "r.csv")
    from_parquet = pd.read_parquet(tmp_path / "r.parquet")

    assert n_csv == n_parquet == len(rows)
    assert from_parquet.total_pnl.tolist() == rows.total_pnl.tolist()
    assert from_csv.total_pnl.tolist() == rows.total_pnl.tolist()
    assert from_csv.params.tolist() == rows.params.tolist()


def test_sqlite_holds_the_cells_and_the_run(runs, rows, tmp_path):
    results.export(results.latest(runs), "sqlite", tmp_path / "r.db")

    with closing(sqlite3.connect(tmp_path / "r.db")) as base:
        best = base.execute("select max(sharpe_ratio), count(*) from backtest_results").fetchone()
        run = base.execute("select run_id, total_backtests, status from execution_runs").fetchone()
    assert best == (rows.sharpe_ratio.max(), len(rows))
    assert run == (results.latest(runs).name, len(rows), "completed")


def test_an_unknown_format_is_refused(runs, tmp_path):
    with pytest.raises(SettingsError, match=r"one of \['parquet', 'csv', 'sqlite'\], received 'x'"):
        results.export(results.latest(runs), "x", tmp_path / "r.x")


def test_a_missing_run_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no run lies in runs\. Run `alphamill run`"):
        results.latest(tmp_path / "runs")
    (tmp_path / "abc").mkdir()
    with pytest.raises(DataError, match=r"run abc cannot be read"):
        results.table(tmp_path / "abc")
