"""`alphamill data`: what the catalog holds, what is known about it, and a copy of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from alphamill.cli.console import answer, table
from alphamill.cli.options import WORKSPACE, AsJson, Workspace, timeframe_of

if TYPE_CHECKING:
    from alphamill.data.catalog import Catalog

SymbolArgument = Annotated[str, typer.Argument(help="Which instrument.")]
OnlyTimeframe = Annotated[
    str | None, typer.Option("--timeframe", help="Needed where the catalog holds several.")
]

app = typer.Typer(no_args_is_help=True, help="List, inspect or export what the catalog holds.")


@app.command("list")
def list_series(workspace: Workspace = WORKSPACE, as_json: AsJson = False) -> None:
    """List the series of the catalog."""
    from alphamill.data.catalog import Catalog

    entries = Catalog(workspace).entries()
    columns = (
        "symbol",
        "timeframe",
        "bars",
        "first",
        "last",
        "sealed from",
        "source",
        "closes only",
    )
    rows = [
        (
            e.symbol,
            e.timeframe,
            e.n_bars,
            e.first_session,
            e.last_session,
            e.first_sealed_session,
            e.source,
            e.closes_only,
        )
        for e in entries
    ]
    names = [name.replace(" ", "_") for name in columns]
    answer(
        [dict(zip(names, row, strict=True)) for row in rows],
        as_json,
        lambda: table(
            f"{len(rows)} series in {workspace / 'catalog'}", columns, (map(_fact, r) for r in rows)
        ),
    )


@app.command()
def inspect(
    symbol: SymbolArgument,
    timeframe: OnlyTimeframe = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Show what is known about a series: range, coverage, provenance, findings."""
    from rich.console import Group

    from alphamill.data.catalog import Catalog
    from alphamill.data.ingest import inspect_series

    catalog = Catalog(workspace)
    known = inspect_series(catalog, symbol, _timeframe(catalog, symbol, timeframe))
    facts = [(name, _fact(value)) for name, value in vars(known).items() if name != "findings"]
    findings = [(f.rule, f.severity, f.count, f.message) for f in known.findings]
    answer(
        known,
        as_json,
        lambda: Group(
            table(f"{symbol} {known.timeframe}", ("", ""), facts),
            table(f"{len(findings)} findings", ("rule", "severity", "count", "message"), findings),
        ),
    )


@app.command()
def export(
    symbol: SymbolArgument,
    output: Annotated[Path, typer.Option(help="A .csv or .parquet file.")],
    timeframe: OnlyTimeframe = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write a series, up to its seal, to one file."""
    from alphamill.data.catalog import Catalog
    from alphamill.data.ingest import export as write

    catalog = Catalog(workspace)
    form = cast("Literal['csv', 'parquet']", output.suffix.lower().removeprefix("."))
    n_bars = write(catalog, symbol, _timeframe(catalog, symbol, timeframe), output, form)
    answer(
        {"symbol": symbol, "bars": n_bars, "path": output},
        as_json,
        lambda: f"{n_bars:,} bars of {symbol} written to {output}",
    )


def _timeframe(catalog: "Catalog", symbol: str, given: str | None) -> str:
    from alphamill.core.errors import SettingsError

    held = [e.timeframe for e in catalog.entries() if e.symbol == symbol]
    if given is None and len(held) > 1:
        raise SettingsError(f"{symbol}: the catalog holds {held}; choose one with --timeframe.")
    return timeframe_of(given) if given else next(iter(held), "1d")


def _fact(value: Any) -> Any:
    # Dates are whole numbers; a thousands separator would spoil them.
    return str(value) if isinstance(value, int) and value > 10_000_000 else value
