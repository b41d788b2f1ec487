"""The table of the library: one row a public function, and the page that shows it."""

from difflib import get_close_matches

from alphamill.core.errors import SettingsError
from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.indicators.indicator import Indicator
from alphamill.indicators.table_bars import CANDLES, PIVOTS, SESSIONS, VOLUME, WINDOWS
from alphamill.indicators.table_lines import AVERAGES, CHANNELS
from alphamill.indicators.table_moves import DIRECTION, MOMENTUM, RISK, STATISTICS, VOLATILITY
from alphamill.indicators.table_oscillators import ADAPTIVE, OSCILLATORS, WEIGHTED

INDICATORS: tuple[Indicator, ...] = (
    *AVERAGES,
    *WEIGHTED,
    *ADAPTIVE,
    *MOMENTUM,
    *OSCILLATORS,
    *DIRECTION,
    *CHANNELS,
    *VOLATILITY,
    *VOLUME,
    *CANDLES,
    *PIVOTS,
    *SESSIONS,
    *STATISTICS,
    *RISK,
    *WINDOWS,
)
BY_NAME = {row.name: row for row in INDICATORS}


def find(name: str) -> Indicator:
    """Return the row of a function.

    Raises
    ------
    SettingsError
        For an unknown one, with the nearest names.

    Examples
    --------
    >>> find("rsi").family
    'momentum'
    """
    if name in BY_NAME:
        return BY_NAME[name]
    near = [other for other in BY_NAME if name.lower() in other] if name else []
    near = near or get_close_matches(name.lower(), BY_NAME, n=3, cutoff=0.4)
    offered = f"the nearest are {near}" if near else "none has a name like it"
    raise SettingsError(
        f"no indicator is called {name!r}; {offered}. `alphamill indicators` lists them."
    )


def memory_in_words(row: Indicator) -> str:
    """Return the memory of a row at its customary parameters, as a reader wants it."""
    n_bars = row.memory(row.params)
    if n_bars == WHOLE_HISTORY:
        return "whole history"
    return f"{n_bars:,} bar{'' if n_bars == 1 else 's'}{', fading' if row.fades else ''}"


def as_markdown() -> str:
    """Return the table as the page of the documentation shows it, a heading a family."""
    parts = []
    for family in dict.fromkeys(row.family for row in INDICATORS):
        lines = [
            f"### {family.capitalize()}",
            "",
            "| Function | Reads | Parameters | Memory | Checked against |",
            "|---|---|---|---|---|",
        ]
        for row in (r for r in INDICATORS if r.family == family):
            given = ", ".join(f"{name}={value!r}" for name, value in row.params.items())
            cells = (
                f"`{row.name}`",
                ", ".join(row.inputs),
                given,
                memory_in_words(row),
                row.oracle,
            )
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
