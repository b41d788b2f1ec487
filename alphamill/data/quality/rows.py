"""Rules that look at one row: prices, volumes, and whether the four prices fit together."""

import numpy as np

from alphamill.core.market import Flags
from alphamill.data.quality.repairs import wick_tolerance
from alphamill.data.quality.table import PRICES, Known, Table
from alphamill.data.raw import Finding

_CORRECT = "Correct or delete this row, or fetch the file again."


def finite(table: Table, known: Known) -> list[Finding]:
    """D06: no NaN or infinity in a price."""
    names = [n for n in (*PRICES, "raw_close") if n in table.columns]
    return [
        finding
        for name in names
        for finding in table.finding(
            "D06", "refuse", ~np.isfinite(table[name]), "must be finite", _CORRECT, name
        )
    ]


def positive(table: Table, known: Known) -> list[Finding]:
    """D09: prices above 0, except where the instrument or its adjustment allows others.

    Additive adjustment shifts prices below 0, and futures and rates have traded there. A price of
    exactly 0 in a raw future is a missing one in disguise, unless a neighbour is below 0.
    """
    may_be_negative = table.instrument.asset_class in ("future", "rate")
    if table.raw.adjusted == "add" or table.instrument.asset_class == "rate":
        return []
    found: list[Finding] = []
    below = np.any([table[name] < 0 for name in PRICES], axis=0)
    crossing = below | np.append(below[1:], False) | np.append(False, below[:-1])
    for name in PRICES:
        bad = table[name] <= 0
        if may_be_negative:
            bad = (table[name] == 0) & ~crossing[: len(table)]
        found += table.finding("D09", "refuse", bad, "must be above 0", _CORRECT, name)
    if may_be_negative and not found:
        must = "is below 0, which this instrument allows"
        found += table.finding("D09", "warn", below, must, "Make sure that it really traded there.")
    return found


def volumes(table: Table, known: Known) -> list[Finding]:
    """D07, D10: volume is known and not negative, or unknown and stays so."""
    volume = table["volume"]
    found = table.finding("D10", "refuse", volume < 0, "must not be negative", _CORRECT, "volume")
    found += table.finding("D10", "refuse", np.isinf(volume), "must be finite", _CORRECT, "volume")
    unknown = np.isnan(volume)
    if unknown.any() and unknown.all():
        said = "volume is unknown throughout; rules that need it skip this series"
        return [*found, table.note("D07", "warn", said, count=len(table))]
    must = "volume is unknown and stays unknown, it is not taken for 0"
    return found + table.finding("D07", "warn", unknown, must, "Use a source that reports it.")


def range_holds(table: Table, known: Known) -> list[Finding]:
    """D08: low <= open, close <= high, beyond what rounding explains."""
    if table.raw.closes_only:
        return []
    high, low, slack = table["high"], table["low"], wick_tolerance(table, known)
    crossed = high < low
    rules: list[tuple[str, Flags, str]] = [("high", crossed, "must not lie below low")]
    for name in ("open", "close"):
        rules.append((name, ~crossed & (table[name] > high + slack), "must not lie above high"))
        rules.append((name, ~crossed & (table[name] < low - slack), "must not lie below low"))
    return [
        finding
        for name, bad, must in rules
        for finding in table.finding("D08", "refuse", bad, must, _CORRECT, name)
    ]


ROW_RULES = (finite, positive, volumes, range_holds)
