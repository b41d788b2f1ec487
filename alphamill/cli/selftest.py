"""`alphamill selftest`: whether the gates hold on markets where the truth is known."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, note, table
from alphamill.cli.options import WORKSPACE, AsJson, Workers, Workspace, workers_of

if TYPE_CHECKING:
    from alphamill.research.selftest.runner import Found


def selftest(  # noqa: PLR0913  (a flag is an argument)
    smoke: Annotated[bool, typer.Option("--smoke", help="Seconds: a part of each.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Minutes; the default.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Hours: the figures of the docs.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Only these: --only K1 K6; all otherwise.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the table to this .md file.")] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="Write what `alphamill gates` reads to this .json file.")
    ] = None,
    workers: Workers = None,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Run the gates and statistics where the truth is known; exit code 1 if one fails."""
    from alphamill.core.errors import SettingsError
    from alphamill.research.selftest.page import calibration as calibration_of
    from alphamill.research.selftest.page import page as page_of
    from alphamill.research.selftest.runner import selftest as run
    from alphamill.workshop.files import write_atomic
    from alphamill.workshop.progress import Console

    if smoke + quick + full > 1:
        raise SettingsError(
            "give one of --smoke, --quick and --full, received several; the longest runs what "
            "the others do."
        )
    found = run(
        "full" if full else "smoke" if smoke else "quick",
        workspace,
        only=only or (),
        n_workers=workers_of(workers),
        progress=Console(),
    )
    if page is not None:
        write_atomic(page, page_of(found))
        note(f"{page} written")
    if calibration is not None:
        calibration_of(found).save(calibration)
        note(f"{calibration} written")
    answer(_plain(found), as_json, lambda: _shown(found))
    if not found.passed:
        raise typer.Exit(1)


def _plain(found: "Found") -> dict[str, Any]:
    return {
        "level": found.level,
        "code": found.code,
        "passed": found.passed,
        "experiments": found.experiments,
    }


def _shown(found: "Found") -> Any:
    from alphamill.research.selftest.page import mark

    rows = [(one.id, mark(one), one.name, one.told, one.bound) for one in found.experiments]
    ran = [one for one in found.experiments if one.passed is not None]
    failed = [one.id for one in ran if not one.passed]
    title = f"{len(ran) - len(failed)} of {len(ran)} experiments passed"
    if failed:
        title += f"; failed: {', '.join(failed)}"
    return table(title, ("", "", "experiment", "found", "must be"), rows)
