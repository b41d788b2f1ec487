"""`alphamill indicators`: the library's table, or one of its functions in full."""

from inspect import getdoc
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, table
from alphamill.cli.options import AsJson

if TYPE_CHECKING:
    from alphamill.indicators.indicator import Indicator


def indicators(
    which: Annotated[str | None, typer.Argument(help="A name; all without.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the indicators, or show one with its documentation."""
    from alphamill.indicators.table import INDICATORS, find, memory_in_words

    if which is None:
        rows = [
            (row.family, row.name, " ".join(row.inputs), memory_in_words(row), row.summary)
            for row in INDICATORS
        ]
        answer(
            [_facts(row) for row in INDICATORS],
            as_json,
            lambda: table(
                f"{len(rows)} indicators", ("family", "name", "reads", "memory", "summary"), rows
            ),
        )
        return
    row = find(which)
    documentation = getdoc(row.function) or ""
    answer({**_facts(row), "documentation": documentation}, as_json, lambda: "\n".join([
        f"{row.function.__module__}.{row.name}, {row.family}",
        documentation,
        "",
        f"Customary: {dict(row.params)}; memory: {memory_in_words(row)}",
        f"Checked against: {row.oracle}",
    ]))  # fmt: skip


def _facts(row: "Indicator") -> dict[str, Any]:
    """Return a row as JSON shows it; a memory of null is the whole history."""
    from alphamill.core.strategy import WHOLE_HISTORY

    n_bars = row.memory(row.params)
    return {
        "name": row.name,
        "family": row.family,
        "module": row.function.__module__,
        "reads": row.inputs,
        "params": dict(row.params),
        "memory_bars": None if n_bars == WHOLE_HISTORY else n_bars,
        "fades": row.fades,
        "checked_against": row.oracle,
        "summary": row.summary,
    }
