"""What a rule says when it is asked, as columns that can be cut and compared."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Signals
from alphamill.core.params import Params
from alphamill.core.strategy import Strategy
from alphamill.strategies.contract_markets import Series

# The columns of ``Signals``, or the one table of targets of a rule over several series.
Said = tuple[Any, ...]


def said_of(strategy: Strategy, series: Series, params: Params) -> Said:
    """Return what the rule says, both sides, whatever the bars lack of its needs."""
    bare = replace(strategy, needs=frozenset())
    if strategy.others:
        return (bare.targets(series[0], series[1:], params, "both"),)
    return tuple(bare.signals(series[0], params, "both"))


def type_faults(strategy: Strategy, said: Said) -> Iterator[str]:
    """Yield where types or sides are not the declared ones."""
    names = ("targets",) if strategy.others else Signals._fields
    flags = {"leave_long", "leave_short"}
    for name, column in zip(names, said, strict=True):
        dtype = np.int8 if name == "enter" else np.bool_ if name in flags else np.float64
        if column is not None and getattr(column, "dtype", None) != dtype:
            kind = getattr(column, "dtype", type(column).__name__)
            yield f"{name} must be {np.dtype(dtype)}, received {kind}"
        if column is None and name in {"enter", *flags}:
            yield f"{name} is None"
    wanted = said[0]
    if not strategy.others and not np.isin(wanted, (-1, 0, 1)).all():
        yield f"enter must hold -1, 0 and 1, received {np.unique(wanted).tolist()}"
    if strategy.sides == "long" and (wants(said, -1) or (not strategy.others and said[2].any())):
        yield "a long-only strategy speaks of shorts"


def wants(said: Said, side: int) -> bool:
    """Return whether a side is asked for at any bar."""
    wanted = said[0] if len(said) > 1 else said[0][:, 0]
    return bool((np.sign(wanted) == side).any())


def leaves(said: Said, side: int) -> bool:
    """Return whether a side can be left: by a word, a level or a trail."""
    if len(said) == 1:
        return bool((said[0][:, 0] == 0.0).any())
    enter, leave_long, leave_short, floor, ceiling, trail = said
    # Either level ends either side: the one it fears, or its goal.
    levels = [level for level in (floor, ceiling) if level is not None]
    has_level = any(np.isfinite(level[enter == side]).any() for level in levels)
    return bool((leave_long if side == 1 else leave_short).any()) or has_level or trail is not None


def speaks(said: Said) -> bool:
    """Return whether anything is asked for or left."""
    return any(np.nan_to_num(column).any() for column in said[:3] if column is not None)


def rows(said: Said, start: int, stop: int) -> Said:
    """Return the rows ``start`` to ``stop - 1``."""
    return tuple(None if column is None else column[start:stop] for column in said)


def equal(some: Said, other: Said) -> bool:
    """Return whether two say the same, up to rounding."""
    return all(
        (a is None and b is None)
        or (a is not None and b is not None and a.shape == b.shape and _close(a, b))
        for a, b in zip(some, other, strict=True)
    )


def _close(a: NDArray[Any], b: NDArray[Any]) -> bool:
    if a.dtype != np.float64:
        return np.array_equal(a, b)
    return bool(np.allclose(a, b, rtol=1e-9, atol=0.0, equal_nan=True))


@contextmanager
def blinded(strategy: Strategy) -> Iterator[set[str]]:
    """Make every indicator that the rule's file knows answer NaN; give the names of those asked."""
    asked: set[str] = set()
    module = sys.modules.get(getattr(strategy.rule, "__module__", ""))
    held = list(_indicators_of(module))
    try:
        for holder, name, value in held:
            setattr(holder, name, _unknowing(value, asked))
        yield asked
    finally:
        for holder, name, value in held:
            setattr(holder, name, value)


def _indicators_of(module: Any) -> Iterator[tuple[Any, str, Any]]:
    for name, value in list(vars(module).items()) if module else ():
        if getattr(value, "__module__", "").startswith("alphamill.indicators"):
            yield module, name, value
        elif getattr(value, "__name__", "").startswith("alphamill.indicators."):
            yield from _indicators_of(value)


def _unknowing(function: Any, asked: set[str]) -> Any:
    def answer(*args: Any, **kwargs: Any) -> Any:
        asked.add(function.__name__)
        return _nan_like(function(*args, **kwargs))

    return answer


def _nan_like(value: Any) -> Any:
    if isinstance(value, tuple):
        return type(value)(*map(_nan_like, value))
    # Conditions and patterns are no levels: they stay what they are, made from NaN.
    return np.full(value.shape, np.nan) if value.dtype == np.float64 else value
