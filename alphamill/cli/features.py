"""`alphamill features`: what a model may know at a decision, or one of its rows in full."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, table
from alphamill.cli.options import AsJson

if TYPE_CHECKING:
    from alphamill.features.feature import Feature


def features(
    family: Annotated[str | None, typer.Option(help="Only these, such as daily.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the features of one instrument, and which are offered of others."""
    from alphamill.core.errors import SettingsError
    from alphamill.features.table import FAMILIES, FEATURES

    if family is not None and family not in FAMILIES:
        raise SettingsError(f"family must be one of {list(FAMILIES)}, received {family!r}.")
    chosen = [row for row in FEATURES if family in (None, row.family)]
    columns = ("family", "name", "says", "reads", "memory", "by default", "of others")
    rows = [
        (r.family, r.name, r.meaning, " ".join(r.needs), r.memory, not r.on_request, r.crosses)
        for r in chosen
    ]
    answer(
        [_facts(row) for row in chosen],
        as_json,
        lambda: table(f"{len(rows)} features", columns, rows),
    )


def _facts(row: "Feature") -> dict[str, Any]:
    """Return a row as JSON shows it; a memory of null is the whole history."""
    from alphamill.core.strategy import WHOLE_HISTORY

    return {
        "name": row.name,
        "family": row.family,
        "says": row.meaning,
        "reads": row.needs,
        "params": dict(row.params),
        "memory_bars": None if row.n_bars == WHOLE_HISTORY else row.n_bars,
        "memory_sessions": row.n_sessions,
        "fades": row.fades,
        "by_default": not row.on_request,
        "of_others": row.crosses,
        "formula": row.source,
    }
