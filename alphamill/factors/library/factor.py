"""What the table says about each factor: a row of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

SPECIFICATION: Final = "specs/factors 2"

Table = Literal["", "earnings", "insider", "sentiment", "macro"]


@dataclass(frozen=True)
class Factor:
    """One number known of each symbol at the close of each date.

    Attributes
    ----------
    name, family : str
    meaning : str
        What it says, with its unit and sign, for a reader of the table.
    formula : str
        One line of the expression language over the fields of a panel and `NAMES`.
    closes_only : str
        The formula where highs and lows are not known; "" where it needs none.
    table : str
        The table of events its fields come from, "" for prices.
    source : str
        Where the formula stands, or who published it.
    version : int
        Rises when the formula's numbers change.
    is_per_date : bool
        True for what is the same for all symbols of a date: it ranks nobody.
    """

    name: str
    family: str
    meaning: str
    formula: str
    closes_only: str = ""
    table: Table = ""
    source: str = SPECIFICATION
    version: int = 1
    is_per_date: bool = False


# What formulas may call by name; written out before anything is computed.
NAMES: Final[Mapping[str, str]] = {
    "unknown": "0 / 0",
    "returns": "close / delay(close, 1) - 1",
    "log_return": "delta(log(close), 1)",
    "true_range": "max(high - low, max(abs(high - delay(close, 1)), abs(low - delay(close, 1))))",
    "atr20": "ts_mean(true_range, 20)",
    "atr20_of_closes": "ts_std(returns, 20) * close",
    "dollar_volume": "raw_close * volume",
    "adv20": "ts_mean(dollar_volume, 20)",
}
