"""What a strategy is: a sentence, a pure rule, a declaration."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final, Literal

import numpy as np

from alphamill.core.errors import DataError, GateError
from alphamill.core.market import Bars, Floats, Signals
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

    A rule over several series, ``rule(bars, *others, **params)``, returns the exposure it wants
    to each of them instead: see ``targets``.

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
    others : tuple of str
        What the rule calls the other series it reads, in order; empty for most.
    """

    number: int
    name: str
    archetype: str
    idea: str
    rule: Callable[..., Signals | Floats]
    space: Space
    warmup: Callable[[Params], int]
    needs: frozenset[Need] = frozenset()
    sides: Sides = "long"
    levels: Levels = "close"
    canonical: Callable[[Params], Mapping[str, Value] | None] = as_given
    others: tuple[str, ...] = ()

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

    @property
    def n_declared(self) -> int:
        """Return the points of the declared grid, those that `cells` leaves out included."""
        return math.prod(max(1, len(p.grid)) for p in self.space.values())

    def lacks(self, bars: Bars, others: Sequence[Bars] = ()) -> str | None:
        """Return why these series cannot feed the rule, or None when they can."""
        if len(others) < len(self.others):
            lacking = self.others[len(others)]
            return f"{self.name} reads a {lacking} beside {bars.symbol}, and none is given"
        for series in (bars, *others):
            if "ohlc" in self.needs and series.closes_only:
                return f"{self.name} needs open, high and low; {series.symbol} has closes only"
            if "volume" in self.needs and np.isnan(series.volume).all():
                return f"{self.name} needs volume; {series.symbol} has none"
            if "intraday" in self.needs and series.timeframe.endswith("d"):
                return f"{self.name} needs intraday bars; {series.symbol} has {series.timeframe}"
        return None

    def signals(self, bars: Bars, params: Params, sides: Sides = "long") -> Signals:
        """Return the rule's signals, shorts masked out unless ``sides`` is "both".

        Raises
        ------
        DataError
            When the bars lack what the rule needs, or the rule returns a wrong shape.
        GateError
            When the rule raises.
        """
        said = self._said(bars, (), params)
        if not isinstance(said, Signals):
            raise DataError(
                f"{self.name}: a rule must return Signals, received {type(said).__name__}. "
                "Mend the rule."
            )
        for name, column in zip(Signals._fields, said, strict=True):
            if column is not None and np.shape(column) != (len(bars),):
                raise DataError(
                    f"{self.name}: {name} must have one row a bar ({len(bars)}), received "
                    f"{np.shape(column)}. Mend the rule."
                )
        if sides == "long":
            return said._replace(enter=np.multiply(said.enter, np.greater(said.enter, 0)))
        return said

    def targets(
        self, bars: Bars, others: Sequence[Bars], params: Params, sides: Sides = "long"
    ) -> Floats:
        """Return the exposure that a rule over several series wants, decided at each close.

        Returns
        -------
        ndarray of shape (n_bars, 1 + n_others)
            1.0 is one unit of the first series' instrument (a contract, or one notional) and, for
            the others, as much money of theirs; negative is short; NaN leaves a leg alone. Unless
            ``sides`` is "both", a wish to be short the first series is a wish to be flat.

        Raises
        ------
        DataError
            When the series lack what the rule needs, or the rule returns a wrong shape.
        GateError
            When the rule raises.
        """
        wanted = self._said(bars, others, params)
        shape = (len(bars), 1 + len(others))
        given = getattr(wanted, "shape", type(wanted).__name__)
        if given != shape:
            raise DataError(
                f"{self.name}: targets must have one row a bar and one column a series {shape}, "
                f"received {given}. Mend the rule."
            )
        if sides == "long":
            wanted = np.where(wanted[:, :1] < 0.0, 0.0, wanted)
        return wanted  # type: ignore[no-any-return]

    def _said(self, bars: Bars, others: Sequence[Bars], params: Params) -> Any:
        why = self.lacks(bars, others)
        if why:
            raise DataError(f"{why}. Choose another strategy or another series.")
        try:
            return self.rule(bars, *others, **params)
        except MemoryError:
            raise
        except Exception as e:
            raise GateError(
                f"{self.name}: the rule raised {type(e).__name__}: {e}{_place(e)}. Mend the rule."
            ) from e


def _place(error: Exception) -> str:
    """Return the innermost line of the rule's own file: where its author has to look."""
    # The first frame is our call; a rule that could not even be called has no other.
    frames = extract_tb(error.__traceback__)[1:]
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    return f" ({Path(own[-1].filename).name} line {own[-1].lineno})" if own else ""
