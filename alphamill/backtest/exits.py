"""The exit stack all rules share: stop, target, time, session, trail and break-even."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from typing import Any, Literal, NamedTuple, Self

from alphamill.core.errors import SettingsError
from alphamill.core.params import Value

Unit = Literal["atr", "pct", "points"]
Exit = Literal["stop_loss", "take_profit", "trail", "break_even"]
UNITS: tuple[Unit, ...] = ("atr", "pct", "points")
# The exits that lie at a distance. Their fields are <exit>_<unit>.
EXITS: tuple[Exit, ...] = ("stop_loss", "take_profit", "trail", "break_even")


class Distance(NamedTuple):
    """How far from the fill an exit lies: in ranges, percent of price, or quote currency."""

    size: float
    unit: Unit


@dataclass(frozen=True)
class ExitStack:
    """Stop, target, time, session, trail and break-even; None means no such exit.

    A distance has one unit: ``_atr`` multiples of Wilder's ATR over ``atr_length`` bars, ``_pct``
    percent of the price as it was traded (2.0 is 2 %), ``_points`` quote currency. All are read at
    the deciding close, before the fill is known, and fixed for the life of the trade.
    ``max_bars_held`` counts the fill bar as 1. ``session_exit`` goes flat at the calendar's last
    bar of each session and needs intraday bars.
    """

    stop_loss_atr: float | None = 1.0
    take_profit_atr: float | None = 1.0
    max_bars_held: int | None = 20
    session_exit: bool = False
    trail_atr: float | None = None
    break_even_atr: float | None = None
    atr_length: int = 14
    stop_loss_pct: float | None = None
    stop_loss_points: float | None = None
    take_profit_pct: float | None = None
    take_profit_points: float | None = None
    trail_pct: float | None = None
    trail_points: float | None = None
    break_even_pct: float | None = None
    break_even_points: float | None = None

    def __post_init__(self) -> None:
        for exit_ in EXITS:
            for unit in UNITS:
                name, value = f"{exit_}_{unit}", getattr(self, f"{exit_}_{unit}")
                if value is not None and not (_is_number(value) and value > 0):
                    raise SettingsError(
                        f"exits.{name} must be above 0 or null, received {value!r}."
                    )
                # Equal stacks have one text, so 1 and 1.0 are not two trials.
                object.__setattr__(self, name, None if value is None else float(value))
            self._require_one_unit(exit_)
        for name in ("max_bars_held", "atr_length"):
            value = getattr(self, name)
            if value is None and name == "max_bars_held":
                continue
            if not (_is_number(value) and value == int(value) and value >= 1):
                raise SettingsError(f"exits.{name} must be 1 or more, received {value!r}.")
            object.__setattr__(self, name, int(value))
        if not isinstance(self.session_exit, bool):
            raise SettingsError(
                f"exits.session_exit must be true or false, received {self.session_exit!r}."
            )

    def distance(self, exit_: Exit) -> Distance | None:
        """Return how far away an exit lies, or None where the stack has no such exit.

        Examples
        --------
        >>> ExitStack(stop_loss_atr=None, stop_loss_pct=2).distance("stop_loss")
        Distance(size=2.0, unit='pct')
        >>> ExitStack().distance("trail") is None
        True
        """
        for unit in UNITS:
            size = getattr(self, f"{exit_}_{unit}")
            if size is not None:
                return Distance(size, unit)
        return None

    @property
    def reads_atr(self) -> bool:
        return any(getattr(self, f"{exit_}_atr") is not None for exit_ in EXITS)

    def as_params(self) -> dict[str, Value | None]:
        """Return the stack as the manifest's keys; ``auto_close_time`` is the seeds' word.

        Percents and points are named only where they are set, so that a stack without them is
        written, and hashed, as it was before there were any.
        """
        params = asdict(self)
        params["auto_close_time"] = "session_end" if params.pop("session_exit") else None
        unset = {name for name in _LATER if params[name] is None}
        return {name: value for name, value in params.items() if name not in unset}

    @classmethod
    def from_params(cls, params: Mapping[str, object]) -> Self:
        """Return the stack that ``params`` speaks of: its own keys, or the seeds' closing time.

        A distance in percent or points takes the place of the default in ranges. Any
        ``auto_close_time`` means the calendar's session end; null means none. A wall-clock time
        was the older systems' guess at that moment.
        """
        given = dict(params)
        if "auto_close_time" in given:
            given["session_exit"] = given.pop("auto_close_time") is not None
        known = {f.name for f in fields(cls)}
        for name in given:
            if name not in known:
                raise SettingsError(f"exits has no parameter {name!r}; it has {sorted(known)}.")
        for exit_ in EXITS:
            if any(given.get(f"{exit_}_{unit}") is not None for unit in UNITS[1:]):
                given.setdefault(f"{exit_}_atr", None)
        return cls(**given)  # type: ignore[arg-type]

    def _require_one_unit(self, exit_: Exit) -> None:
        named = [f"{exit_}_{unit}" for unit in UNITS]
        used = [name for name in named if getattr(self, name) is not None]
        if len(used) > 1:
            told = " and ".join(f"exits.{name} ({getattr(self, name)!r})" for name in used)
            raise SettingsError(
                f"A distance has one unit, received {told}. Set all but one of them to null."
            )


_LATER = {f"{exit_}_{unit}" for exit_ in EXITS for unit in UNITS[1:]}
# The specification's grid.
_USUAL: Mapping[Exit, Sequence[float | None]] = {
    "stop_loss": (0.5, 1.0, 1.5, 2.0),
    "take_profit": (0.5, 1.0, 1.5, 2.0, 3.0),
    "trail": (None,),
    "break_even": (None,),
}


def _is_number(value: object) -> bool:
    is_real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_real and math.isfinite(value)  # type: ignore[arg-type]


def exit_grid(
    stop_loss_atr: Sequence[float | None] | None = None,
    take_profit_atr: Sequence[float | None] | None = None,
    max_bars_held: Sequence[int | None] = (20,),
    session_exit: bool = False,
    atr_length: Sequence[int] = (14,),
    **others: Sequence[float | None] | None,
) -> tuple[ExitStack, ...]:
    """Return every combination; the defaults are the specification's 20.

    Parameters
    ----------
    stop_loss_atr, take_profit_atr : sequence of float or None
        The specification's four stops and five targets, unless another unit of the same exit is
        given.
    max_bars_held : sequence of int or None
    session_exit : bool
        The same for all.
    atr_length : sequence of int
    **others : sequence of float or None
        Any other distance by the name of its field. What is given of one exit in several units is
        one axis: its values follow each other.

    Examples
    --------
    >>> stacks = exit_grid(stop_loss_pct=[1, 2], take_profit_points=[5])
    >>> [(s.stop_loss_pct, s.take_profit_points) for s in stacks]
    [(1.0, 5.0), (2.0, 5.0)]
    """
    given = {**others, "stop_loss_atr": stop_loss_atr, "take_profit_atr": take_profit_atr}
    known = {f"{exit_}_{unit}" for exit_ in EXITS for unit in UNITS}
    if given.keys() - known:
        raise SettingsError(
            f"exits has no axis {sorted(given.keys() - known)}; distances are {sorted(known)}."
        )
    stops, targets, trails, break_evens = (_axis(exit_, given) for exit_ in EXITS)
    return tuple(
        ExitStack(
            max_bars_held=n,
            session_exit=session_exit,
            atr_length=length,
            **stop,
            **target,
            **trail,
            **even,
        )
        for stop, target, n, trail, even, length in product(
            stops, targets, max_bars_held, trails, break_evens, atr_length
        )
    )


def _axis(exit_: Exit, given: Mapping[str, Sequence[float | None] | None]) -> list[dict[str, Any]]:
    """Return the fields that say each distance of one exit, all units in one list."""
    asked = {f"{exit_}_{unit}": given.get(f"{exit_}_{unit}") for unit in UNITS}
    axis = {name: values for name, values in asked.items() if values is not None}
    axis = axis or {f"{exit_}_atr": _USUAL[exit_]}
    return [
        {f"{exit_}_atr": None, name: value} for name, values in axis.items() for value in values
    ]
