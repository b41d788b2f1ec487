"""`alphamill run`: the whole path, ending in one page."""

from typing import Any

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, note
from alphamill.cli.options import AsJson, ProjectFile, ProjectWorkspace, Workers, workers_of


def run(
    project: ProjectFile = None,
    workspace: ProjectWorkspace = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Run the whole path, from bars to one page; without a project file, on the sample data."""
    from alphamill.report.page import write_page
    from alphamill.report.story import three_lines
    from alphamill.research.pipeline import run as run_plan
    from alphamill.research.winners import manifest
    from alphamill.settings.project import load_project, sample_project
    from alphamill.workshop.progress import Console

    asked = sample_project() if project is None else load_project(project)
    folder = workspace or asked.run.workspace
    clock = WallClock()
    outcome = run_plan(
        asked.plan(),
        asked.source(),
        folder,
        n_workers=workers_of(workers, asked.run.workers),
        progress=Console(),
        clock=clock,
    )
    page = write_page(outcome, folder / "runs" / outcome.run_id / "report.html").resolve()
    lines = dict(three_lines(outcome))
    note(f"winners: {folder / 'winners_manifest.json'}")
    failed = {(f.symbol, f.strategy) for f in outcome.failed}
    for refusal in outcome.refused:
        if (refusal.symbol, refusal.strategy) in failed:
            note(f"{refusal.symbol} {refusal.strategy}: {refusal.reason}")
    payload: dict[str, Any] = {
        "run_id": outcome.run_id,
        "page": page,
        "lines": lines,
        "funnel": outcome.funnel,
        "trials": outcome.trials,
        "identity": outcome.identity,
        "stages": outcome.stages,
        "refused": outcome.refused,
        "failed": outcome.failed,
        "grids": outcome.grids,
        **{k: v for k, v in manifest(outcome.winners, clock.now_ns()).items() if k != "version"},
    }
    answer(
        payload, as_json, lambda: "\n".join([*(f"{k}: {v}" for k, v in lines.items()), str(page)])
    )
