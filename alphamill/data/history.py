"""What may be added to a stored series: bars before and after it, never other bars within it."""

from dataclasses import replace
from typing import Any

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Bars, bar_columns

_REPLACE = (
    "If the vendor revised it, ingest with --replace to start the series anew, and run again what "
    "was made from the old bars."
)


def merged(stored: Bars, fresh: Bars) -> Bars:
    """Return the stored bars with the fresh ones before and after; within, both must agree."""
    _require_alike(stored, fresh)
    first, last = stored.close_ns[0], stored.close_ns[-1]
    start = int(np.searchsorted(fresh.close_ns, first, side="left"))
    stop = int(np.searchsorted(fresh.close_ns, last, side="right"))
    common = stored.slice(
        int(np.searchsorted(stored.close_ns, fresh.close_ns[0], side="left")),
        int(np.searchsorted(stored.close_ns, fresh.close_ns[-1], side="right")),
    )
    _require_same(common, fresh.slice(start, stop))
    columns: dict[str, Any] = {
        name: np.concatenate(
            [getattr(fresh, name)[:start], getattr(stored, name), getattr(fresh, name)[stop:]]
        )
        for name in bar_columns()
    }
    return replace(stored, **columns)


def _require_alike(stored: Bars, fresh: Bars) -> None:
    for name in ("adjusted", "closes_only"):
        before, now = getattr(stored, name), getattr(fresh, name)
        if before != now:
            raise DataError(
                f"{stored.symbol} {stored.timeframe}: {name} must be {before!r} as stored, "
                f"received {now!r}. One series holds bars of one kind: ingest with --replace to "
                "start it anew."
            )


def _require_same(stored: Bars, fresh: Bars) -> None:
    where = f"{stored.symbol} {stored.timeframe}: stored history must not change"
    why = (
        "Prices adjusted by ratio change with every split and dividend. "
        if stored.adjusted == "ratio"
        else ""
    )
    if not np.array_equal(stored.close_ns, fresh.close_ns):
        odd = np.setxor1d(stored.close_ns, fresh.close_ns)
        holder = stored if odd[0] in stored.close_ns else fresh
        session = int(holder.session[np.searchsorted(holder.close_ns, odd[0])])
        who = "stored and no longer delivered" if holder is stored else "new within stored history"
        raise DataError(
            f"{where}; {odd.size} bars differ, the first, of {session}, is {who}. {why}{_REPLACE}"
        )
    for name in bar_columns():
        before, now = getattr(stored, name), getattr(fresh, name)
        differs = (before != now) & ~(np.isnan(before) & np.isnan(now))
        if differs.any():
            at = int(np.flatnonzero(differs)[0])
            raise DataError(
                f"{where}; column {name!r} of {int(differs.sum())} bars differs, first on "
                f"{int(stored.session[at])}: stored {before[at].item()!r}, received "
                f"{now[at].item()!r}. {why}{_REPLACE}"
            )
