"""What a source hands over, before any calendar or quality rule has looked at it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pandas as pd

from alphamill.core.market import Adjusted


@dataclass(frozen=True)
class RawSeries:
    """One instrument's bars as a source delivered them.

    ``frame`` holds float64 columns ``open, high, low, close, volume`` (volume NaN where unknown)
    and optionally ``raw_close``, on an index named by ``stamps``: ``"session"`` (tz-naive
    midnight of the trade date; daily bars), ``"open"`` or ``"close"`` (tz-aware UTC moments of
    the bar's open or close). ``where`` says which file, sheet or package it came from; ``repairs``
    counts what was repaired on the way in, by rule id of specs reliability B1 ("D11": 3).
    """

    symbol: str
    timeframe: str
    frame: pd.DataFrame
    stamps: Literal["session", "open", "close"]
    where: str
    closes_only: bool = False
    adjusted: Adjusted = "none"
    repairs: Mapping[str, int] = field(default_factory=dict)


class Source(Protocol):
    """A vendor: it lists what it has and fetches one series."""

    name: str

    def symbols(self) -> Iterable[str]:
        """Return the symbols this source can fetch."""
        ...

    def fetch(self, symbol: str, timeframe: str) -> RawSeries:
        """Return one series.

        Raises
        ------
        DataError
            Naming file, row, column, value and remedy.
        """
        ...


@dataclass(frozen=True)
class Finding:
    """One thing a quality rule noticed: rule id, severity, where, and what to do."""

    rule: str
    severity: Literal["refuse", "repair", "warn"]
    symbol: str
    message: str
    row: int | None = None
    count: int = 1
