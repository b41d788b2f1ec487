"""Where a rule is found: in the table, or in a user's file; other processes are told which."""

from pathlib import Path
from typing import NamedTuple

from alphamill.core.errors import DataError
from alphamill.core.identity import code_digest
from alphamill.core.strategy import Strategy
from alphamill.strategies import find
from alphamill.strategies.user import load, source_of


class UserFile(NamedTuple):
    """A file of a user's strategies and the identity of its text."""

    path: str
    content: str


def user_file(path: Path) -> UserFile:
    """Return ``path`` with the identity of what it holds now."""
    return UserFile(str(path), source_of(path)[:16])


def rule_of(name: str, file: UserFile | None) -> Strategy:
    """Return a strategy by name, from ``file`` or from the table.

    Raises
    ------
    DataError
        When the file is no longer what it was when the run began.
    """
    if file is None:
        return find(name)
    path = Path(file.path)
    if user_file(path) != file:
        raise DataError(
            f"{path.name} changed while a sweep with its rules was running. Run the sweep again; "
            "what it stored under the old text is kept apart."
        )
    return next(strategy for strategy in load(path) if strategy.name == name)


def rule_code(name: str, file: UserFile | None) -> str:
    """Return the identity of a rule's code: of its own text, or of all of a user's file."""
    return file.content if file else code_digest(find(name).rule)[:16]
