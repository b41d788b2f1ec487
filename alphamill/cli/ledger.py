"""`alphamill ledger`: how often we looked, whether the record is whole, and its union."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, table
from alphamill.cli.options import WORKSPACE, AsJson, Workspace, day

if TYPE_CHECKING:
    from alphamill.validation.ledger import Ledger
    from alphamill.validation.ledger_count import TrialCount

app = typer.Typer(
    no_args_is_help=True, help="Show, verify, export or merge the record of every trial."
)


@app.command()
def show(  # noqa: PLR0913  (a flag is an argument)
    symbol: Annotated[str | None, typer.Option(help="Count only this instrument.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Count only this strategy.")] = None,
    first: Annotated[
        str | None, typer.Option(help="Only what saw this day or a later one: 2010-01-01.")
    ] = None,
    last: Annotated[
        str | None, typer.Option(help="Only what saw this day or an earlier one.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="List by symbol, strategy, run or machine.")
    ] = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Count the distinct trials."""
    ledger = _open(workspace)
    name = None if strategy is None else _strategy(ledger, strategy)
    span = (_session("--first", first), _session("--last", last))
    parts = () if by is None else ledger.totals(by, symbol, name, *span)
    whole = ledger.total(symbol, name, *span)
    head, heads, machine = ledger.head(), ledger.heads(), ledger.machine
    ledger.close()
    payload = {
        "symbol": symbol or "all",
        "strategy": name or "all",
        **_row(whole),
        "by": by,
        "rows": [{"name": part.name, **_row(part)} for part in parts],
        "machine": machine,
        "head": head,
        "heads": [{"machine": m, "sets": n, "head": h} for m, (n, h) in heads.items()],
    }
    chains = f"{_many(len(heads), 'machine')} in this ledger"
    title = f"head of the chain {head[:16]} (machine {machine}; {chains})"
    if machine not in heads:
        title = f"this machine, {machine}, has recorded nothing here; {chains}"
    answer(payload, as_json, lambda: _shown(title, by, [*parts, whole]))


@app.command()
def verify(workspace: Workspace = WORKSPACE, as_json: AsJson = False) -> None:
    """Check that no row of any machine was altered, removed or slipped in; exit code 3 if so."""
    from alphamill.core.errors import DataError

    ledger = _open(workspace)
    broken, head, heads = ledger.verify(), ledger.head(), ledger.heads()
    ledger.close()
    if broken:
        raise DataError(
            f"{workspace / 'ledger.db'}: the chain must be whole; {len(broken)} links are broken, "
            f"the first: {broken[0]} Restore the file from a copy."
        )
    n_rows = sum(n for n, _ in heads.values())
    answer(
        {"whole": True, "head": head, "machines": len(heads), "rows": n_rows},
        as_json,
        lambda: f"{_many(len(heads), 'chain')} of {n_rows:,} rows whole; head {head[:16]}",
    )


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="A .csv or .jsonl file.")],
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Write every row of every machine to a file that `merge` takes."""
    ledger = _open(workspace)
    n_rows = ledger.export(path)
    ledger.close()
    answer({"path": path, "rows": n_rows}, as_json, lambda: f"{n_rows:,} rows written to {path}")


@app.command()
def merge(
    files: Annotated[list[Path], typer.Argument(help="Exports, or ledger.db files of others.")],
    name: Annotated[
        list[str] | None,
        typer.Option(help="OLD=NEW: another name for a machine of the files; see the docs."),
    ] = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Add the trials that others recorded; each file wholly or not at all."""
    from alphamill.validation.ledger import Ledger

    names = dict(_names(pair) for pair in name or ())
    # The first thing in a workspace may be what others have tried.
    ledger = Ledger(workspace / "ledger.db", WallClock())
    try:
        before = ledger.count()
        merged = [(path, ledger.merge(path, names)) for path in files]
        trials = ledger.count()
    finally:
        ledger.close()
    rows = [
        {"file": path, "added": m.n_added, "known": m.n_known, "machines": m.machines}
        for path, m in merged
    ]
    columns = ("file", "rows added", "already here", "machines")
    shown = [(str(p), m.n_added, m.n_known, ", ".join(m.machines)) for p, m in merged]
    answer(
        {"files": rows, "trials": trials, "new_trials": trials - before},
        as_json,
        lambda: table(f"{trials:,} trials, {trials - before:,} of them new", columns, shown),
    )


def _open(workspace: Path) -> "Ledger":
    from alphamill.core.errors import SettingsError
    from alphamill.validation.ledger import Ledger

    path = workspace / "ledger.db"
    if not path.exists():
        raise SettingsError(
            f"{path}: there is no ledger yet. Run a sweep first, or name another --workspace."
        )
    return Ledger(path, WallClock())


def _strategy(ledger: "Ledger", given: str) -> str:
    # A user's own rule stands in the ledger only.
    if ledger.count(strategy=given):
        return given
    from alphamill.strategies import find

    return find(given).name


def _session(option: str, text: str | None) -> int | None:
    date = day(option, text)
    return None if date is None else date.year * 10_000 + date.month * 100 + date.day


def _names(pair: str) -> tuple[str, str]:
    from alphamill.core.errors import SettingsError

    old, _, new = pair.partition("=")
    if not old or not new or len(new) > 64 or not new.isprintable():
        raise SettingsError(
            f"--name must be OLD=NEW, each at most 64 characters, received {pair!r}."
        )
    return old, new


def _row(found: "TrialCount") -> dict[str, Any]:
    return {
        "trials": found.trials,
        "cells": found.cells,
        "sets": found.sets,
        "first_session": found.first_session,
        "last_session": found.last_session,
        "first_recorded": _date(found.first_ns),
        "last_recorded": _date(found.last_ns),
    }


def _shown(title: str, by: str | None, found: "Sequence[TrialCount]") -> Any:
    columns = (by or "", "trials", "cells", "sets", "sessions", "recorded (UTC)")
    rows = [
        (
            f.name,
            f.trials,
            f.cells,
            f.sets,
            None if f.first_session is None else f"{f.first_session} to {f.last_session}",
            None if f.first_ns is None else f"{_date(f.first_ns)} to {_date(f.last_ns)}",
        )
        for f in found
    ]
    return table(title, columns, rows)


def _date(at_ns: int | None) -> str | None:
    from datetime import UTC, datetime

    return None if at_ns is None else datetime.fromtimestamp(at_ns / 1e9, UTC).date().isoformat()


def _many(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
