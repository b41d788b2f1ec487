"""A run's results as one table: a row a cell, with the columns of the seeds' database."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alphamill.backtest.metrics import STARTING_EQUITY
from alphamill.backtest.state import REASONS
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json
from alphamill.research.cells import Part, in_sample, read_part
from alphamill.validation.gates import passes_basic
from alphamill.validation.thresholds import BasicThresholds
from alphamill.workshop.files import write_atomic, write_parquet_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping

META = "run.json"
FORMATS = ("parquet", "csv", "sqlite")


def table(run_folder: Path) -> pd.DataFrame:
    """Return every cell of a stored run, in plan order.

    Columns are those of the seeds' ``backtest_results``; ``params`` is JSON and holds the exits
    too; figures are of the discovery window; verdicts other than ``passed_gate1`` are known for the
    cell that stands for its strategy and instrument and null for the others.
    """
    meta = _meta(run_folder)
    frames = [_frame(part, meta) for part in _parts(run_folder)]
    if not frames:
        raise DataError(f"run {run_folder.name} holds no results yet. Run the sweep again.")
    whole = pd.concat(frames, ignore_index=True)
    whole.insert(0, "id", np.arange(1, len(whole) + 1))
    return _with_verdicts(whole, run_folder)


def export(run_folder: Path, form: str, path: Path) -> int:
    """Write the table to ``path`` and return its number of rows.

    ``sqlite`` writes two tables, ``backtest_results`` and ``execution_runs``.
    """
    if form not in FORMATS:
        raise SettingsError(f"results are exported as one of {list(FORMATS)}, received {form!r}.")
    rows = table(run_folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "csv":
        write_atomic(path, rows.to_csv(index=False))
    elif form == "parquet":
        write_parquet_atomic(path, rows)
    else:
        _to_sqlite(rows, _meta(run_folder), path)
    return len(rows)


def latest(runs: Path) -> Path:
    """Return the folder of the run that was begun last.

    Raises
    ------
    DataError
        When there is none.
    """
    found = [(_meta(p.parent)["begun_ns"], p.parent) for p in runs.glob(f"*/{META}")]
    if not found:
        raise DataError(f"no run lies in {runs.name}. Run `alphamill run` or `alphamill sweep`.")
    return max(found)[1]


def write_meta(run_folder: Path, meta: "Mapping[str, Any]") -> None:
    """Keep what a run was asked beside its results; the time of its first start stays."""
    path = run_folder / META
    begun = meta["begun_ns"]
    # A file that cannot be read is written anew: sweeping again is its remedy.
    with contextlib.suppress(DataError):
        begun = _meta(run_folder)["begun_ns"] if path.exists() else begun
    write_atomic(path, json.dumps({**meta, "begun_ns": begun}, indent=1) + "\n")


def _parts(run_folder: Path) -> Iterator[Part]:
    for path in sorted((run_folder / "parts").glob("*.parquet")):
        yield read_part(path)


def _frame(part: Part, meta: dict[str, Any]) -> pd.DataFrame:
    cells, known = part.cells, meta["series"][part.symbol]
    n = cells.size
    trades = cells["total_trades"]
    with np.errstate(divide="ignore", invalid="ignore"):
        columns: dict[str, Any] = {
            "run_id": meta["run_id"],
            "timestamp": pd.Timestamp(meta["begun_ns"], unit="ns", tz="UTC").isoformat(),
            "strategy_id": meta["strategies"][part.strategy],
            "strategy_name": part.strategy,
            "symbol": part.symbol,
            "params": [canonical_json(part.cell(row)) for row in range(n)],
            "start_date": known["first"],
            "end_date": known["last"],
            "total_bars": known["n_bars"],
            "total_trades": trades,
            "winning_trades": cells["winning_trades"],
            "losing_trades": cells["losing_trades"],
            "win_rate": np.nan_to_num(cells["winning_trades"] / trades),
            "total_pnl": cells["total_pnl"],
            "total_pnl_pct": 100 * cells["total_pnl"] / STARTING_EQUITY,
            "avg_pnl_per_trade": np.nan_to_num((cells["gross_win"] - cells["gross_loss"]) / trades),
            "avg_win": np.nan_to_num(cells["gross_win"] / cells["winning_trades"]),
            "avg_loss": -np.nan_to_num(cells["gross_loss"] / cells["losing_trades"]),
            "largest_win": cells["largest_win"],
            "largest_loss": cells["largest_loss"],
            "sharpe_ratio": in_sample(part, known["n_sessions"], known["periods_per_year"]),
            "max_drawdown": cells["max_drawdown"],
            "max_drawdown_pct": 100 * cells["max_drawdown_frac"],
            "profit_factor": cells["gross_win"] / cells["gross_loss"],
            "avg_bars_held": np.nan_to_num(cells["bars_held"] / trades),
            "max_bars_held": cells["max_bars_held"],
            "min_bars_held": cells["min_bars_held"],
            "exit_counts": [
                canonical_json({r: int(k) for r, k in zip(REASONS, row, strict=True) if k})
                for row in cells["exits"]
            ],
            "ambiguous_share": np.nan_to_num(cells["ambiguous"] / trades),
        }
    frame = pd.DataFrame(columns, index=range(n))
    limits = BasicThresholds(**known["basic"])
    asked = {name: frame[name].to_numpy() for name in _ASKED} | {
        "max_drawdown_frac": cells["max_drawdown_frac"]
    }
    frame["passed_gate1"] = passes_basic(asked, limits)
    return frame


_ASKED = ("total_trades", "sharpe_ratio", "profit_factor", "win_rate")


# Known for the cell that stands for its strategy and instrument; the seeds' composite score weighs
# features that no model has yet, and stays empty.
_JUDGED = (
    "passed_walkforward",
    "passed_regime",
    "passed_stability",
    "passed_statistical",
    "passed_all_filters",
    "composite_score",
)
_SAID_BY = {
    "passed_walkforward": "walk_forward",
    "passed_regime": "regime",
    "passed_stability": "plateau",
    "passed_statistical": "luck",
}


def _with_verdicts(rows: pd.DataFrame, run_folder: Path) -> pd.DataFrame:
    rows = rows.assign(**dict.fromkeys(_JUDGED))
    path = run_folder / "candidates.json"
    if not path.exists():
        return rows
    keys = zip(rows["symbol"], rows["strategy_name"], rows["params"], strict=True)
    row_of = {key: row for row, key in enumerate(keys)}
    for c in json.loads(path.read_text())["candidates"]:
        at = row_of[c["symbol"], c["strategy_name"], canonical_json(c["params"])]
        asked = [verdict for verdict in c["verdicts"] if verdict["asked"]]
        said = {verdict["gate"]: verdict["passed"] for verdict in asked}
        for column, gate in _SAID_BY.items():
            rows.loc[at, column] = said.get(gate)
        rows.loc[at, "passed_all_filters"] = all(v["passed"] for v in asked if v["decides"])
    return rows


def _to_sqlite(rows: pd.DataFrame, meta: dict[str, Any], path: Path) -> None:
    import sqlite3
    from contextlib import closing

    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    runs = pd.DataFrame(
        {
            "run_id": [meta["run_id"]],
            "timestamp": [rows["timestamp"][0]],
            "phase": [1],
            "symbols": [canonical_json(list(meta["series"]))],
            "start_date": [rows["start_date"].min()],
            "end_date": [rows["end_date"].max()],
            "timeframe": [meta["timeframe"]],
            "strategies_tested": [len(meta["strategies"])],
            "total_backtests": [len(rows)],
            "strategies_passed": [int((rows["passed_all_filters"] == True).sum())],  # noqa: E712
            "workers": [meta.get("workers")],
            "runtime_seconds": [meta.get("runtime_seconds")],
            "status": ["completed"],
            "error_message": [None],
            "report_path": ["report.html"],
            "charts_path": [None],
        }
    )
    with closing(sqlite3.connect(part)) as base:
        rows.to_sql("backtest_results", base, index=False)
        runs.to_sql("execution_runs", base, index=False)
        base.commit()
    part.replace(path)


def _meta(run_folder: Path) -> dict[str, Any]:
    try:
        meta: dict[str, Any] = json.loads((run_folder / META).read_text())
        return {**meta, "begun_ns": int(meta["begun_ns"])}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise DataError(
            f"run {run_folder.name} cannot be read ({e}). Sweep again; stored cells are kept."
        ) from e
