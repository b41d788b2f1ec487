"""What a strategy is: a sentence, a pure rule, a declaration."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Signals
from alphamill.core.params import Params, Space, Value, checked, grid

WHOLE_HISTORY: Final = -1
Need = Literal["ohlc", "volume", "intraday"]
Sides = Literal["long", "both"]
Levels = Literal["close", "touch"]


def as_given(params: Params) -> dict[str, Value] | None:
    """Keep every parameter set: the default ``canonical``."""
    return dict(params)


@dataclass(frozen=True)
class Strategy:
    """One idea; ``rule(bars, **params)`` returns its ``Signals``.

    Attributes
    ----------
    number, name, archetype, idea
        The registry's id and name, the family of ideas, and one sentence that says why it
        should pay.
    rule : callable
        Pure function of bars and parameters. It has no memory of being in a position.
    space : mapping
        Declared parameters.
    warmup : callable
        Parameters -> bars after which the last row no longer depends on older bars, or
        ``WHOLE_HISTORY``.
    needs : frozenset
        What it reads beyond closes: "ohlc", "volume", "intraday".
    sides : "long" or "both"
        "both" where the idea is symmetric and the rule also says when to be short.
    levels : "close" or "touch"
        Whether floor and ceiling are judged at closes or rest as orders.
    canonical : callable
        Parameters -> the set that stands for all its equals, or None for an impossible one.
    """

    number: int
    name: str
    archetype: str
    idea: str
    rule: Callable[..., Signals]
    space: Space
    warmup: Callable[[Params], int]
    needs: frozenset[Need] = frozenset()
    sides: Sides = "long"
    levels: Levels = "close"
    canonical: Callable[[Params], Mapping[str, Value] | None] = as_given

    def params(self, given: Mapping[str, object] | None = None) -> dict[str, Value]:
        """Return a full, checked parameter set: ``given`` over the defaults."""
        return checked(self.name, self.space, given or {})

    def cells(self) -> Iterator[dict[str, Value]]:
        """Yield the grid without impossible sets and without duplicates."""
        seen: set[tuple[Value, ...]] = set()
        for point in grid(self.space):
            kept = self.canonical(point)
            key = None if kept is None else tuple(kept[name] for name in self.space)
            if kept is not None and key is not None and key not in seen:
                seen.add(key)
                yield dict(kept)

    def lacks(self, bars: Bars) -> str | None:
        """Return why these bars cannot feed the rule, or None when they can."""
        if "ohlc" in self.needs and bars.closes_only:
            return f"{self.name} needs open, high and low; {bars.symbol} has closes only"
        if "volume" in self.needs and np.isnan(bars.volume).all():
            return f"{self.name} needs volume; {bars.symbol} has none"
        if "intraday" in self.needs and bars.timeframe.endswith("d"):
            return f"{self.name} needs intraday bars; {bars.symbol} has {bars.timeframe}"
        return None

    def signals(self, bars: Bars, params: Params, sides: Sides = "long") -> Signals:
        """Return the rule's signals, shorts masked out unless ``sides`` is "both".

        Raises
        ------
        DataError
            When the bars lack what the rule needs, or the rule returns a wrong shape.
        """
        why = self.lacks(bars)
        if why:
            raise DataError(f"{why}. Choose another strategy or another series.")
        said: Any = self.rule(bars, **params)
        for name, column in zip(Signals._fields, said, strict=True):
            if column is not None and column.shape != (len(bars),):
                raise DataError(
                    f"{self.name}: {name} must have one row a bar ({len(bars)}), received "
                    f"{column.shape}. Mend the rule."
                )
        if sides == "long":
            return said._replace(enter=np.maximum(said.enter, 0))  # type: ignore[no-any-return]
        return said  # type: ignore[no-any-return]
