"""The exit stack all rules share, and its distances at each deciding bar."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from typing import Self

from alphamill.core.errors import SettingsError
from alphamill.core.params import Value


@dataclass(frozen=True)
class ExitStack:
    """Stop, target, time, session, trail and break-even; None means no such exit.

    Distances are multiples of Wilder's ATR over ``atr_length`` bars, read at the deciding bar and
    fixed for the life of the trade. ``max_bars_held`` counts the fill bar as 1. ``session_exit``
    goes flat at the calendar's last bar of each session and needs intraday bars.
    """

    stop_loss_atr: float | None = 1.0
    take_profit_atr: float | None = 1.0
    max_bars_held: int | None = 20
    session_exit: bool = False
    trail_atr: float | None = None
    break_even_atr: float | None = None
    atr_length: int = 14

    def __post_init__(self) -> None:
        for name in ("stop_loss_atr", "take_profit_atr", "trail_atr", "break_even_atr"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and value > 0):
                raise SettingsError(f"exits.{name} must be above 0 or null, received {value!r}.")
            # Equal stacks have one text, so 1 and 1.0 are not two trials.
            object.__setattr__(self, name, None if value is None else float(value))
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

    @property
    def reads_atr(self) -> bool:
        return any((self.stop_loss_atr, self.take_profit_atr, self.trail_atr, self.break_even_atr))

    def as_params(self) -> dict[str, Value | None]:
        """Return the stack as the manifest's keys; ``auto_close_time`` is the seeds' word."""
        params = asdict(self)
        params["auto_close_time"] = "session_end" if params.pop("session_exit") else None
        return params

    @classmethod
    def from_params(cls, params: Mapping[str, object]) -> Self:
        """Return the stack that ``params`` speaks of: its own keys, or the seeds' closing time.

        Any ``auto_close_time`` means the calendar's session end; null means none. A wall-clock
        time was the older systems' guess at that moment.
        """
        given = dict(params)
        if "auto_close_time" in given:
            given["session_exit"] = given.pop("auto_close_time") is not None
        known = {f.name for f in fields(cls)}
        for name in given:
            if name not in known:
                raise SettingsError(f"exits has no parameter {name!r}; it has {sorted(known)}.")
        return cls(**given)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    is_real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_real and math.isfinite(value)  # type: ignore[arg-type]


def exit_grid(
    stop_loss_atr: Sequence[float | None] = (0.5, 1.0, 1.5, 2.0),
    take_profit_atr: Sequence[float | None] = (0.5, 1.0, 1.5, 2.0, 3.0),
    max_bars_held: Sequence[int | None] = (20,),
    session_exit: bool = False,
) -> tuple[ExitStack, ...]:
    """Return every combination; the defaults are the specification's 20."""
    return tuple(
        ExitStack(stop, target, bars, session_exit)
        for stop, target, bars in product(stop_loss_atr, take_profit_atr, max_bars_held)
    )
