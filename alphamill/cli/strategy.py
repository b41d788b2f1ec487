"""`alphamill strategy`: begin a file of one's own strategies, and try it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from alphamill.cli.console import answer
from alphamill.cli.options import AsJson

app = typer.Typer(no_args_is_help=True, help="Begin a file of your own strategies, or try one.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="In snake case, such as my_idea.")],
    folder: Annotated[Path, typer.Option(help="Where to write NAME.py.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a documented strategy to start from; a file that exists is never replaced."""
    from alphamill.core.errors import SettingsError
    from alphamill.strategies.user import draft
    from alphamill.workshop.files import write_atomic

    path = folder / f"{name}.py"
    text = draft(name, folder)
    if path.exists():
        raise SettingsError(f"{path} exists. Give another name or another --folder.")
    write_atomic(path, text)
    answer(
        {"path": path}, as_json, lambda: f"{path} written. Try it: alphamill strategy check {path}"
    )


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A Python file that declares strategies.")],
    as_json: AsJson = False,
) -> None:
    """Hold the strategies of a file to the contract of the built-in ones, a line a promise."""
    from alphamill.core.errors import GateError
    from alphamill.strategies.contract import CHECKS, answers
    from alphamill.strategies.user import load

    payload = []
    n_broken = n_unasked = 0
    for strategy in load(file):
        _say(f"{strategy.number} {strategy.name}", as_json)
        promises = []
        for found in answers(strategy):
            _say(f"  {found}", as_json)
            kept = found.said is None or found.check.is_advice
            promises.append({"promise": found.check.promise, "kept": kept, "said": found.said})
            n_broken += not kept
        if len(promises) < len(CHECKS):
            _say(f"  the other {len(CHECKS) - len(promises)} were not asked", as_json)
        n_unasked += len(CHECKS) - len(promises)
        payload.append({"number": strategy.number, "name": strategy.name, "promises": promises})
    if as_json:
        answer(payload, as_json, str)
    if n_broken:
        left = f", and {n_unasked} were not asked" if n_unasked else ""
        raise GateError(f"{file.name}: {n_broken} promises are broken{left}.")


def _say(line: str, as_json: bool) -> None:
    # At once: a slow rule takes a minute, and a reader wants to see that it goes on.
    if not as_json:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
