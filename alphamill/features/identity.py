"""What a feature is, as one number: it travels with datasets and bundles."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from alphamill.core.identity import digest
from alphamill.features.feature import Feature
from alphamill.features.table import distinct

# Sources that decide a value; the rest, such as messages, may change freely.
ROOMS: Final = ("alphamill.features.", "alphamill.indicators.", "alphamill.strategies.units")
# They say how values are asked for, not what they are.
SILENT: Final = {"alphamill.features.table", "alphamill.features.feature"}


def definition_hash(names: Sequence[str]) -> str:
    """Return the identity of what the named features mean, in this order.

    Parameters
    ----------
    names : sequence of str
        As `alphamill.features.compute.features` takes them.

    Returns
    -------
    str
        64 hexadecimal digits: of the names, their rows, and the sources of all modules of features
        and indicators that their functions reach. An edit elsewhere leaves it as it was.

    Raises
    ------
    SettingsError
        For a name that is unknown or given twice.
    """
    wanted = distinct(names)
    modules = sorted({row.function.__module__ for _, row in wanted} | {ALIGNED})
    reached = sorted({name for module in modules for name in _reached(module)})
    rows = [(symbol, *_facts(row)) for symbol, row in wanted]
    return digest(list(names), rows, {name: _source(name) for name in reached})


# Aligns and chooses what is returned, for every feature.
ALIGNED: Final = "alphamill.features.compute"


def _facts(row: Feature) -> tuple[Any, ...]:
    function = f"{row.function.__module__}.{row.function.__qualname__}"
    return row.name, function, row.params, row.needs, row.n_bars, row.n_sessions, row.fades


@cache
def _reached(module: str) -> frozenset[str]:
    """Return the module and all that it reaches by the names it holds."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name in SILENT:
            continue
        found.add(name)
        held = vars(sys.modules[name]).values()
        homes = (v.__name__ if isinstance(v, ModuleType) else _home(v) for v in held)
        waiting += [home for home in homes if home.startswith(ROOMS)]
    return frozenset(found)


def _home(value: Any) -> str:
    home = getattr(value, "__module__", "")
    return home if isinstance(home, str) else ""


@cache
def _source(module: str) -> bytes:
    file = sys.modules[module].__file__
    assert file is not None
    return Path(file).read_bytes()
