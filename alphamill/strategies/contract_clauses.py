"""The clauses of the contract: each takes a strategy and yields how it breaks it, in words."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from alphamill.core.errors import SettingsError
from alphamill.core.market import Bars
from alphamill.core.params import Params, checked, grid
from alphamill.core.strategy import WHOLE_HISTORY, Strategy
from alphamill.strategies import contract_said as said
from alphamill.strategies.contract_markets import (
    Series,
    beside,
    closes_only,
    content,
    cut,
    disturbed,
    long_markets,
    short_markets,
    volume_turned,
    volume_unknown,
    wider,
)
from alphamill.strategies.contract_said import Said, said_of

SIDES: Final = {1: "long", -1: "short"}


def parameters(strategy: Strategy) -> Iterator[str]:
    """Check defaults and grid against the limits, and that cells stand for themselves, once."""
    for name, param in strategy.space.items():
        for value in (param.default, *param.grid):
            try:
                checked(strategy.name, strategy.space, {name: value})
            except SettingsError as e:
                yield str(e)
        if len(set(param.grid)) != len(param.grid):
            yield f"{name} has a value twice in its grid."
    cells = [tuple(cell.items()) for cell in strategy.cells()]
    if len(set(cells)) != len(cells) or not cells:
        yield f"the grid has {len(cells)} sets, {len(set(cells))} of them distinct."
    for cell in [dict(cell) for cell in cells]:
        kept = strategy.canonical(cell)
        if kept != cell:
            yield f"canonical gives {kept} for {cell}, which it gave itself."
        if strategy.warmup(cell) < 1 and strategy.warmup(cell) != WHOLE_HISTORY:
            yield f"warmup is {strategy.warmup(cell)} for {cell}."
    if strategy.canonical(strategy.params()) != strategy.params():
        yield "canonical gives another set for the defaults."


def shapes(strategy: Strategy) -> Iterator[str]:
    """Check for one row a bar, the declared types, and sides that exist and are declared."""
    for params in corners(strategy):
        days, quarters = short_markets()
        for bars in (days, quarters, *(days.head(n_bars) for n_bars in range(3))):
            spoken = said_of(strategy, _beside(strategy, bars), params)
            for fault in said.type_faults(strategy, spoken):
                yield f"{fault} {_where(bars, params)}."


def wants(strategy: Strategy) -> Iterator[str]:
    """Check that each declared side is wanted on one of the markets."""
    for side in _declared(strategy):
        if not any(said.wants(spoken, side) for spoken in _on_all_markets(strategy)):
            yield f"{SIDES[side]} is asked for on none of the four test markets at the defaults."


def leaves(strategy: Strategy) -> Iterator[str]:
    """Check that each declared side is left on one of the markets."""
    for side in _declared(strategy):
        if not any(said.leaves(spoken, side) for spoken in _on_all_markets(strategy)):
            yield f"{SIDES[side]} is left on none of the four test markets."


def truncation(strategy: Strategy) -> Iterator[str]:
    """Check that what is said on the first n bars alone equals the first n rows."""
    markets = short_markets()
    for number, (params, series, whole) in enumerate(_cases(strategy, markets)):
        # The defaults come first.
        every = 1 if number < len(markets) else 7
        where = _where(series[0], params)
        for n_seen in range(0, len(series[0]) + 1, every):
            known = said_of(strategy, cut(series, 0, n_seen), params)
            if not said.equal(known, said.rows(whole, 0, n_seen)):
                yield f"the first {n_seen} bars alone say something else {where}."


def disturbance(strategy: Strategy) -> Iterator[str]:
    """Check that what was said up to a bar stands, whatever comes after it."""
    for params, series, whole in _cases(strategy, short_markets()):
        for n_kept in range(5, len(series[0]), 7):
            other = said_of(strategy, disturbed(series, n_kept), params)
            if not said.equal(said.rows(other, 0, n_kept), said.rows(whole, 0, n_kept)):
                yield f"other bars after {n_kept} change what was said {_where(series[0], params)}."


def warm_up(strategy: Strategy) -> Iterator[str]:
    """Check that the last row from ``warmup`` bars equals that of the whole history."""
    steps = (7, 7, 23, 29) * len(corners(strategy))
    cases = _cases(strategy, (*short_markets(), *long_markets()))
    for step, (params, series, whole) in zip(steps, cases, strict=True):
        n_needed = strategy.warmup(params)
        if n_needed == WHOLE_HISTORY:
            continue
        for n_seen in range(1, len(series[0]) + 1, step):
            if n_seen < n_needed:
                continue
            last = said_of(strategy, cut(series, n_seen - n_needed, n_seen), params)
            if not said.equal(
                said.rows(last, n_needed - 1, n_needed), said.rows(whole, n_seen - 1, n_seen)
            ):
                where = _where(series[0], params)
                yield f"{n_needed} bars before bar {n_seen} are not enough {where}."


def long_warm_up(strategy: Strategy) -> Iterator[str]:
    """Say where a warm-up is longer than the markets on which it is tried."""
    n_bars = len(long_markets()[0])
    longest = max(strategy.warmup(cell) for cell in strategy.cells())
    if longest > n_bars - 300:
        yield f"{longest:,} bars are more than the {n_bars:,} of the test markets can show."


def first_bar(strategy: Strategy) -> Iterator[str]:
    """Check that a first bar alone asks for nothing where more are needed to know anything."""
    for params, series, _ in _cases(strategy, short_markets()):
        alone = said_of(strategy, cut(series, 0, 1), params)
        if strategy.warmup(params) != 1 and any(said.wants(alone, side) for side in (1, -1)):
            yield f"the first bar alone makes it enter {_where(series[0], params)}."


def silence(strategy: Strategy) -> Iterator[str]:
    """Check that nothing is said when each indicator that is asked answers NaN."""
    for params, series, _ in _cases(strategy, short_markets()):
        with said.blinded(strategy) as asked:
            unknown = said_of(strategy, series, params)
        if asked and said.speaks(unknown):
            yield f"it speaks when {', '.join(sorted(asked))} is NaN {_where(series[0], params)}."


def purity(strategy: Strategy) -> Iterator[str]:
    """Check that bars stay as they were and two calls say the same."""
    for params in corners(strategy):
        for bars in short_markets():
            series = _beside(strategy, bars)
            before = content(series)
            first, second = said_of(strategy, series, params), said_of(strategy, series, params)
            if content(series) != before:
                yield f"it changes its bars {_where(bars, params)}."
            if not said.equal(first, second):
                yield f"a second call says something else {_where(bars, params)}."


def needs(strategy: Strategy) -> Iterator[str]:
    """Check that columns of a need that is not declared are not read."""
    for params, series, whole in _cases(strategy, short_markets()):
        for need, changed in (
            ("ohlc", wider),
            ("ohlc", closes_only),
            ("volume", volume_turned),
            ("volume", volume_unknown),
        ):
            if need not in strategy.needs:
                spoken = said_of(strategy, tuple(map(changed, series)), params)
                if not said.equal(spoken, whole):
                    yield f"it reads {need} and does not declare it {_where(series[0], params)}."


def uses_needs(strategy: Strategy) -> Iterator[str]:
    """Check that a declared need is read: a needless one refuses good data."""
    changes = {"ohlc": closes_only, "volume": volume_turned}
    days, quarters = long_markets()
    series = _beside(strategy, quarters if "intraday" in strategy.needs else days)
    whole = said_of(strategy, series, strategy.params())
    for need in strategy.needs & changes.keys():
        spoken = said_of(strategy, tuple(map(changes[need], series)), strategy.params())
        if said.equal(spoken, whole):
            yield f"it declares {need} and does not read it."


def equal_sets(strategy: Strategy) -> Iterator[str]:
    """Check that a set and the one that stands for it say the same."""
    for bars in short_markets():
        series = _beside(strategy, bars)
        for point in grid(strategy.space):
            kept = strategy.canonical(point)
            if kept is None or kept == point:
                continue
            if not said.equal(said_of(strategy, series, point), said_of(strategy, series, kept)):
                yield f"canonical gives {dict(kept)} for {point}, which says something else."


def idea(strategy: Strategy) -> Iterator[str]:
    """Check for one sentence and a word on every parameter."""
    if not re.fullmatch(r"\S(?:[^.!?]|[.!?](?=\S))*\.", strategy.idea):
        yield f"idea must be one sentence with its full stop, received {strategy.idea!r}."
    for name, param in strategy.space.items():
        if not param.help:
            yield f"parameter {name} has no help."


def corners(strategy: Strategy) -> list[Params]:
    """Return the defaults and the first, the last and some middle cells."""
    cells = list(strategy.cells())
    chosen = [cells[0], cells[-1], cells[len(cells) // 2], cells[len(cells) // 3]]
    return [strategy.params(), *chosen]


def _on_all_markets(strategy: Strategy) -> Iterator[Said]:
    for bars in (*short_markets(), *long_markets()):
        yield said_of(strategy, _beside(strategy, bars), strategy.params())


def _declared(strategy: Strategy) -> tuple[int, ...]:
    return (1, -1) if strategy.sides == "both" else (1,)


def _beside(strategy: Strategy, bars: Bars) -> Series:
    return (bars, *(beside(bars, place) for place in range(len(strategy.others))))


def _cases(strategy: Strategy, markets: Iterable[Bars]) -> Iterator[tuple[Params, Series, Said]]:
    for params in corners(strategy):
        for bars in markets:
            series = _beside(strategy, bars)
            yield params, series, said_of(strategy, series, params)


def _where(bars: Bars, params: Params) -> str:
    return f"on {bars.timeframe} bars with {dict(params)}"
