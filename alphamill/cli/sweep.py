"""`alphamill sweep`: every cell of a plan, judged; and its results as one table."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, note, table
from alphamill.cli.options import (
    WORKSPACE,
    AsJson,
    End,
    ProjectFile,
    ProjectWorkspace,
    Start,
    Strategies,
    Workers,
    Workspace,
    day,
    timeframe_of,
    workers_of,
)

if TYPE_CHECKING:
    from alphamill.research.pipeline import Judged
    from alphamill.research.plan import Plan
    from alphamill.settings.project import Project

N_SHOWN = 15

app = typer.Typer(help="Run every cell of a plan and judge what it found; export the results.")


@app.callback(invoke_without_command=True)
def sweep(  # noqa: PLR0913  (a flag is an argument)
    context: typer.Context,
    symbol: Annotated[str | None, typer.Option(help="One instrument.")] = None,
    symbols: Annotated[list[str] | None, typer.Option(help="Instruments: --symbols ES NQ.")] = None,
    strategies: Strategies = None,
    start: Start = None,
    end: End = None,
    timeframe: Annotated[
        str | None, typer.Option(help="1m, 5m, 15m, 1h or 1d; 15min and the like as well.")
    ] = None,
    workers: Workers = None,
    project: ProjectFile = None,
    workspace: ProjectWorkspace = None,
    as_json: AsJson = False,
) -> None:
    """Run every cell of a plan, ask the gates, and keep the results.

    The plan comes from --project, or from the default project; flags replace its parts.
    """
    if context.invoked_subcommand is not None:
        return
    from alphamill.settings.project import Project, load_project

    base = Project() if project is None else load_project(project)
    wanted = [*([symbol] if symbol else []), *(symbols or [])]
    asked = {"symbols": wanted, "timeframe": timeframe and timeframe_of(timeframe)}
    plan = asked_plan(base, asked, strategies, (start, end))
    judged = run_sweep(
        plan, base, workspace or base.run.workspace, workers_of(workers, base.run.workers)
    )
    answer(_payload(judged), as_json, lambda: _shown(judged))


@app.command()
def results(
    export: Annotated[str, typer.Option(help="sqlite, csv or parquet.")],
    output: Annotated[
        Path | None, typer.Option(help="The file; in the run's folder otherwise.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="A run's id; the latest otherwise.")] = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write a run's cells as one table, with the columns of the seeds' database."""
    from alphamill.core.errors import SettingsError
    from alphamill.research.results import export as write
    from alphamill.research.results import latest

    runs = workspace / "runs"
    folder = latest(runs) if run is None else runs / run
    if not folder.is_dir():
        held = sorted(path.name for path in runs.glob("*") if path.is_dir())
        raise SettingsError(f"{workspace}: no run {run!r}; it holds {held}.")
    ending = {"sqlite": "db"}.get(export, export)
    path = output or folder / f"results.{ending}"
    n_rows = write(folder, export, path)
    answer(
        {"run_id": folder.name, "rows": n_rows, "path": path},
        as_json,
        lambda: f"{n_rows:,} rows of run {folder.name} written to {path}",
    )


def asked_plan(
    base: "Project",
    asked: dict[str, Any],
    strategies: Sequence[str] | None,
    span: tuple[str | None, str | None],
) -> "Plan":
    """Return the plan of ``base`` with the parts that flags name put in their place."""
    from alphamill.core.errors import SettingsError
    from alphamill.settings.choice import narrowed
    from alphamill.settings.spans import windows_between

    data = base.data.model_copy(update={k: v for k, v in asked.items() if v})
    if not data.symbols:
        raise SettingsError("a sweep needs instruments: give --symbols, or a --project.")
    block = narrowed(base.strategies, strategies) if strategies else base.strategies
    plan = base.model_copy(update={"data": data, "strategies": block}).plan()
    first, last = day("--start", span[0]), day("--end", span[1])
    if (first is None) != (last is None):
        raise SettingsError("--start and --end must be given together; add the other one.")
    return plan if first is None else replace(plan, windows=windows_between(first, last))


def run_sweep(plan: "Plan", base: "Project", workspace: Path, n_workers: int) -> "Judged":
    """Bring in what the catalog lacks, then sweep and judge."""
    from alphamill.data.catalog import Catalog
    from alphamill.data.ingest import ingest
    from alphamill.research.pipeline import research
    from alphamill.workshop.parallel import executor
    from alphamill.workshop.progress import Console

    catalog, clock, progress = Catalog(workspace), WallClock(), Console()
    held = {(e.symbol, e.timeframe) for e in catalog.entries()}
    absent = [s for s in plan.symbols if (s, plan.timeframe) not in held]
    if absent:
        note(f"not in the catalog, taken from the source {base.data.source}: {' '.join(absent)}")
        ingest(
            base.source(),
            absent,
            plan.timeframe,
            catalog,
            overrides=plan.instruments,
            clock=clock,
            progress=progress,
        )
    with executor(n_workers) as work:
        return research(plan, workspace, work, progress=progress, clock=clock)


def _payload(judged: "Judged") -> dict[str, Any]:
    return {
        "run_id": judged.sweep.run_id,
        "n_cells": judged.sweep.n_cells,
        "n_new_trials": judged.sweep.n_new_trials,
        "trials_ever": judged.trials_ever,
        "winners": len(judged.winners),
        "candidates": [
            {
                "symbol": c.symbol,
                "strategy_id": c.strategy_id,
                "strategy_name": c.strategy_name,
                "params": c.params,
                "sharpe_ratio": c.oos_sharpe,
                "in_sample_sharpe_ratio": c.in_sample_sharpe,
                "failed_gate": c.failed_gate,
            }
            for c in judged.candidates
        ],
        "refused": [vars(r) for r in judged.refused],
        "failed": [vars(f) for f in judged.sweep.failed],
        "grids": [vars(g) for g in judged.sweep.grids],
    }


def _shown(judged: "Judged") -> Any:
    from rich.console import Group

    from alphamill.research.outcome import grid_lines

    ranked = sorted(judged.candidates, key=lambda c: c.oos_sharpe, reverse=True)[:N_SHOWN]
    rows = [
        (c.symbol, c.strategy_name, c.oos_sharpe, c.in_sample_sharpe, c.failed_gate or "passed all")
        for c in ranked
    ]
    swept = judged.sweep
    title = (
        f"run {swept.run_id}: {swept.n_cells:,} cells, {swept.n_new_trials:,} of them new trials, "
        f"{len(judged.candidates):,} candidates"
    )
    columns = (
        "symbol",
        "strategy",
        "out-of-sample Sharpe",
        "in-sample Sharpe",
        "first gate failed",
    )
    return Group(
        table(title, columns, rows),
        f"{len(judged.winners):,} winners",
        *(f"{name}: {line}" for name, line in grid_lines(swept.grids).items()),
        *_not_judged(judged),
    )


def _not_judged(judged: "Judged") -> list[Any]:
    """Return what failed, what was not run and what never traded, what failed first."""
    if not judged.refused:
        return []
    from rich.markup import escape

    failed = {(f.symbol, f.strategy) for f in judged.sweep.failed}
    ranked = sorted(judged.refused, key=lambda r: (r.symbol, r.strategy) not in failed)
    rows = [(r.symbol, r.strategy, escape(r.reason)) for r in ranked[:N_SHOWN]]
    more = len(ranked) - len(rows)
    title = f"{len(ranked):,} not judged, or never traded" + (
        f"; {more:,} more are in {judged.sweep.folder / 'candidates.json'}" if more else ""
    )
    return [table(title, ("symbol", "strategy", "reason"), rows)]
