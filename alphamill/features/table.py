"""The table of features: one row each, and the page that shows it."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from alphamill.core.errors import SettingsError
from alphamill.features.bands import BANDS
from alphamill.features.calendar import CALENDAR
from alphamill.features.daily import DAILY
from alphamill.features.feature import Feature
from alphamill.features.levels import LEVELS
from alphamill.features.momentum import MOMENTUM
from alphamill.features.patterns import PATTERNS
from alphamill.features.present import SESSION
from alphamill.features.returns import RETURNS
from alphamill.features.strength import IBS, RSI
from alphamill.features.trend import TREND
from alphamill.features.volatility import VOLATILITY
from alphamill.features.volume import VOLUMES

FEATURES: tuple[Feature, ...] = (
    *CALENDAR,
    *IBS,
    *RETURNS,
    *RSI,
    *VOLATILITY,
    *VOLUMES,
    *MOMENTUM,
    *TREND,
    *BANDS,
    *PATTERNS,
    *SESSION,
    *DAILY,
    *LEVELS,
)
BY_NAME = {row.name: row for row in FEATURES}
FAMILIES = tuple(dict.fromkeys(row.family for row in FEATURES))
# Longest first: ES_daily_z_score is not the z_score of an instrument "ES_daily".
CROSSING = tuple(sorted((r.name for r in FEATURES if r.crosses), key=lambda n: (-len(n), n)))


def own_names(on_request: bool = False) -> tuple[str, ...]:
    """Return the names of one instrument's features in order, raw levels only ``on_request``."""
    return tuple(row.name for row in FEATURES if on_request or not row.on_request)


def cross_names(symbols: Iterable[str]) -> tuple[str, ...]:
    """Return the names of what is offered of other instruments, in their order.

    Examples
    --------
    >>> cross_names(["ES"])[:2]
    ('ES_returns_1', 'ES_hourly_return')
    """
    rows = [row.name for row in FEATURES if row.crosses]
    return tuple(f"{symbol}_{name}" for symbol in symbols for name in rows)


def split(name: str) -> tuple[str, Feature]:
    """Return the other instrument's symbol, "" for an own feature, and the row of a name.

    Raises
    ------
    SettingsError
        For an unknown name, with the nearest ones.

    Examples
    --------
    >>> symbol, row = split("6A_hourly_return")
    >>> symbol, row.family
    ('6A', 'returns')
    """
    if name in BY_NAME:
        return "", BY_NAME[name]
    for crossing in CROSSING:
        symbol = name.removesuffix(f"_{crossing}")
        if symbol and symbol != name:
            return symbol, BY_NAME[crossing]
    near = get_close_matches(name, BY_NAME, n=3, cutoff=0.4)
    offered = f"the nearest are {near}" if near else "none has a name like it"
    raise SettingsError(
        f"no feature is called {name!r}; {offered}. `alphamill features` lists them; of another "
        f"instrument {sorted(CROSSING)} are offered, as 'ES_hourly_return'."
    )


def distinct(names: Sequence[str]) -> tuple[tuple[str, Feature], ...]:
    """Return symbol and row of each name.

    Raises
    ------
    SettingsError
        For an unknown name, and for one given twice.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(f"each feature must be named once, received {twice} more than once.")
    return tuple(split(name) for name in names)


def as_markdown() -> str:
    """Return the table as the page of the documentation shows it, a heading a family."""
    parts = []
    for family in FAMILIES:
        lines = [
            f"### {family.upper() if family in {'ibs', 'rsi'} else family.capitalize()}",
            "",
            "| Feature | Says | Reads | Memory | Formula |",
            "|---|---|---|---|---|",
        ]
        for row in (r for r in FEATURES if r.family == family):
            name = f"`{row.name}`" + (" (x)" if row.crosses else "")
            reads = ", ".join(row.needs)
            lines.append(f"| {name} | {row.meaning} | {reads} | {row.memory} | {row.source} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
