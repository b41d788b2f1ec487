"""`alphamill portfolio`: which ways of setting weights one account should use."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, plain, table
from alphamill.cli.options import WORKSPACE, AsJson, Instruments, Workers, Workspace, workers_of

if TYPE_CHECKING:
    import pandas as pd

    from alphamill.portfolio.allocate.evaluate import Comparison
    from alphamill.portfolio.allocate.study import Study

app = typer.Typer(no_args_is_help=True, help="Weigh what one account holds.")


@app.callback()
def _group() -> None:
    # A group of one command would otherwise be that command.
    pass


@app.command()
def allocate(  # noqa: PLR0913  (a flag is an argument)
    study: Annotated[
        Path | None, typer.Option(help="A study file; monthly over all names otherwise.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="CSV or Parquet: dates, and a column of closes a name.")
    ] = None,
    returns: Annotated[
        Path | None, typer.Option(help="The same with daily returns, such as of strategies.")
    ] = None,
    symbols: Instruments = None,
    classes: Annotated[Path | None, typer.Option(help="CSV of name and class.")] = None,
    signals: Annotated[
        Path | None, typer.Option(help="As --prices, with signals from -1 to 1; a trend otherwise.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="daily, weekly, monthly or quarterly; the study's otherwise.")
    ] = None,
    allocators: Annotated[
        list[str] | None, typer.Option(help="Only these, beside equal: --allocators hrp cvar.")
    ] = None,
    output: Annotated[Path, typer.Option(help="The page; its JSON goes beside it.")] = Path(
        "allocation.html"
    ),
    new_study: Annotated[
        Path | None, typer.Option(help="Write the study of eleven funds to this file, and stop.")
    ] = None,
    workers: Workers = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Compare ways of setting weights with equal ones, out of sample and after costs."""
    from dataclasses import replace

    from alphamill.portfolio.allocate.evaluate import Work
    from alphamill.portfolio.allocate.study import as_values
    from alphamill.report.allocation import write_allocation
    from alphamill.workshop.files import write_atomic
    from alphamill.workshop.progress import Console

    if new_study is not None:
        _write_study(new_study, as_json)
        return
    _require_page(output)
    order = _study(study, classes)
    order = replace(
        order,
        allocators=tuple(allocators or order.allocators),
        plan=replace(order.plan, every=every or order.plan.every),
    )
    market = _market(order, (prices, returns, symbols), signals, workspace)
    found = order.run(market, Work(workers_of(workers, 1), Console()))
    values = as_values(found, order)
    write_allocation(found, order.title, output)
    beside = output.with_suffix(".json")
    write_atomic(beside, json.dumps(plain(values), indent=1, allow_nan=False) + "\n")
    paths = {"page": output.resolve(), "json": beside.resolve()}
    answer(values | paths, as_json, lambda: _shown(found, paths["page"]))


def _write_study(path: Path, as_json: bool) -> None:
    from alphamill.core.errors import SettingsError
    from alphamill.settings.allocation import eleven_assets
    from alphamill.workshop.files import write_atomic

    if path.exists():
        raise SettingsError(f"{path} exists; give another name, or remove it.")
    write_atomic(path, eleven_assets())
    run = f"alphamill portfolio allocate --study {path} --prices FILE"
    answer({"path": path}, as_json, lambda: f"{path} written. Run it: {run}")


def _require_page(output: Path) -> None:
    from alphamill.core.errors import SettingsError

    if output.suffix != ".html":
        raise SettingsError(
            f"--output must be an .html file, received {str(output)!r}; the JSON goes beside it."
        )


def _study(path: Path | None, classes: Path | None) -> "Study":
    from dataclasses import replace

    from alphamill.portfolio.allocate.study import Study
    from alphamill.settings.allocation import load_study

    study = Study() if path is None else load_study(path)
    return study if classes is None else replace(study, classes=_classes(classes))


def _classes(path: Path) -> dict[str, str]:
    import csv

    from alphamill.core.errors import DataError

    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = [[word.strip() for word in row] for row in csv.reader(lines) if row]
    bad = [i for i, row in enumerate(rows, 1) if len(row) != 2 or not all(row)]
    if bad or not rows:
        raise DataError(
            f"{path}: each line must be a name and its class, such as SPY,equities; lines that "
            f"are not: {bad[:5]}. Correct the file."
        )
    told = dict(rows)
    heading = {("name", "class"), ("symbol", "class")}
    if tuple(word.lower() for word in rows[0]) in heading:
        del told[rows[0][0]]
    return told


def _market(
    study: "Study",
    given: tuple[Path | None, Path | None, list[str] | None],
    signals: Path | None,
    workspace: Path,
) -> Any:
    from alphamill.core.errors import SettingsError
    from alphamill.portfolio.allocate.universe import read_table

    prices, returns, symbols = given
    if prices is not None and returns is not None:
        raise SettingsError("give --prices or --returns, not both.")
    wishes = None if signals is None else read_table(signals)
    if returns is not None:
        return study.universe_of_returns(read_table(returns), wishes)
    if prices is not None:
        return study.universe(read_table(prices), wishes)
    names = symbols or list(study.classes)
    if len(names) < 2:
        raise SettingsError(
            "weights need at least two names: give --prices FILE, --returns FILE, or --symbols of "
            "the workspace."
        )
    return study.universe(_closes(names, workspace), wishes)


def _closes(names: list[str], workspace: Path) -> "pd.DataFrame":
    """Return daily closes of the catalog, up to each seal, one column a name."""
    import pandas as pd

    from alphamill.cli.series import find_series

    columns = {}
    for name in dict.fromkeys(names):
        bars = find_series(workspace, name, "1d", (None, None)).bars
        columns[name] = pd.Series(
            bars.close, index=pd.to_datetime(bars.session.astype(str), format="%Y%m%d")
        )
    return pd.DataFrame(columns)


def _shown(found: "Comparison", page: Path) -> Any:
    from rich.console import Group

    from alphamill.report.allocation import luck_sentence

    level = f"{found.plan.level:.0%}"
    columns = (
        *("allocator", "return", "volatility", "Sharpe", level, "less equal", f"{level} "),
        *("paths", "drawdown", "CVaR", "turnover", "cost", "fallbacks"),
    )
    rows = [
        (
            row.name,
            f"{row.figures.annual_return:.1%}",
            f"{row.figures.volatility:.1%}",
            _two(row.figures.sharpe),
            _span(row.sharpe_interval),
            None if row.difference is None else _two(row.difference.sharpe),
            "" if row.difference is None else _span(row.difference.sharpe_interval),
            _two(row.paths.median),
            f"{row.figures.max_drawdown:.1%}",
            f"{row.figures.cvar:.2%}",
            f"{row.figures.turnover:.2f}",
            f"{row.figures.cost:.2%}",
            f"{row.figures.fallbacks:.0%}",
        )
        for row in found.rows
    ]
    title = f"{len(found.rows)} ways over {found.sessions.size:,} days, after costs"
    return Group(table(title, columns, rows), luck_sentence(found), str(page))


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.2f} to {interval[1]:.2f}"


def _two(value: float) -> float:
    # Adding 0 turns a rounded minus zero into a plain one.
    return round(value, 2) + 0.0
