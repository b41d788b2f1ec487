"""Rules that look at the series: timeframe, gaps, splits, scale, frozen prices, length."""

import numpy as np

from alphamill.core.market import Flags, Floats, Ints
from alphamill.data.quality.table import DAY_NS, PRICES, Known, Table, yyyymmdd
from alphamill.data.raw import Finding

_MINUTE_NS = 60_000_000_000
_ENOUGH_STEPS = 20


def frequency(table: Table, known: Known) -> list[Finding]:
    """D18: most steps equal the timeframe, in every tenth of the file."""
    rising = np.sort(table.ns)
    steps = rising[1:] - rising[:-1]
    if steps.size < 3:
        return []
    usual = _most_common(steps)
    if usual != table.bar_ns:
        return [_other_timeframe(table, usual, 0)]
    n_parts = min(10, steps.size // _ENOUGH_STEPS)
    for part in np.array_split(np.arange(steps.size), max(n_parts, 1)):
        if (steps[part] == table.bar_ns).mean() < known.limits.min_step_frac:
            return [_other_timeframe(table, _most_common(steps[part]), int(part[0]))]
    return []


def coverage(table: Table, known: Known) -> list[Finding]:
    """D16, D17: sessions that the calendar knows and the file lacks, and the reverse."""
    dates = np.unique(table.dates())
    if known.expected_sessions is None:
        return _weekends(table) + _long_gaps(table, known)
    expected = np.unique(known.expected_sessions)
    expected = expected[(expected >= dates[0]) & (expected <= dates[-1])]
    found: list[Finding] = []
    missing = np.setdiff1d(expected, dates)
    share = missing.size / max(expected.size, 1)
    if share >= known.limits.warn_missing_frac:
        severity = "refuse" if share >= known.limits.refuse_missing_frac else "warn"
        said = (
            f"must cover the calendar's sessions: {missing.size} of {expected.size} ({share:.1%}) "
            f"have no bar, the first {int(missing[0])}. Fetch the missing dates"
        )
        said += ", or accept D17." if severity == "refuse" else "."
        found.append(table.note("D17", severity, said, count=int(missing.size)))  # type: ignore[arg-type]
    if table.raw.stamps == "session":
        closed = ~np.isin(table.dates(), known.expected_sessions)
        must = "is not a session of the calendar"
        found += table.finding("D16", "warn", closed, must, "Check the dates and the calendar.")
    return found + _long_gaps(table, known)


def inner_gaps(table: Table, known: Known) -> list[Finding]:
    """D17: holes within a local day that are not the market's daily break."""
    if table.is_daily or len(table) < 2:
        return []
    local = table.local_ns()
    step = np.diff(local)
    hole = (step > (known.limits.inner_gap_bars + 1) * table.bar_ns) & (
        local[1:] // DAY_NS == local[:-1] // DAY_NS
    )
    if not hole.any():
        return []
    minute = local[:-1] % DAY_NS // _MINUTE_NS
    times, counts = np.unique(minute[hole], return_counts=True)
    n_days = np.unique(local // DAY_NS).size
    regular = times[counts > max(1.0, known.limits.regular_break_frac * n_days)]
    hole &= ~np.isin(minute, regular)
    must = f"over {known.limits.inner_gap_bars} bars are missing before it"
    return table.finding("D17", "warn", np.append(False, hole), must, "Fetch the missing bars.")


def splits(table: Table, known: Known) -> list[Finding]:
    """D20: an overnight step by a split's ratio that stays, in shares and indices.

    Evidence is the step itself, the medians of the days around it and, where volume is known, its
    change: a split of 2 for 1 lowers price and raises volume in shares. The step is only named
    where volume clearly moves the other way, or where the source declares adjusted prices and
    volume does not show a split either.
    """
    if table.instrument.asset_class not in ("equity", "index") or len(table) < 3:
        return []
    close = table["close"]
    after = close[1:] if table.raw.closes_only else table["open"][1:]
    step = np.log(after / close[:-1])
    size = np.abs(step)
    logs = np.log(np.array(known.limits.split_ratios))
    nearest = np.abs(size[:, None] - logs).argmin(axis=1)
    near = np.abs(size - logs[nearest]) <= known.limits.split_tolerance
    found: list[Finding] = []
    for at in np.flatnonzero(near):
        level = _change(close, int(at), known.limits.split_window)
        if level * np.sign(step[at]) < 0.5 * size[at]:
            continue  # price came back: a bad tick or a shock, not a new level
        ratio = known.limits.split_ratios[nearest[at]]
        kind = f"{ratio:g}-for-1 split" if step[at] < 0 else f"1-for-{ratio:g} reverse split"
        flags = np.zeros(len(table), dtype=np.bool_)
        flags[at + 1] = True
        volume = _change(table["volume"], int(at), 4 * known.limits.split_window)
        against = -volume * np.sign(step[at])  # NaN, and so neither, where volume is unknown
        declared = table.raw.adjusted == "ratio" and not against >= 0.5 * size[at]
        harmless = declared or against <= -0.5 * size[at]
        found += table.finding(
            "D20",
            "warn" if harmless else "refuse",
            flags,
            f"price steps from {float(close[at])!r} to {float(after[at])!r} overnight, which looks "
            f"like an unadjusted {kind}{_volume_words(volume)}",
            "Use split-adjusted prices"
            + ("." if harmless else ", or accept D20 if the step is real."),
        )
    return found


def scale(table: Table, known: Known) -> list[Finding]:
    """D22: rows, or the whole file, are a power of ten too large or too small."""
    close = table["close"]
    if table.raw.adjusted == "add" or (close <= 0).any():
        return []
    found: list[Finding] = []
    step = np.log10(close[1:] / close[:-1])
    power = np.round(step)
    at_least = 2 if table.instrument.asset_class in ("equity", "crypto") else 1
    jump = (np.abs(power) >= at_least) & (np.abs(step - power) <= known.limits.scale_tolerance_frac)
    remedy = "Divide or multiply these rows, or accept D22 if the step is real."
    if jump.any():
        factor = 10.0 ** power[jump][0]
        must = f"is about {factor:g} times the close before it"
        found += table.finding("D22", "refuse", np.append(False, jump), must, remedy, "close")
    if known.reference_median is not None and known.reference_median > 0:
        ratio = float(np.log10(np.median(close) / known.reference_median))
        if round(ratio) != 0 and abs(ratio - round(ratio)) <= 5 * known.limits.scale_tolerance_frac:
            said = (
                f"the median close must be of the size known for {table.raw.symbol}, about "
                f"{known.reference_median!r}, received {float(np.median(close))!r}: "
                f"10^{round(ratio)} times. Correct the scale, or accept D22."
            )
            found.append(table.note("D22", "refuse", said, count=len(table)))
    return found


def frozen(table: Table, known: Known) -> list[Finding]:
    """D23: a constant series, or many identical bars in a row."""
    close = table["close"]
    if len(table) > 1 and (close == close[0]).all():
        said = f"every close is {float(close[0])!r}: a constant series has no Sharpe ratio"
        return [table.note("D23", "warn", said, count=len(table))]
    same = np.ones(max(len(table) - 1, 0), dtype=np.bool_)
    for name in (*PRICES, "volume"):
        column = table[name]
        same &= (column[1:] == column[:-1]) | (np.isnan(column[1:]) & np.isnan(column[:-1]))
    limit = known.limits.stale_bars_daily if table.is_daily else known.limits.stale_bars_intraday
    starts, lengths = _runs(same)
    long = lengths >= limit
    flags = np.zeros(len(table), dtype=np.bool_)
    flags[starts[long]] = True
    must = f"at least {limit + 1} identical bars in a row begin here"
    return table.finding("D23", "warn", flags, must, "Check for a frozen feed.")


def length(table: Table, known: Known) -> list[Finding]:
    """D24: enough bars to judge anything."""
    if len(table) < known.limits.refuse_below_bars:
        said = (
            f"must hold at least {known.limits.refuse_below_bars} bars, received {len(table)}. "
            "Fetch a longer history."
        )
        return [table.note("D24", "refuse", said, count=len(table))]
    if len(table) < known.limits.warn_below_bars:
        said = f"only {len(table)} bars: too few for most rules' warm-up. Fetch a longer history."
        return [table.note("D24", "warn", said, count=len(table))]
    return []


SERIES_RULES = (coverage, inner_gaps, splits, scale, frozen)


def _other_timeframe(table: Table, usual_ns: int, at: int) -> Finding:
    minutes = usual_ns / _MINUTE_NS
    held = f"{minutes / 1440:g} days" if minutes >= 1440 else f"{minutes:g} minutes"
    said = (
        f"{table.name_of(at)}: {table.raw.timeframe} bars must be {table.bar_ns // _MINUTE_NS} "
        f"minutes apart, received bars {held} apart. Ask for the file's own timeframe, or fetch "
        f"{table.raw.timeframe} bars."
    )
    row = at if table.lines is None else int(table.lines[at])
    return table.note("D18", "refuse", said, row=row, count=len(table))


def _most_common(steps: Ints) -> int:
    values, counts = np.unique(steps, return_counts=True)
    return int(values[counts.argmax()])


def _weekends(table: Table) -> list[Finding]:
    if table.raw.stamps != "session" or table.instrument.asset_class == "crypto":
        return []
    weekday = (table.ns // DAY_NS + 3) % 7  # 1970-01-01 was a Thursday
    must = "is a Saturday or Sunday"
    return table.finding("D16", "warn", weekday >= 5, must, "Check the dates and their zone.")


def _long_gaps(table: Table, known: Known) -> list[Finding]:
    days = np.diff(table.ns) // DAY_NS
    gap = np.append(False, days > known.limits.long_gap_days)
    if not gap.any():
        return []
    longest = int(days.max())
    before = int(yyyymmdd(table.ns[:-1])[days.argmax()])
    must = f"follows a gap of over {known.limits.long_gap_days} days (the longest, {longest} days,"
    return table.finding("D17", "warn", gap, f"{must} after {before})", "Fetch the missing dates.")


def _change(values: Floats, at: int, window: int) -> float:
    """Return the log change of the median from the bars up to ``at`` to those after it."""
    before = values[max(at + 1 - window, 0) : at + 1]
    after = values[at + 1 : at + 1 + window]
    before, after = before[before > 0], after[after > 0]
    if not before.size or not after.size:
        return float("nan")
    return float(np.log(np.median(after) / np.median(before)))


def _volume_words(change: float) -> str:
    return "" if np.isnan(change) else f" (volume times {np.exp(change):.2g})"


def _runs(same: Flags) -> tuple[Ints, Ints]:
    """Return the starts and lengths of runs of True."""
    edges = np.diff(np.concatenate(([0], same.astype(np.int64), [0])))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return starts, stops - starts
