"""`alphamill strategies`: the table, or one of its rows in full."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from alphamill.cli.console import answer, table
from alphamill.cli.options import AsJson


def strategies(
    which: Annotated[str | None, typer.Argument(help="A name or a number; all without.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the strategies, or show one with its parameters."""
    from alphamill.core.params import describe
    from alphamill.strategies import STRATEGIES, find

    if which is None:
        columns = ("number", "name", "archetype", "sides", "needs", "sets", "idea")
        rows = [
            (s.number, s.name, s.archetype, s.sides, " ".join(sorted(s.needs)) or "closes",
             sum(1 for _ in s.cells()), s.idea)
            for s in STRATEGIES
        ]  # fmt: skip
        answer(
            [dict(zip(columns, row, strict=True)) for row in rows],
            as_json,
            lambda: table(f"{len(rows)} strategies", columns, rows),
        )
        return
    strategy = find(which)
    payload: dict[str, Any] = {
        "number": strategy.number,
        "name": strategy.name,
        "archetype": strategy.archetype,
        "idea": strategy.idea,
        "sides": strategy.sides,
        "needs": strategy.needs,
        "params": {
            name: {"kind": type(p).__name__.lower(), **asdict(p)}
            for name, p in strategy.space.items()
        },
    }
    lines = [describe(name, p) for name, p in strategy.space.items()]
    answer(payload, as_json, lambda: "\n".join(
        [f"{strategy.number} {strategy.name}", strategy.idea, *lines]
    ))  # fmt: skip
