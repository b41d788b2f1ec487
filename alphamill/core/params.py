"""Parameters are declared once: the line feeds the check, the grid, the help and the search."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

from alphamill.core.errors import SettingsError

Value = int | float | bool | str
Params = Mapping[str, Value]
MINUTES_A_DAY = 24 * 60


class Trial(Protocol):
    """What a search hands out; Optuna's trial is one."""

    def suggest_int(self, name: str, low: int, high: int) -> int: ...

    def suggest_float(self, name: str, low: float, high: float) -> float: ...

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...


@dataclass(frozen=True)
class Int:
    """A whole number in [low, high]."""

    default: int
    low: int
    high: int
    grid: tuple[int, ...] = ()
    help: str = ""

    def check(self, owner: str, value: object) -> int:
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not math.isfinite(value)
            or value != int(value)
        ):
            raise SettingsError(f"{owner} must be a whole number, received {value!r}.")
        return int(_within(owner, int(value), self.low, self.high))

    def suggest(self, trial: Trial, name: str) -> int:
        return trial.suggest_int(name, self.low, self.high)


@dataclass(frozen=True)
class Float:
    """A real number in [low, high]."""

    default: float
    low: float
    high: float
    grid: tuple[float, ...] = ()
    help: str = ""

    def check(self, owner: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SettingsError(f"{owner} must be a number, received {value!r}.")
        return float(_within(owner, value, self.low, self.high))

    def suggest(self, trial: Trial, name: str) -> float:
        return trial.suggest_float(name, self.low, self.high)


@dataclass(frozen=True)
class Bool:
    """Yes or no."""

    default: bool
    grid: tuple[bool, ...] = ()
    help: str = ""

    def check(self, owner: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise SettingsError(f"{owner} must be true or false, received {value!r}.")
        return value

    def suggest(self, trial: Trial, name: str) -> bool:
        return bool(trial.suggest_categorical(name, [False, True]))


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    default: str
    choices: tuple[str, ...]
    grid: tuple[str, ...] = ()
    help: str = ""

    def check(self, owner: str, value: object) -> str:
        if value not in self.choices:
            raise SettingsError(f"{owner} must be one of {list(self.choices)}, received {value!r}.")
        return str(value)

    def suggest(self, trial: Trial, name: str) -> str:
        return str(trial.suggest_categorical(name, list(self.choices)))


@dataclass(frozen=True)
class Time:
    """A time of day as four digits, hours and minutes, from "0000" to "2400"."""

    default: str
    grid: tuple[str, ...] = ()
    help: str = ""

    def check(self, owner: str, value: object) -> str:
        found = re.fullmatch("([01][0-9]|2[0-3]):?([0-5][0-9])|24:?00", str(value))
        if not isinstance(value, str) or found is None:
            raise SettingsError(
                f'{owner} must be a time in quotes, from "0000" to "2400", received {value!r}.'
            )
        return value.replace(":", "")

    def suggest(self, trial: Trial, name: str) -> str:
        hours, minutes = divmod(trial.suggest_int(name, 0, MINUTES_A_DAY), 60)
        return f"{hours:02}{minutes:02}"


Param = Int | Float | Bool | Choice | Time
Space = Mapping[str, Param]


def defaults(space: Space) -> dict[str, Value]:
    """Return every parameter's default."""
    return {name: p.default for name, p in space.items()}


def checked(owner: str, space: Space, given: Mapping[str, object]) -> dict[str, Value]:
    """Return a full, typed set of parameters: ``given`` over the defaults.

    Raises
    ------
    SettingsError
        For an unknown name, a wrong type, or a value outside its limits.

    Examples
    --------
    >>> checked("rsi", {"length": Int(2, 2, 50)}, {"length": 3.0})
    {'length': 3}
    """
    for name in given:
        if name not in space:
            raise SettingsError(f"{owner} has no parameter {name!r}; it has {sorted(space)}.")
    return {
        name: p.check(f"{owner}.{name}", given[name]) if name in given else p.default
        for name, p in space.items()
    }


def grid(space: Space) -> Iterator[dict[str, Value]]:
    """Yield every point of the declared grid, in declaration order, last name fastest.

    A parameter that declares no grid stands at its default.
    """
    axes = [p.grid or (p.default,) for p in space.values()]
    for point in product(*axes):
        yield dict(zip(space, point, strict=True))


def minute_of(time: str) -> int:
    """Return the minute of the day of a `Time`.

    Examples
    --------
    >>> minute_of("0930"), minute_of("2400")
    (570, 1440)
    """
    return 60 * int(time[:2]) + int(time[2:])


def describe(name: str, p: Param) -> str:
    """Return the one line that the command line and the docs print about a parameter."""
    kind = type(p).__name__.lower()
    limits = f" in [{p.low}, {p.high}]" if isinstance(p, (Int, Float)) else ""
    words = f" of {list(p.choices)}" if isinstance(p, Choice) else ""
    tried = f"; grid {list(p.grid)}" if p.grid else ""
    return f"{name}: {kind}{limits}{words}, default {p.default}{tried}" + (
        f". {p.help}" if p.help else ""
    )


def _within(owner: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise SettingsError(f"{owner} must lie in [{low}, {high}], received {value!r}.")
    return value
