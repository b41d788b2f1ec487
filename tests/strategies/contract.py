"""What every rule owes: each function takes a strategy and says what it breaks, or nothing.

``tests/strategies/test_contract.py`` crosses them with the table; a new strategy is tested by
being a row.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alphamill.core.identity import digest
from alphamill.core.market import Bars, Signals
from alphamill.core.params import Params, checked, grid
from alphamill.core.strategy import WHOLE_HISTORY, Strategy

from .markets import columns_of


def shapes(strategy: Strategy, bars: Bars, params: Params) -> Iterator[str]:
    """Check for one row a bar, the declared types, and sides that exist and are declared."""
    said = strategy.rule(bars, **params)
    for name, column in zip(Signals._fields, said, strict=True):
        if column is not None and column.shape != (len(bars),):
            yield f"{name} has shape {column.shape}"
    for name, dtype in (("enter", np.int8), ("leave_long", np.bool_), ("leave_short", np.bool_)):
        if getattr(said, name).dtype != dtype:
            yield f"{name} is {getattr(said, name).dtype}"
    sides = set(np.unique(said.enter).tolist())
    if not sides <= {-1, 0, 1}:
        yield f"enter holds {sides}"
    if strategy.sides == "long" and (-1 in sides or said.leave_short.any()):
        yield "a long-only strategy speaks of shorts"


def speaks(strategy: Strategy, markets: Iterable[Bars], params: Params) -> Iterator[str]:
    """Check that each declared side is wanted and left on one of the markets."""
    said = [strategy.rule(bars, **params) for bars in markets]
    for side in (1, -1) if strategy.sides == "both" else (1,):
        if not any((s.enter == side).any() for s in said):
            yield f"side {side} is never wanted"
        if not any(_can_leave(s, side) for s in said):
            yield f"side {side} is never left"


def future(strategy: Strategy, bars: Bars, params: Params, cuts: Iterable[int]) -> Iterator[str]:
    """Check that the signals on the first n bars equal the first n signals."""
    whole = strategy.rule(bars, **params)
    for n_seen in cuts:
        known = strategy.rule(bars.head(n_seen), **params)
        if not _equal(known, _rows(whole, slice(0, n_seen))):
            yield f"the first {n_seen} bars alone say something else"


def disturbed_future(
    strategy: Strategy, bars: Bars, params: Params, cuts: Iterable[int]
) -> Iterator[str]:
    """Check that what was said up to a bar stands, whatever comes after it."""
    whole = strategy.rule(bars, **params)
    for n_seen in cuts:
        other = strategy.rule(disturbed(bars, n_seen), **params)
        if not _equal(_rows(other, slice(0, n_seen)), _rows(whole, slice(0, n_seen))):
            yield f"bars after {n_seen} change what was said before"


def warm_up(strategy: Strategy, bars: Bars, params: Params, cuts: Iterable[int]) -> Iterator[str]:
    """Check that the last row from ``warmup`` bars equals that of the whole history."""
    n_needed = strategy.warmup(params)
    if n_needed == WHOLE_HISTORY:
        return
    whole = strategy.rule(bars, **params)
    for n_seen in cuts:
        if n_seen >= n_needed:
            last = strategy.rule(bars.slice(n_seen - n_needed, n_seen), **params)
            if not _equal(_rows(last, slice(-1, None)), _rows(whole, slice(n_seen - 1, n_seen))):
                yield f"{n_needed} bars before {n_seen} are not enough"


def silence(strategy: Strategy, bars: Bars, params: Params) -> Iterator[str]:
    """Check that nothing is said on what is not known: a first bar, an indicator that is NaN."""
    if strategy.warmup(params) != 1 and strategy.rule(bars.head(1), **params).enter.any():
        yield "the first bar alone makes it enter"
    with pytest.MonkeyPatch.context() as patch:
        if not _blinded(strategy, patch):
            yield "it reads no indicator"
        said = strategy.rule(bars, **params)
    if said.enter.any() or said.leave_long.any() or said.leave_short.any():
        yield "an unknown indicator makes it speak"


def untouched(strategy: Strategy, bars: Bars, params: Params) -> Iterator[str]:
    """Check that bars and parameters stay as they were and two calls say the same."""
    before, given = digest(*columns_of(bars)), dict(params)
    first, second = strategy.rule(bars, **params), strategy.rule(bars, **params)
    if digest(*columns_of(bars)) != before or dict(params) != given:
        yield "it changes its input"
    if not _equal(first, second):
        yield "it remembers something"


def needs(strategy: Strategy, bars: Bars, params: Params) -> Iterator[str]:
    """Check that columns of a need that is not declared are not read."""
    whole = strategy.rule(bars, **params)
    for need, other in (
        ("ohlc", replace(bars, open=bars.low, high=bars.high * 1.01 + 1, low=bars.low * 0.99 - 1)),
        ("ohlc", replace(bars, open=bars.close, high=bars.close, low=bars.close)),
        ("volume", replace(bars, volume=bars.volume[::-1])),
        ("volume", replace(bars, volume=np.full(len(bars), np.nan))),
    ):
        if need not in strategy.needs and not _equal(strategy.rule(other, **params), whole):
            yield f"it reads {need} and does not say so"


def uses_needs(strategy: Strategy, bars: Bars, params: Params) -> Iterator[str]:
    """Check that a declared need is read: a needless one refuses good data."""
    whole = strategy.rule(bars, **params)
    others = {
        "ohlc": replace(bars, open=bars.close, high=bars.close, low=bars.close),
        "volume": replace(bars, volume=bars.volume[::-1]),
    }
    for need in strategy.needs & others.keys():
        if _equal(strategy.rule(others[need], **params), whole):
            yield f"it declares {need} and does not read it"


def parameters(strategy: Strategy) -> Iterator[str]:
    """Check defaults and grid against the limits, and that cells stand for themselves, once."""
    for name, param in strategy.space.items():
        for value in (param.default, *param.grid):
            checked(strategy.name, strategy.space, {name: value})
        if len(set(param.grid)) != len(param.grid):
            yield f"{name} has a value twice in its grid"
    cells = [tuple(cell.items()) for cell in strategy.cells()]
    if len(set(cells)) != len(cells) or not cells:
        yield f"{len(cells)} cells, {len(set(cells))} of them distinct"
    for cell in cells:
        kept = strategy.canonical(dict(cell))
        if kept != dict(cell):
            yield f"{dict(cell)} does not stand for itself but for {kept}"
        if strategy.warmup(dict(cell)) < 1 and strategy.warmup(dict(cell)) != WHOLE_HISTORY:
            yield f"{dict(cell)} needs no bar at all"
    if strategy.canonical(strategy.params()) != strategy.params():
        yield "the defaults do not stand for themselves"


def equals_stand(strategy: Strategy, bars: Bars) -> Iterator[str]:
    """Check that a set and the one that stands for it say the same."""
    for point in grid(strategy.space):
        kept = strategy.canonical(point) or point
        if not _equal(strategy.rule(bars, **point), strategy.rule(bars, **kept)):
            yield f"{point} is not {kept}"


def corners(strategy: Strategy) -> list[Params]:
    """Return the defaults and the first, the last and some middle cells."""
    cells = list(strategy.cells())
    chosen = [cells[0], cells[-1], cells[len(cells) // 2], cells[len(cells) // 3]]
    return [strategy.params(), *chosen]


def disturbed(bars: Bars, n_kept: int) -> Bars:
    """Return the bars with everything after the first ``n_kept`` wildly changed."""
    rng = np.random.default_rng(n_kept)
    factor = np.where(np.arange(len(bars)) < n_kept, 1.0, np.exp(rng.standard_normal(len(bars))))
    prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
    return replace(bars, **prices, raw_close=prices["close"], volume=bars.volume * factor)


def _can_leave(said: Signals, side: int) -> bool:
    leave = said.leave_long if side == 1 else said.leave_short
    at_entry = said.enter == side
    # Either level ends either side: the one it fears, or its goal.
    levels = [level for level in (said.floor, said.ceiling) if level is not None]
    has_level = any(np.isfinite(level[at_entry]).any() for level in levels)
    return bool(leave.any()) or has_level or said.trail is not None


def _rows(said: Signals, rows: slice) -> Signals:
    return Signals(*(None if column is None else column[rows] for column in said))


def _equal(some: Signals, other: Signals) -> bool:
    return all(
        (a is None and b is None)
        or (a is not None and b is not None and a.shape == b.shape and _close(a, b))
        for a, b in zip(some, other, strict=True)
    )


def _close(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=1e-9, atol=0.0, equal_nan=True))


def _blinded(strategy: Strategy, patch: pytest.MonkeyPatch) -> int:
    """Make every indicator a rule's file calls answer NaN; return how many."""
    module = sys.modules[strategy.rule.__module__]
    n_blinded = 0
    for holder, name, value in _indicators_of(module):
        patch.setattr(holder, name, _unknowing(value))
        n_blinded += 1
    return n_blinded


def _indicators_of(module: Any) -> Iterator[tuple[Any, str, Any]]:
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", "").startswith("alphamill.indicators"):
            yield module, name, value
        elif getattr(value, "__name__", "").startswith("alphamill.indicators."):
            yield from _indicators_of(value)


def _unknowing(function: Any) -> Any:
    def answer(*args: Any, **kwargs: Any) -> Any:
        return _nan_like(function(*args, **kwargs))

    return answer


def _nan_like(value: Any) -> Any:
    if isinstance(value, tuple):
        return type(value)(*map(_nan_like, value))
    # Conditions and patterns are no levels: they stay what they are, made from NaN.
    return np.full(value.shape, np.nan) if value.dtype == np.float64 else value
