"""The seed documents' scripts, with their flags: each calls the command that does its work here.

Scripts whose room is not built yet have no command; docs/seed-commands.md lists them.
"""

from pathlib import Path
from typing import Annotated

import typer

from alphamill.cli import sweep as ours
from alphamill.cli.options import (
    WORKSPACE,
    AsJson,
    Instruments,
    Strategies,
    Symbol,
    TopN,
    Workers,
    Workspace,
)
from alphamill.cli.winners import winners


def phase1(  # noqa: PLR0913  (a flag is an argument)
    context: typer.Context,
    symbol: Symbol,
    start: Annotated[str, typer.Option(help="First day.")] = "2010-01-01",
    end: Annotated[str, typer.Option(help="Last day, included.")] = "2024-12-31",
    timeframe: Annotated[str, typer.Option(help="15min and the like.")] = "15min",
    workers: Workers = None,
    strategies: Strategies = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Sweep one instrument: the seeds' factory phase 1, our `sweep`."""
    ours.sweep(
        context,
        symbol=symbol,
        strategies=strategies,
        start=start,
        end=end,
        timeframe=timeframe,
        workers=workers,
        workspace=workspace,
        as_json=as_json,
    )


def extract_winners(
    top_n: TopN = 10,
    output: Annotated[Path, typer.Option(help="The manifest.")] = Path(
        "ml_pipeline/winners_manifest.json"
    ),
    db_path: Annotated[
        Path | None, typer.Option(help="A workspace, or its ledger.db; ./workspace otherwise.")
    ] = None,
    instruments: Instruments = None,
    as_json: AsJson = False,
) -> None:
    """Write the manifest of winners: the seeds' extract_winners.py, our `winners`."""
    where = WORKSPACE if db_path is None else db_path
    winners(top_n, output, instruments, where if where.suffix != ".db" else where.parent, as_json)
