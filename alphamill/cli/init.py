"""`alphamill init`: a commented project file to start from."""

from pathlib import Path
from typing import Annotated

import typer

from alphamill.cli.console import answer
from alphamill.cli.options import AsJson


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("alphamill.yml"),
    force: Annotated[bool, typer.Option(help="Replace a file that exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a commented project file for the sample data."""
    from alphamill.core.errors import SettingsError
    from alphamill.settings.template import template
    from alphamill.workshop.files import write_atomic

    if path.exists() and not force:
        raise SettingsError(f"{path} exists; give another name, or --force to replace it.")
    write_atomic(path, template())
    answer(
        {"path": path}, as_json, lambda: f"{path} written. Run it: alphamill run --project {path}"
    )
