"""The table of factors, the sets of them, and the page that shows both.

Sets are written with a plus sign: ``core+alt_full``. ``ml`` is what models made of a set
(`ml_alpha_...` columns of another panel), so ``core+ml`` computes ``core`` and takes those over.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, NamedTuple

from alphamill.core.errors import SettingsError
from alphamill.core.identity import digest
from alphamill.factors.expression import Expression, parse
from alphamill.factors.library.earnings import EARNINGS
from alphamill.factors.library.factor import NAMES, Factor
from alphamill.factors.library.insider import INSIDER
from alphamill.factors.library.liquidity import LIQUIDITY
from alphamill.factors.library.macro import MACRO
from alphamill.factors.library.news import NEWS
from alphamill.factors.library.returns import RETURNS
from alphamill.factors.library.reversal import REVERSAL
from alphamill.factors.library.trend import TREND
from alphamill.factors.library.volatility import RV_20, VOLATILITY

FACTORS: Final[tuple[Factor, ...]] = (
    *RETURNS,
    *TREND,
    *REVERSAL,
    *VOLATILITY,
    *LIQUIDITY,
    *EARNINGS,
    *INSIDER,
    *NEWS,
    *MACRO,
)
BY_NAME: Final = {row.name: row for row in FACTORS}
FAMILIES: Final = tuple(dict.fromkeys(row.family for row in FACTORS))

_CORE: Final = (*RETURNS, *TREND, *REVERSAL, RV_20)
_ALT: Final = (*EARNINGS, *INSIDER)
_NEWS_MACRO: Final = (*NEWS, *MACRO)
# What may stand between plus signs.
PARTS: Final[Mapping[str, tuple[Factor, ...]]] = MappingProxyType(
    {
        "core": _CORE,
        "vol_liquidity": (*VOLATILITY, *LIQUIDITY),
        "alt": _ALT,
        "alt_news": _NEWS_MACRO,
        "alt_full": (*_ALT, *_NEWS_MACRO),
    }
)
# Every set there is: a closed list.
SETS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "core": ("core",),
        "vol_liquidity": ("vol_liquidity",),
        "core+vol_liquidity": ("core", "vol_liquidity"),
        "all": ("core", "vol_liquidity"),
        "alt_earnings_insider": ("alt",),
        "alt_news_macro": ("alt_news",),
        "core+alt": ("core", "alt"),
        "core+alt_news": ("core", "alt_news"),
        "core+alt_full": ("core", "alt_full"),
        "core+vol_liquidity+alt_full": ("core", "vol_liquidity", "alt_full"),
        "ml_alpha_only": (),
        "core+ml": ("core",),
        "core+alt+ml": ("core", "alt"),
        "core+alt_full+ml": ("core", "alt_full"),
    }
)


class FactorSet(NamedTuple):
    """Its name, its factors in order, and whether columns of a model's panel belong to it."""

    name: str
    factors: tuple[Factor, ...]
    takes_ml: bool


def factor_set(name: str) -> FactorSet:
    """Return a set of factors by its name.

    Raises
    ------
    SettingsError
        For an unknown set, with the nearest names.

    Examples
    --------
    >>> "rv_20" in [row.name for row in factor_set("core+alt_full").factors]
    True
    """
    if name not in SETS:
        near = get_close_matches(name, SETS, n=3, cutoff=0.3)
        raise SettingsError(
            f"factor set must be one of {list(SETS)}, received {name!r}"
            f"{f'; nearest are {near}' if near else ''}. Choose one."
        )
    rows = [row for part in SETS[name] for row in PARTS[part]]
    return FactorSet(name, tuple(dict.fromkeys(rows)), "ml" in name.split("+") or not rows)


def find(name: str) -> Factor:
    """Return the row of a factor.

    Raises
    ------
    SettingsError
        For an unknown one, with the nearest names.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    near = get_close_matches(name, BY_NAME, n=3, cutoff=0.3) or list(BY_NAME)
    raise SettingsError(f"no factor is called {name!r}; the nearest are {near}. Use one of them.")


def expressions(rows: Iterable[Factor], *, has_ranges: bool = True) -> dict[str, Expression]:
    """Return name and expression of each row, for panels with highs and lows or with closes."""
    told = {}
    for row in rows:
        formula = row.formula if has_ranges or not row.closes_only else row.closes_only
        told[row.name] = parse(formula, NAMES)
    return told


def formula_id(row: Factor) -> str:
    """Return the identity of a row's formula as written out, 16 hex digits."""
    return digest(row.name, row.version, parse(row.formula, NAMES).text)[:16]


def as_markdown() -> str:
    """Return the table as the page of the documentation shows it, a heading a family."""
    parts = []
    for family in FAMILIES:
        lines = [
            f"### {family.capitalize()}",
            "",
            "| Factor | Says | Formula | Reads | Sessions before | Source |",
            "|---|---|---|---|---|---|",
        ]
        for row in (r for r in FACTORS if r.family == family):
            e = parse(row.formula, NAMES)
            lines.append(
                f"| `{row.name}` | {row.meaning} | `{row.formula}` | {', '.join(sorted(e.fields))} "
                f"| {e.rows_before} | {row.source} |"
            )
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
