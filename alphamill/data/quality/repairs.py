"""What is mended, and counted: order, twins, a bar still forming, rounded wicks, made-up opens."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alphamill.core.market import Flags, Floats, Ints
from alphamill.data.quality.table import DAY_NS, PRICES, Known, Table
from alphamill.data.raw import Finding

Mended = tuple[Table, list[Finding]]


def sort(table: Table, known: Known) -> Mended:
    """D11: rows in the order of their stamps."""
    late = table.ns < np.maximum.accumulate(table.ns) if len(table) else np.zeros(0, dtype=bool)
    found = table.finding(
        "D11",
        "repair",
        late,
        "stamped before the row above it; rows were sorted",
        "Check the file.",
    )
    return (table.take(np.argsort(table.ns, kind="stable")), found) if found else (table, [])


def drop_twins(table: Table, known: Known) -> Mended:
    """D12: one of several equal rows; rows that share a stamp and differ are refused."""
    twin = np.append(False, np.diff(table.ns) == 0)[: len(table)]
    if not twin.any():
        return table, []
    for name in (*PRICES, "volume"):
        differs = twin & np.append(False, ~_same(table[name][1:], table[name][:-1]))
        at = np.flatnonzero(differs)
        if at.size:
            other = f"{table.name_of(int(at[0]) - 1)} says {float(table[name][at[0] - 1])!r}"
            return table, table.finding(
                "D12",
                "refuse",
                differs,
                f"one stamp must have one bar, and {other}",
                "Delete the wrong row, or fetch the file again.",
                name,
            )
    found = table.finding(
        "D12", "repair", twin, "repeats the row above it; one was kept", "Check the file."
    )
    return table.take(~twin), found


def drop_forming(table: Table, known: Known) -> Mended:
    """D19: no bar that has not closed; more than one such bar means a wrong clock.

    A daily bar stamped with its session counts as closed when that date is over at the exchange.
    """
    if known.now_ns is None or not len(table):
        return table, []
    forming = _closes(table) > known.now_ns
    n_forming = int(forming.sum())
    if n_forming > 1:
        return table, table.finding(
            "D19",
            "refuse",
            forming,
            "bars must not lie in the future",
            "Check --timezone and --stamps, and the clock of this machine.",
        )
    found = table.finding(
        "D19", "repair", forming, "had not closed yet and was dropped", "Ingest again later."
    )
    return (table.take(~forming), found) if found else (table, [])


def widen_wicks(table: Table, known: Known) -> Mended:
    """D08 within a tick: high and low stretch to the open and close that rounding put outside."""
    if table.raw.closes_only or not len(table):
        return table, []
    top = np.maximum(np.maximum(table["open"], table["close"]), table["low"])
    bottom = np.minimum(np.minimum(table["open"], table["close"]), table["high"])
    slack = wick_tolerance(table, known)
    above = (top > table["high"]) & (top - table["high"] <= slack)
    below = (bottom < table["low"]) & (table["low"] - bottom <= slack)
    found = table.finding(
        "D08",
        "repair",
        above | below,
        "open or close lay within a tick beyond high or low, which were widened",
        "Prefer a file with unrounded prices.",
    )
    high = np.where(above, top, table["high"])
    low = np.where(below, bottom, table["low"])
    return table.put(high=high, low=low), found


def distrust_opens(table: Table, known: Known) -> Mended:
    """open_is_previous_close: where opens are copies of the close before, only closes are known.

    Such a vendor had no opens, and its highs and lows are no better. A rule that fills at the open
    would trade at yesterday's close. The flag is one for the whole series, because ``Bars`` carries
    one; the finding names the years concerned, so that a user who wants the real opens of other
    years can ingest those alone. Only daily bars of markets that close overnight are judged: in
    intraday bars and in round-the-clock markets the open is the close before.
    """
    limits = known.limits
    market = table.instrument.asset_class
    if not table.is_daily or table.raw.closes_only or market in ("crypto", "fx") or len(table) < 2:
        return table, []
    opens, before = table["open"][1:], table["close"][:-1]
    same = np.append(False, np.isclose(opens, before, rtol=1e-9, atol=0.0))
    near = ~same[1:] & (np.abs(opens - before) <= 1.5 * table.instrument.tick)
    n_same, n_near = int(same.sum()), int(near.sum())
    share = n_same / (len(table) - 1)
    too_few = n_same < limits.same_open_min or share <= limits.same_open_frac
    if too_few or n_same < limits.same_open_excess * n_near:
        return table, []
    said = (
        f"the open equals the previous close on {share:.1%} of days (over "
        f"{limits.same_open_frac:.0%}; {_years(table.dates(), same, limits.same_open_frac)}), so "
        "opens, highs and lows are not trusted and the whole series counts as closes only. Ingest "
        "other years alone to keep their opens, or use a source with real ones."
    )
    close = table["close"]
    raw = replace(table.raw, closes_only=True)
    row = None if table.lines is None else int(table.lines[np.flatnonzero(same)[0]])
    found = table.note("open_is_previous_close", "repair", said, row=row, count=n_same)
    return replace(table, raw=raw).put(open=close, high=close, low=close), [found]


REPAIRS = (sort, drop_twins, drop_forming, widen_wicks)


def wick_tolerance(table: Table, known: Known) -> Floats:
    """Return how far open and close may lie beyond high and low, price, shape (n_bars,)."""
    price = np.abs(table["close"])
    frac = known.limits.max_wick_frac * price
    if table.raw.adjusted == "ratio":
        return frac  # adjusted prices are off the tick grid, and small ones far below it
    tick = known.limits.max_wick_ticks * table.instrument.ticks(table.dates())
    return np.maximum(tick * (1 + 1e-9), frac)


def _closes(table: Table) -> Ints:
    if table.raw.stamps == "close":
        return table.ns
    if table.raw.stamps == "open":
        return table.ns + table.bar_ns
    ends = pd.DatetimeIndex((table.ns + DAY_NS).view("M8[ns]"))
    zoned = ends.tz_localize(
        table.instrument.timezone, ambiguous=False, nonexistent="shift_forward"
    )
    return np.asarray(zoned.tz_convert("UTC").tz_localize(None).as_unit("ns")).view(np.int64)


def _same(a: Floats, b: Floats) -> Flags:
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)), dtype=np.bool_)


def _years(dates: Ints, same: Flags, limit: float) -> str:
    years = dates // 10_000
    bad = [int(y) for y in np.unique(years) if same[years == y].mean() > limit]
    runs: list[list[int]] = []
    for year in bad:
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    spans = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"in {spans}" if spans else "in no single year"
