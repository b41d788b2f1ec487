"""`alphamill ingest`: bars from a source into the workspace's catalog."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, table
from alphamill.cli.options import AsJson, ProjectFile, ProjectWorkspace, timeframe_of
from alphamill.core.errors import DataError, SettingsError

if TYPE_CHECKING:
    from alphamill.data.ingest import Ingested
    from alphamill.settings.project import Project

# What each source calls the place it reads from.
PLACE = {"csv": "path", "lean": "root"}


def ingest(  # noqa: PLR0913  (a flag is an argument)
    source: Annotated[str, typer.Option(help="sample, csv, lean or synthetic.")] = "",
    symbols: Annotated[
        list[str] | None, typer.Option(help="All that the source has otherwise.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="The symbol of a single CSV file.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="1m, 5m, 15m, 1h or 1d.")] = None,
    path: Annotated[Path | None, typer.Option(help="File or folder of csv and lean.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="csv: zone of stamps without an offset.")
    ] = None,
    stamps: Annotated[
        str | None, typer.Option(help="csv: what a stamp says, open, close or session.")
    ] = None,
    adjusted: Annotated[str | None, typer.Option(help="csv: none, add or ratio.")] = None,
    decimal: Annotated[str | None, typer.Option(help="csv: the decimal mark.")] = None,
    options: Annotated[
        list[str] | None, typer.Option(help="What else the source takes: name=value ...")
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="Quality rules to overrule: --accept D17 D20.")
    ] = None,
    replace: Annotated[bool, typer.Option(help="Forget what is stored of these.")] = False,
    project: ProjectFile = None,
    workspace: ProjectWorkspace = None,
    as_json: AsJson = False,
) -> None:
    """Bring bars into the catalog; what the quality rules refuse is named and left out.

    Source, symbols and timeframe come from --project, if given; flags replace them.
    """
    from alphamill.data.catalog import Catalog
    from alphamill.data.ingest import Intake
    from alphamill.settings.project import Project, load_project
    from alphamill.workshop.progress import Console

    base = Project() if project is None else load_project(project)
    named = {
        PLACE.get(source or base.data.source, "path"): path,
        "timezone": timezone,
        "stamps": stamps,
        "adjusted": adjusted,
        "decimal": decimal,
        "symbol": symbol,
    }
    given = {name: value for name, value in named.items() if value is not None}
    asked = asked_project(base, source, timeframe, given | parsed_options(options or ()))
    _require_place(asked)
    opened = asked.source()
    wanted = symbols or ([symbol] if symbol else None) or asked.symbols()
    intake = Intake(
        Catalog(workspace or base.run.workspace),
        WallClock(),
        asked.instruments,
        tuple(accept or ()),
        replace,
    )
    taken = intake.take(opened, wanted, asked.data.timeframe, Console())
    _tell(taken, as_json)


def asked_project(
    base: "Project", source: str, timeframe: str | None, options: dict[str, Any]
) -> "Project":
    """Return ``base`` with source, timeframe and options that flags name in their place."""
    changed: dict[str, Any] = {"options": {**base.data.options, **options}}
    if source and source != base.data.source:
        changed |= {"source": source, "symbols": "all", "options": options}
    if timeframe:
        changed["timeframe"] = timeframe_of(timeframe)
    return base.model_copy(update={"data": base.data.model_copy(update=changed)})


def _require_place(asked: "Project") -> None:
    place = PLACE.get(asked.data.source)
    if place and place not in asked.data.options:
        raise SettingsError(
            f"the source {asked.data.source} reads files and received no place to read from. Give "
            f"--path, or data.options.{place} in the project file."
        )


def parsed_options(pairs: Sequence[str]) -> dict[str, Any]:
    """Return name=value pairs; a value that is JSON (a number, true, a list) is read as such.

    Examples
    --------
    >>> parsed_options(["seed=3", "process=garch"])
    {'seed': 3, 'process': 'garch'}
    """
    read: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise SettingsError(f"--options must be name=value, received {pair!r}.")
        try:
            read[name] = json.loads(text)
        except json.JSONDecodeError:
            read[name] = text
    return read


def _tell(taken: "Sequence[Ingested]", as_json: bool) -> None:
    columns = ("symbol", "timeframe", "bars", "first", "last", "repairs", "warnings")
    rows = [
        (t.symbol, t.timeframe, t.n_bars, str(t.first_session), str(t.last_session),
         _counts(t.repairs), _counts(warnings_of(t)))
        for t in taken
        if not t.refused
    ]  # fmt: skip
    refused = [t for t in taken if t.refused]
    if rows or as_json:
        answer(taken, as_json, lambda: table(f"{len(rows)} series in the catalog", columns, rows))
    if refused:
        # One bad file does not spoil the others, but the exit code must say that it was there.
        whose = max(one.exit_code for one in refused)
        error = DataError if whose == DataError.exit_code else SettingsError
        reasons = "\n".join(f"  {one.refused}" for one in refused)
        raise error(f"{len(refused)} of {len(taken)} series were refused:\n{reasons}")


def warnings_of(one: "Ingested") -> dict[str, int]:
    """Return how many rows each rule only warned about."""
    counts: Counter[str] = Counter()
    for found in one.findings:
        if found.severity == "warn":
            counts[found.rule] += found.count
    return dict(counts)


def _counts(by_rule: Mapping[str, int]) -> str:
    return " ".join(f"{rule}:{n}" for rule, n in sorted(by_rule.items())) or "none"
