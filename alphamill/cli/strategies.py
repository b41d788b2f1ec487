"""`alphamill strategies`: the table, one of its rows in full, or where each of them trades."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, table
from alphamill.cli.options import AsJson

if TYPE_CHECKING:
    from alphamill.core.strategy import Strategy

COLUMNS = ("number", "name", "archetype", "params", "sets", "grid_points", "needs", "sides")


def strategies(
    which: Annotated[str | None, typer.Argument(help="A name or a number; all without.")] = None,
    trades: Annotated[
        bool, typer.Option("--trades", help="Count trades on three markets; say why where none.")
    ] = False,
    lean: Annotated[
        Path | None, typer.Option(help="LEAN data folder whose daily EURUSD is the third market.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the strategies, or show one with its parameters."""
    from alphamill.core.errors import SettingsError
    from alphamill.strategies import STRATEGIES, find

    if lean is not None and not trades:
        raise SettingsError("--lean names a market of --trades; add --trades, or leave it out.")
    chosen = STRATEGIES if which is None else (find(which),)
    if trades:
        _show_trades(chosen, lean, as_json)
    elif which is None:
        _show_all(chosen, as_json)
    else:
        _show_one(chosen[0], as_json)


def _show_all(chosen: Sequence["Strategy"], as_json: bool) -> None:
    rows = [_row(strategy) for strategy in chosen]
    n_points, n_sets = (sum(row[name] for row in rows) for name in ("grid_points", "sets"))
    title = f"{len(rows)} strategies, {n_sets:,} parameter sets of {n_points:,} grid points"
    shown = [
        [", ".join(value) if isinstance(value, list) else value for value in row.values()][:-1]
        for row in rows
    ]
    answer(rows, as_json, lambda: table(title, COLUMNS, shown))


def _show_one(strategy: "Strategy", as_json: bool) -> None:
    from alphamill.core.params import describe

    space = {
        name: {"kind": type(p).__name__.lower(), **asdict(p)} for name, p in strategy.space.items()
    }
    lines = [
        f"{strategy.number} {strategy.name}",
        strategy.idea,
        *(describe(name, p) for name, p in strategy.space.items()),
    ]
    answer(_row(strategy) | {"params": space}, as_json, lambda: "\n".join(lines))


def _row(strategy: "Strategy") -> dict[str, Any]:
    return {
        "number": strategy.number,
        "name": strategy.name,
        "archetype": strategy.archetype,
        "params": list(strategy.space),
        "sets": sum(1 for _ in strategy.cells()),
        "grid_points": strategy.n_declared,
        "needs": sorted(strategy.needs) or ["closes"],
        "sides": strategy.sides,
        "idea": strategy.idea,
    }


def _show_trades(chosen: Sequence["Strategy"], lean: Path | None, as_json: bool) -> None:
    from alphamill.research.trades import standard_markets, traded

    markets = standard_markets(lean)
    found = [traded(strategy, markets) for strategy in chosen]
    names = [market.name for market in markets]
    columns = ("number", "name", *names)
    rows = [(one.number, one.name, *(str(count) for count in one.counts)) for one in found]
    reasons = [
        f"{one.number} {one.name} on {name}: {count.reason}"
        for one in found
        for name, count in zip(names, one.counts, strict=True)
        if count.reason
    ]
    title = "Trades at the defaults / at most over the grid"

    def shown() -> Any:
        from rich.console import Group
        from rich.markup import escape

        return Group(table(title, columns, rows), *map(escape, reasons))

    payload = [
        {
            "number": one.number,
            "name": one.name,
            **{name: vars(c) for name, c in zip(names, one.counts, strict=True)},
        }
        for one in found
    ]
    answer(payload, as_json, shown)
