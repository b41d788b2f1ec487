"""`alphamill passport`: all that speaks for and against one strategy on one instrument."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, table
from alphamill.cli.options import WORKSPACE, AsJson, Workspace

if TYPE_CHECKING:
    from alphamill.research.passport import Passport


def passport(
    symbol: Annotated[str, typer.Argument(help="An instrument that a run judged.")],
    strategy: Annotated[str, typer.Argument(help="A strategy's name or number.")],
    run: Annotated[
        str | None, typer.Option(help="A run's id; the one that judged it last otherwise.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The page; in the run's folder otherwise.")
    ] = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write the passport of a judged candidate: one page, and the same as JSON beside it."""
    from alphamill.core.errors import SettingsError
    from alphamill.report.passport import write_passport
    from alphamill.research.passport import as_json as as_values
    from alphamill.research.passport import passport as find
    from alphamill.workshop.files import write_atomic

    if output is not None and output.suffix != ".html":
        raise SettingsError(
            f"--output must be an .html file, received {str(output)!r}; the JSON goes beside it."
        )
    found = find(workspace, symbol, strategy, WallClock(), run)
    who = found.candidate
    name = f"{who.symbol}_{who.strategy_name}.html".replace("/", "-")
    path = output or workspace / "runs" / found.run_id / "passports" / name
    values = as_values(found)
    write_passport(found, path)
    beside = path.with_suffix(".json")
    write_atomic(beside, json.dumps(values, indent=1, allow_nan=False) + "\n")
    paths = {"page": path.resolve(), "json": beside.resolve()}
    answer(values | paths, as_json, lambda: _shown(found, paths))


def _shown(found: "Passport", paths: dict[str, Path]) -> Any:
    from rich.console import Group

    from alphamill.report.passport import sentence

    columns = ("gate", "says", "role", "score", "needs")
    rows = [
        (
            v.gate,
            ("yes" if v.passed else "no") if v.asked else "not asked",
            "decides" if v.decides else "informs",
            v.score,
            v.threshold,
        )
        for v in found.candidate.verdicts
    ]
    return Group(table(sentence(found.candidate), columns, rows), str(paths["page"]))
