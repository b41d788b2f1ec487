"""Batteries that every row of the table must pass, and the table against the modules."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from inspect import getdoc, isfunction, signature
from pathlib import Path
from pkgutil import iter_modules

import numpy as np
import pytest

from alphamill import indicators
from alphamill.core.params import Params, Value
from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.indicators.indicator import Column, Indicator
from alphamill.indicators.table import BY_NAME, INDICATORS, as_markdown

from .markets import MARKETS, MINUTES, Columns

ROWS = pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.name)
N_BARS = 1700
CUTS = (0, 1, 2, 5, 30, 101, 507, 511, 545, 900, 1233, 1699)
# What is not a number of float64: a side, a pattern, a count, a yes or no.
OTHER_TYPES = {
    "crosses_above": ("bool",),
    "crosses_below": ("bool",),
    "engulfing": ("int8",),
    "pattern": ("int32",),
    "session_starts": ("bool",),
    "streak": ("int64",),
    "supertrend": ("float64", "int8"),
    "zigzag": ("float64", "float64", "int8"),
}
# How compiled code takes an array, and how much a pattern reads.
NOT_INDICATORS = {"column", "pattern_bars"}
# How a memo is kept, what describes the library, and what returns sessions, not rows.
NOT_LIBRARY = {"memo", "indicator", "table", "higher"}


def cut(columns: Columns, rows: slice) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def same(ours: Iterable[Column], theirs: Iterable[Column]) -> bool:
    pairs = zip(ours, theirs, strict=True)
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)


# --- the past does not change ------------------------------------------------------------------


@ROWS
def test_a_prefix_of_the_bars_gives_a_prefix_of_the_values(row):
    for market, columns in MARKETS.items():
        whole = row.values(columns)
        for n_seen in CUTS:
            ours = row.values(cut(columns, slice(n_seen)))
            assert same(ours, tuple(x[:n_seen] for x in whole)), (market, n_seen)


@ROWS
def test_another_future_leaves_the_past_as_it_was(row):
    for market, columns in MARKETS.items():
        whole = row.values(columns)
        for n_seen in (1, 300, 520, 1200):
            ours = row.values({name: changed(x, n_seen) for name, x in columns.items()})
            past, before = ([x[:n_seen] for x in said] for said in (ours, whole))
            assert same(past, before), (market, n_seen)


def changed(x: Column, n_seen: int) -> Column:
    out = x.copy()
    future = out[n_seen:]
    out[n_seen:] = ~future if x.dtype == np.bool_ else 3 * future + 1
    return out


# --- the memory --------------------------------------------------------------------------------


def grounds(row: Indicator) -> list[Columns]:
    return [*MARKETS.values(), *([MINUTES] if "session" in row.inputs else [])]


def spans_of(row: Indicator, n_bars: int, columns: Columns) -> list[slice]:
    """Return windows of ``n_bars`` all over the market; what fades does not count bars at rest."""
    n_all = columns["close"].size
    session_ends = np.flatnonzero(np.diff(columns["session"]))[::5] + 1
    stops = np.unique([*np.linspace(n_bars, n_all, 40).astype(int), *session_ends, n_all])
    stops = stops[(stops > n_bars) & (stops <= n_all)]
    counts = columns["high"] > columns["low"] if row.fades else np.ones(n_all, dtype=np.bool_)
    n_moves = np.append(0, np.cumsum(counts))
    starts = np.searchsorted(n_moves, n_moves[stops] - n_bars, side="right") - 1
    return [slice(*ends) for ends in zip(starts, stops, strict=True) if ends[0] > 0]


def last_rows(row: Indicator, n_bars: int, params: Params) -> Iterator[tuple[float, float, float]]:
    """Yield of many windows of ``n_bars`` what they say, what all bars say, and its scale."""
    for columns in grounds(row):
        whole = row.values(columns, **params)
        scales = [np.nanmax(np.abs(x), initial=0.0) for x in whole]
        for window in spans_of(row, n_bars, columns):
            seen = row.values(cut(columns, window), **params)
            for ours, theirs, scale in zip(seen, whole, scales, strict=True):
                yield float(ours[-1]), float(theirs[window.stop - 1]), float(scale)


def apart(ours: float, theirs: float, scale: float) -> float:
    if np.isnan(ours) and np.isnan(theirs):
        return 0.0
    difference = abs(ours - theirs)
    return np.inf if np.isnan(difference) else difference / (scale or 1.0)


def halved(params: Params) -> dict[str, Value]:
    return {name: v // 2 + 1 if type(v) is int and v > 3 else v for name, v in params.items()}


REMEMBERING = [row for row in INDICATORS if row.memory(row.params) != WHOLE_HISTORY]
FORGETLESS = [row for row in INDICATORS if row.memory(row.params) == WHOLE_HISTORY]


PARAMETERS = [
    pytest.param(row, params, id=f"{row.name}-{number}")
    for row in REMEMBERING
    for number, params in enumerate((dict(row.params), halved(row.params)))
    if not number or params != row.params
]


@pytest.mark.parametrize(("row", "params"), PARAMETERS)
def test_the_declared_memory_is_enough_for_the_last_value(row, params):
    worst = max(apart(*said) for said in last_rows(row, row.memory(params), params))

    assert worst <= (1e-12 if row.fades else 0.0)


# Nothing is shorter than one bar. The squeeze is on or off: a yes or no hides what still weighs.
TIGHT = [p for p in PARAMETERS if p.values[0].memory(p.values[1]) > 1 and p.id[:7] != "squeeze"]


@pytest.mark.parametrize(("row", "params"), TIGHT)
def test_a_shorter_memory_is_not_enough_for_the_last_value(row, params):
    n_bars = row.memory(params)
    shorter = 2 * n_bars // 3 if row.fades else n_bars - 1

    worst = max(apart(*said) for said in last_rows(row, shorter, params))

    assert worst > (1e-12 if row.fades else 0.0)


@pytest.mark.parametrize("row", FORGETLESS, ids=lambda row: row.name)
def test_what_claims_the_whole_history_needs_it(row):
    worst = max(apart(*said) for said in last_rows(row, 60, row.params))

    assert worst > 1e-9


# --- what comes back ---------------------------------------------------------------------------


@ROWS
def test_values_are_read_only_as_long_as_the_bars_and_finite_where_known(row):
    for columns in MARKETS.values():
        values = row.values(columns)

        types = OTHER_TYPES.get(row.name, ("float64",) * len(values))
        assert tuple(str(x.dtype) for x in values) == types
        assert {x.shape for x in values} == {(N_BARS,)}
        assert not any(x.flags.writeable for x in values)
        assert not any(np.isinf(x).any() for x in values)


@ROWS
def test_inputs_are_left_as_they_were(row):
    for columns in MARKETS.values():
        given = {name: x.copy() for name, x in columns.items()}

        row.values(given)

        assert same(given.values(), columns.values())


@ROWS
def test_every_column_says_two_things_at_least(row):
    said = [row.values(columns) for columns in grounds(row)]

    for columns in zip(*said, strict=True):
        known = np.concatenate([x[~np.isnan(x.astype(np.float64))] for x in columns])
        assert np.unique(known).size > 1


# --- the table ---------------------------------------------------------------------------------


def public_functions() -> set[str]:
    names = [module.name for module in iter_modules(indicators.__path__)]
    library = [name for name in names if name.partition("_")[0] not in NOT_LIBRARY]
    modules = [import_module(f"{indicators.__name__}.{name}") for name in library]
    # What is for traders explains itself; a kernel has no documentation.
    return {
        f"{module.__name__}.{name}"
        for module in modules
        for name, thing in vars(module).items()
        if isfunction(thing) and thing.__module__ == module.__name__ and getdoc(thing)
        if not name.startswith("_") and name not in NOT_INDICATORS
    }


def test_the_table_holds_every_public_function_once():
    rows = [f"{row.function.__module__}.{row.name}" for row in INDICATORS]

    assert sorted(rows) == sorted(public_functions())
    assert len(BY_NAME) == len(INDICATORS)


def test_the_library_is_as_large_as_promised():
    assert len(INDICATORS) >= 80


@ROWS
def test_a_row_says_what_it_reads_and_who_checks_it(row):
    arguments = list(signature(row.function).parameters.values())
    needed = [p.name for p in arguments if p.default is p.empty]

    assert len(needed) == len(row.inputs) + len([n for n in needed if n in row.params])
    assert set(row.params) <= {p.name for p in arguments}
    assert set(row.inputs) <= set(MINUTES)
    assert row.oracle
    assert row.summary.endswith(".")


def test_every_file_a_row_names_is_read_by_a_test():
    here = Path(__file__).parent
    tests = "".join(path.read_text() for path in here.glob("test_*.py"))
    named = {name for row in INDICATORS for name in re.findall(r"\w+\.(?:txt|csv)", row.oracle)}

    assert len(named) > 60
    assert {name for name in named if f'"{name}"' not in tests} == set()


def test_the_page_of_the_documentation_shows_the_table():
    page = (Path(__file__).resolve().parents[2] / "docs" / "indicators.md").read_text()

    assert page.partition("a test compares it. -->\n\n")[2] == as_markdown()
