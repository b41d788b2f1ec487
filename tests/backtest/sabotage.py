"""Load the readable twin with one line changed: what a kernel wrong in that way would do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

TWIN = Path(__file__).with_name("readable.py")


def sabotaged(right: str, wrong: str) -> Callable[..., Any]:
    """Return ``simulate`` of a twin in which the text ``right`` (found once) reads ``wrong``."""
    source = TWIN.read_text(encoding="utf-8")
    assert source.count(right) == 1, f"the twin must hold {right!r} exactly once"
    names: dict[str, Any] = {"__name__": "sabotaged_twin"}
    exec(compile(source.replace(right, wrong), str(TWIN), "exec"), names)
    simulate: Callable[..., Any] = names["simulate"]
    return simulate
