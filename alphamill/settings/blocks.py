"""The blocks of the project file: what each key is and which values it takes."""

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alphamill.backtest.exits import ExitStack, exit_grid
from alphamill.core.params import Value
from alphamill.core.strategy import Sides
from alphamill.validation.splits import DEFAULT_WINDOWS


def _window(given: Any) -> Any:
    if isinstance(given, (list, tuple)):
        if len(given) != 2:
            raise ValueError("a window is a fraction or [first day, last day]")
        first, last = (_trade_date(day) for day in given)
        if first > last:
            raise ValueError("the window's first day must not come after its last")
        return first, last
    return given


def _trade_date(day: Any) -> int:
    try:
        parsed = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError as e:
        raise ValueError(f"{day!r} is not a day as 2010-12-31") from e
    return parsed.year * 10_000 + parsed.month * 100 + parsed.day


Window = Annotated[float | tuple[int, int], BeforeValidator(_window)]
Positive = Annotated[int, Field(ge=1)]
Everything = Literal["all"]


class Block(BaseModel):
    """A block of the file: frozen, every key known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, values: Any) -> Any:
        # A block whose every line is commented out reads as null; its defaults hold.
        if isinstance(values, dict):
            return {key: value for key, value in values.items() if value is not None}
        return values


class DataBlock(Block):
    source: str = "sample"
    # Not shown in a repr: a later source may take an API key here.
    options: Mapping[str, Any] = Field(default={}, repr=False)
    symbols: Everything | tuple[str, ...] = "all"
    timeframe: Literal["1m", "5m", "15m", "1h", "1d"] = "1d"


class StrategiesBlock(Block):
    use: Everything | tuple[int | str, ...] = "all"
    sides: Sides = "long"
    grids: Mapping[str, Mapping[str, tuple[Value, ...]]] = {}


class ExitsBlock(Block):
    stop_loss_atr: tuple[float | None, ...] = (0.5, 1.0, 1.5, 2.0)
    take_profit_atr: tuple[float | None, ...] = (0.5, 1.0, 1.5, 2.0, 3.0)
    max_bars_held: tuple[Positive | None, ...] = (20,)
    session_exit: bool = False

    def stacks(self) -> tuple[ExitStack, ...]:
        return exit_grid(**self.model_dump())


class SweepBlock(Block):
    exits: ExitsBlock = ExitsBlock()
    permutations: Annotated[int, Field(ge=0)] = 99
    max_cells: Positive = 2_000_000
    max_memory_mb: Annotated[int, Field(ge=64)] = 2_000
    seed: Annotated[int, Field(ge=0)] = 7


class WindowsBlock(Block):
    discovery: Window = DEFAULT_WINDOWS["discovery"]
    ml_validation: Window = DEFAULT_WINDOWS["ml_validation"]
    portfolio: Window = DEFAULT_WINDOWS["portfolio"]
    sealed: Window = DEFAULT_WINDOWS["sealed"]

    @model_validator(mode="after")
    def _is_one_cut(self) -> Self:
        # The cut is made for each history; a cut that fits none should not be found out so late.
        given = self.model_dump()
        days = sorted(name for name, window in given.items() if isinstance(window, tuple))
        if days and len(days) < len(given):
            raise ValueError(f"windows must be all fractions or all days; days has only {days}")
        if not days and not math.isclose(sum(given.values()), 1.0):
            raise ValueError(f"the fractions of windows must add up to 1; these are {given}")
        return self


class GatesBlock(Block):
    preset: str = "calibrated"
    train_quarters: Positive = 12
    test_quarters: Positive = 4
    thresholds: Mapping[str, Mapping[str, float]] = {}


class WinnersBlock(Block):
    top_n: Positive = 10
    carry_unproven: bool = False


class RunBlock(Block):
    workspace: Path = Path("workspace")
    workers: Positive | Everything = "all"
