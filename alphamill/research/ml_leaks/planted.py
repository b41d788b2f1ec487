"""What is planted: a step of a model's making that knows too much, and its honest twin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alphamill.validation.audit_subject import Report


@dataclass(frozen=True)
class PlantedMl:
    """A mistake, the function that makes it, the same idea without it, and the line to blame.

    Attributes
    ----------
    ask : callable
        The check that must find it: a function of this pair -> its report.
    line : str
        What stands in the leaking line, as an audit should show it.
    """

    name: str
    mistake: str
    leaking: Callable[..., Any]
    clean: Callable[..., Any]
    ask: Callable[[Callable[..., Any]], Report]
    line: str
