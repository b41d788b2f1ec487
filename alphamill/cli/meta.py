"""`alphamill meta`: for each winner a model that says which of its signals deserve the trade."""

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
    Instruments,
    ProjectFile,
    Strategies,
    Workers,
    Workspace,
    workers_of,
)

if TYPE_CHECKING:
    from alphamill.research.metalabel.order import Order
    from alphamill.research.metalabel.pipeline import Step, Told
    from alphamill.research.metalabel.record import Record

Manifest = Annotated[
    Path | None, typer.Option(help="The manifest of winners; the workspace's otherwise.")
]
OutputDir = Annotated[
    Path | None, typer.Option(help="Folder of the models and reports; meta/ of the workspace.")
]
RandomTrials = Annotated[
    int | None, typer.Option("--random", min=0, help="Trials drawn at random; 120 otherwise.")
]
BayesTrials = Annotated[
    int | None, typer.Option("--bayes", min=0, help="Trials of the Bayesian search; 300 otherwise.")
]
Csv = Annotated[bool, typer.Option("--csv", help="Write the training sets as CSV files too.")]

app = typer.Typer(
    help="Learn for each winner which of its signals deserve the trade, and judge the model once.",
    no_args_is_help=True,
)


@app.command()
def run(  # noqa: PLR0913  (a flag is an argument)
    manifest: Manifest = None,
    output_dir: OutputDir = None,
    workers: Workers = None,
    strategies: Strategies = None,
    instruments: Instruments = None,
    project: ProjectFile = None,
    random_trials: RandomTrials = None,
    bayes_trials: BayesTrials = None,
    csv: Csv = False,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Extract, train and validate every winner of a manifest, and write the two lists."""
    _steps(
        ("extract", "train", "validate"),
        (manifest, output_dir, workspace),
        _order(project, random_trials, bayes_trials, csv),
        (strategies or (), instruments or ()),
        workers,
        as_json,
    )


@app.command()
def extract(  # noqa: PLR0913  (a flag is an argument)
    manifest: Manifest = None,
    output_dir: OutputDir = None,
    workers: Workers = None,
    strategies: Strategies = None,
    instruments: Instruments = None,
    project: ProjectFile = None,
    csv: Csv = False,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write each winner's training set: a row a signal, its features, and what its trade earned."""
    _steps(
        ("extract",),
        (manifest, output_dir, workspace),
        _order(project, None, None, csv),
        (strategies or (), instruments or ()),
        workers,
        as_json,
    )


@app.command()
def train(  # noqa: PLR0913  (a flag is an argument)
    manifest: Manifest = None,
    output_dir: OutputDir = None,
    workers: Workers = None,
    strategies: Strategies = None,
    instruments: Instruments = None,
    project: ProjectFile = None,
    random_trials: RandomTrials = None,
    bayes_trials: BayesTrials = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Search each winner's model inside its training years and freeze the best as a bundle."""
    _steps(
        ("train",),
        (manifest, output_dir, workspace),
        _order(project, random_trials, bayes_trials, False),
        (strategies or (), instruments or ()),
        workers,
        as_json,
    )


@app.command()
def validate(  # noqa: PLR0913  (a flag is an argument)
    manifest: Manifest = None,
    output_dir: OutputDir = None,
    workers: Workers = None,
    strategies: Strategies = None,
    instruments: Instruments = None,
    project: ProjectFile = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Score each frozen bundle on the validation window, which no choice has seen."""
    _steps(
        ("validate",),
        (manifest, output_dir, workspace),
        _order(project, None, None, False),
        (strategies or (), instruments or ()),
        workers,
        as_json,
    )


@app.command()
def report(
    output_dir: OutputDir = None,
    project: ProjectFile = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Rank the validated winners: those better with a model, the rules kept, and the rest."""
    from alphamill.core.errors import DataError
    from alphamill.research.metalabel.layout import Layout
    from alphamill.research.metalabel.lists import records_in

    layout = Layout(output_dir or workspace / "meta")
    records = records_in(layout)
    if not records:
        raise DataError(
            f"{layout.root}: holds no validated winner. Run `alphamill meta run` first."
        )
    page = _written(layout, records, _order(project, None, None, False))
    answer(_payload(records, page), as_json, lambda: _ranking(records, page))


@app.command()
def export(
    models_path: Annotated[Path, typer.Option(help="Folder for the flat layout of the seeds.")],
    strategy: Annotated[str, typer.Option(help="Whose bundles, by the strategy's name.")],
    output_dir: OutputDir = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write a strategy's bundles side by side, one a symbol, as the seeds' loader expects them."""
    from alphamill.research.metalabel.flat import export_strategy
    from alphamill.research.metalabel.layout import Layout

    paths = export_strategy(Layout(output_dir or workspace / "meta"), strategy, models_path)
    answer(
        {"strategy": strategy, "bundles": paths},
        as_json,
        lambda: "\n".join(str(path) for path in paths),
    )


def _order(
    project: Path | None, random_trials: int | None, bayes_trials: int | None, csv: bool
) -> "Order":
    from alphamill.settings.project import Project, load_project

    order = (Project() if project is None else load_project(project)).order()
    budget = order.budget
    budget = replace(
        budget,
        n_random=budget.n_random if random_trials is None else random_trials,
        n_bayes=budget.n_bayes if bayes_trials is None else bayes_trials,
    )
    return replace(order, budget=budget, csv=csv)


def _steps(
    steps: "tuple[Step, ...]",
    where: tuple[Path | None, Path | None, Path],
    order: "Order",
    only: tuple[Sequence[str], Sequence[str]],
    workers: int | None,
    as_json: bool,
) -> None:
    from alphamill.report.meta import write_meta
    from alphamill.report.meta_pages import page_of
    from alphamill.research.metalabel.layout import Layout
    from alphamill.research.metalabel.lists import records_in, write_results
    from alphamill.research.metalabel.manifest import read_manifest
    from alphamill.research.metalabel.pipeline import Job, summary_of
    from alphamill.research.metalabel.pipeline import run as enhance_all
    from alphamill.workshop.progress import Console

    manifest, output_dir, workspace = where
    wanted = read_manifest(manifest or workspace / "winners_manifest.json", *only)
    layout = Layout(output_dir or workspace / "meta")
    clock = WallClock()
    job = Job(workspace, layout, order, clock, steps)
    told: list[Told] = []
    for one in enhance_all(job, wanted, workers_of(workers), Console()):
        page = page_of(one)
        if page is not None:
            write_meta(page, layout.page(one.wanted.key))
        note(f"{one.wanted.key}: {summary_of(one)}")
        told.append(one)
    if "validate" not in steps:
        answer(_told(told), as_json, lambda: _shown(told, layout.root))
        return
    records = [one.record for one in told]
    results = write_results(layout, records, clock.now_ns())
    everyone = records_in(layout)
    overview = _written(layout, everyone, order)
    payload = _payload(records, overview) | {"results": layout.results("").with_name(results)}
    answer(payload, as_json, lambda: _ranking(records, overview))


def _written(layout: Any, records: "Sequence[Record]", order: "Order") -> Path:
    from alphamill.report.meta_overview import write_meta_overview
    from alphamill.report.meta_pages import overview_of
    from alphamill.research.metalabel.lists import write_lists

    write_lists(layout, records)
    overview = overview_of(records, layout, order.limits)
    return write_meta_overview(overview, layout.overview).resolve()


def _payload(records: "Sequence[Record]", page: Path) -> dict[str, Any]:
    return {
        "enhanced": sum(record.is_enhanced for record in records),
        "winners": len(records),
        "page": page,
        "rows": [record.row for record in records],
    }


def _ranking(records: "Sequence[Record]", page: Path) -> Any:
    from rich.console import Group

    from alphamill.research.metalabel.lists import ranked

    columns = ("symbol", "strategy", "answer", "rule Sharpe", "with model", "trades", "kept")
    rows = [
        (
            record.primary.symbol,
            record.primary.strategy,
            record.row.get("answer") or f"{record.row['status']}: {record.row['reason']}",
            record.row.get("baseline_sharpe"),
            record.row.get("ml_sharpe"),
            record.row.get("baseline_trades"),
            record.row.get("ml_trades"),
        )
        for record in ranked(records)
    ]
    n_enhanced = sum(record.is_enhanced for record in records)
    return Group(table(f"enhanced {n_enhanced} of {len(rows)}", columns, rows), str(page))


def _told(told: "Sequence[Told]") -> dict[str, Any]:
    return {
        "winners": [
            {
                "key": one.wanted.key,
                "status": one.record.row["status"],
                "reason": one.record.row.get("reason"),
                "signals": one.n_signals,
                "features": one.n_features,
                "trials": None if one.lesson is None else len(one.lesson.trials),
                "cpcv_sharpe": None if one.lesson is None else one.lesson.cpcv_sharpe,
                "deflated_sharpe": None if one.lesson is None else one.lesson.deflated_sharpe,
                "threshold": None if one.bundle is None else one.bundle.threshold,
            }
            for one in told
        ]
    }


def _shown(told: "Sequence[Told]", root: Path) -> Any:
    from alphamill.research.metalabel.pipeline import summary_of

    rows = [(one.wanted.symbol, one.wanted.strategy, summary_of(one)) for one in told]
    return table(f"{len(rows)} winners, in {root}", ("symbol", "strategy", ""), rows)
