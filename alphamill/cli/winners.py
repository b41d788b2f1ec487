"""`alphamill winners`: the manifest of the best judged candidates of each instrument."""

from pathlib import Path
from typing import Annotated

import typer

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, table
from alphamill.cli.options import WORKSPACE, AsJson, Instruments, TopN, Workspace


def winners(
    top_n: TopN = 10,
    output: Annotated[
        Path | None, typer.Option(help="The manifest; in the workspace otherwise.")
    ] = None,
    instruments: Instruments = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write the manifest of winners: at most one parameter set a strategy and instrument."""
    from alphamill.research.winners import extract, manifest, write_manifest

    chosen = extract(workspace / "runs", top_n, instruments or ())
    path = output or workspace / "winners_manifest.json"
    at_ns = WallClock().now_ns()
    write_manifest(path, chosen, at_ns)
    columns = ("rank", "symbol", "strategy", "out-of-sample Sharpe", "stamp")
    rows = [
        (w.rank, w.candidate.symbol, w.candidate.strategy_name, w.candidate.oos_sharpe, w.stamp)
        for w in chosen
    ]
    answer(
        manifest(chosen, at_ns) | {"path": path},
        as_json,
        lambda: table(f"{len(rows)} winners written to {path}", columns, rows),
    )
