"""`alphamill ledger`: how often we looked, and whether the record is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, table
from alphamill.cli.options import WORKSPACE, AsJson, Workspace

if TYPE_CHECKING:
    from alphamill.validation.ledger import Ledger

app = typer.Typer(no_args_is_help=True, help="Show or verify the record of every trial.")


@app.command()
def show(
    symbol: Annotated[str | None, typer.Option(help="Count only this instrument.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Count only this strategy.")] = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Count the distinct trials."""
    from alphamill.strategies import find

    name = None if strategy is None else find(strategy).name
    ledger = _open(workspace)
    row = (symbol or "all", name or "all", ledger.count(symbol=symbol, strategy=name))
    head = ledger.head()
    ledger.close()
    columns = ("symbol", "strategy", "trials")
    answer(
        dict(zip(columns, row, strict=True)) | {"head": head},
        as_json,
        lambda: table(f"head of the chain {head[:16]}", columns, [row]),
    )


@app.command()
def verify(workspace: Workspace = WORKSPACE, as_json: AsJson = False) -> None:
    """Check that no row was altered, removed or slipped in; exit code 3 if one was."""
    from alphamill.core.errors import DataError

    ledger = _open(workspace)
    broken, head = ledger.verify(), ledger.head()
    ledger.close()
    if broken:
        raise DataError(
            f"{workspace / 'ledger.db'}: the chain must be whole; {len(broken)} links are broken, "
            f"the first: {broken[0]} Restore the file from a copy."
        )
    answer({"whole": True, "head": head}, as_json, lambda: f"the chain is whole; head {head[:16]}")


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="A .csv or .jsonl file.")],
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write every row to a file."""
    ledger = _open(workspace)
    ledger.export(path)
    ledger.close()
    answer({"path": path}, as_json, lambda: f"{path} written")


def _open(workspace: Path) -> "Ledger":
    from alphamill.core.errors import SettingsError
    from alphamill.validation.ledger import Ledger

    path = workspace / "ledger.db"
    if not path.exists():
        raise SettingsError(
            f"{path}: there is no ledger yet. Run a sweep first, or name another --workspace."
        )
    return Ledger(path, WallClock())
