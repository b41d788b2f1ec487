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
from alphamill.learning.folds import EMBARGO_DAYS
from alphamill.learning.space import FAMILIES, Family
from alphamill.research.plan import Null
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
    files: tuple[Path, ...] = ()
    partners: Mapping[str, str] = {}


# An axis that is given has at least one value: an empty one would be read as "no such exit".
Axis = Annotated[tuple[float | None, ...], Field(min_length=1)]


class StackBlock(Block):
    """One combination of exits; what is not named is not set."""

    stop_loss_atr: float | None = None
    stop_loss_pct: float | None = None
    stop_loss_points: float | None = None
    take_profit_atr: float | None = None
    take_profit_pct: float | None = None
    take_profit_points: float | None = None
    trail_atr: float | None = None
    trail_pct: float | None = None
    trail_points: float | None = None
    break_even_atr: float | None = None
    break_even_pct: float | None = None
    break_even_points: float | None = None
    max_bars_held: Positive | None = None
    atr_length: Positive = 14


class ExitsBlock(Block):
    """Axes that are crossed, and single combinations besides."""

    stop_loss_atr: Axis | None = None
    stop_loss_pct: Axis | None = None
    stop_loss_points: Axis | None = None
    take_profit_atr: Axis | None = None
    take_profit_pct: Axis | None = None
    take_profit_points: Axis | None = None
    trail_atr: Axis | None = None
    trail_pct: Axis | None = None
    trail_points: Axis | None = None
    break_even_atr: Axis | None = None
    break_even_pct: Axis | None = None
    break_even_points: Axis | None = None
    max_bars_held: Annotated[tuple[Positive | None, ...], Field(min_length=1)] = (20,)
    atr_length: Annotated[tuple[Positive, ...], Field(min_length=1)] = (14,)
    session_exit: bool = False
    stacks: tuple[StackBlock, ...] = ()

    def combinations(self) -> tuple[ExitStack, ...]:
        """Return the crossed axes and the single stacks, equal ones included."""
        axes = self.model_dump(exclude_unset=True, exclude={"stacks", "session_exit"})
        single = tuple(
            ExitStack(session_exit=self.session_exit, **stack.model_dump()) for stack in self.stacks
        )
        if single and not axes:
            return single
        return (*exit_grid(session_exit=self.session_exit, **axes), *single)


class SweepBlock(Block):
    exits: ExitsBlock = ExitsBlock()
    permutations: Annotated[int, Field(ge=0)] = 99
    permute: Null = "bars"
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
    decides: tuple[str, ...] | None = None
    draws: Annotated[int, Field(ge=0)] = 999
    train_quarters: Positive = 12
    test_quarters: Positive = 4
    thresholds: Mapping[str, Mapping[str, float]] = {}


class WinnersBlock(Block):
    top_n: Positive = 10
    carry_unproven: bool = False


class MetaBlock(Block):
    random_trials: Annotated[int, Field(ge=0)] = 120
    bayes_trials: Annotated[int, Field(ge=0)] = 300
    families: tuple[Family, ...] = FAMILIES
    features: Everything | tuple[str, ...] = "all"
    n_features: Positive = 30
    embargo_days: Annotated[int, Field(ge=0)] = EMBARGO_DAYS
    draws: Annotated[int, Field(ge=19)] = 999
    expires_days: Positive = 365
    criteria: Mapping[str, float] = {}


class RunBlock(Block):
    workspace: Path = Path("workspace")
    workers: Positive | Everything = "all"
    machine: Annotated[str, Field(min_length=1, max_length=64)] | None = None
