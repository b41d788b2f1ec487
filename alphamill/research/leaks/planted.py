"""What is planted: a rule that reads the future by a common mistake, and its honest twin."""

from collections.abc import Callable
from dataclasses import dataclass

from alphamill.core.market import Bars, Signals
from alphamill.core.strategy import Strategy


@dataclass(frozen=True)
class Planted:
    """A mistake, the rule that makes it, the same idea without it, and the line to blame.

    Attributes
    ----------
    line : str
        What stands in the leaking line, as an audit should show it.
    """

    mistake: str
    leaking: Strategy
    clean: Strategy
    line: str


def planted(
    number: int,
    mistake: str,
    rules: tuple[Callable[[Bars], Signals], Callable[[Bars], Signals]],
    memory: int,
    line: str,
) -> Planted:
    """Return a leaking and a clean strategy that differ in their rule only.

    Parameters
    ----------
    number : int
        From 9001 up, twice: odd numbers leak.
    mistake : str
        The idea in words.
    rules : tuple of callable
        The one that leaks and its twin; neither has parameters.
    memory : int
        The warm-up of the twin.
    line : str
        What stands in the leaking line.
    """
    leaking, clean = (
        Strategy(
            number=number + place,
            name=f"{rule.__module__.rpartition('.')[2]}_{rule.__name__}",
            archetype="planted",
            idea=mistake,
            rule=rule,
            space={},
            warmup=lambda p: memory,
        )
        for place, rule in enumerate(rules)
    )
    return Planted(mistake, leaking, clean, line)
