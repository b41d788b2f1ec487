"""What was known of events at each row of a panel: the last record, and sums over days.

A record counts at a row when its ``known_ns`` is not after the row's close. All arrays that come
back have shape (n_dates, n_symbols).
"""

import numpy as np
import pandas as pd

from alphamill.core.market import Flags, Floats, Ints
from alphamill.data.calendar import DAY_NS
from alphamill.factors.events import Events
from alphamill.factors.panel import Panel


def rows_of(panel: Panel, events: Events) -> tuple[Ints, Ints]:
    """Return the first row at which each record counts, and its symbol's column (-1 for none).

    Rows count from 0 to n_dates, the last for what is known after the panel's end. Shape (n,).
    """
    row = np.searchsorted(panel.close_ns, events.known_ns, side="left").astype(np.int64)
    column = pd.Index(panel.symbols).get_indexer(pd.Index(events.symbol))
    return row, np.asarray(column, dtype=np.int64)


def last_record(panel: Panel, events: Events, usable: Flags) -> Ints:
    """Return for each cell the record of the newest event known by then, -1 for none.

    Of one event the record published last counts (a restatement); a late word on an older event
    does not replace a newer one's. ``usable`` marks the records that count.
    """
    n_dates, n_symbols = panel.shape
    # One line a symbol while it is filled: the dates of one symbol then lie side by side.
    record = np.full((n_symbols, n_dates), -1, dtype=np.int64)
    row, column = rows_of(panel, events)
    newest = np.full(n_symbols, np.iinfo(np.int64).min)
    for k in np.flatnonzero(usable & (column >= 0) & (row < n_dates)):
        if events.event_ns[k] >= newest[column[k]]:
            newest[column[k]] = events.event_ns[k]
            record[column[k], row[k] :] = k
    return np.ascontiguousarray(record.T)


def values_of(
    panel: Panel, events: Events, record: Ints, values: Floats, expires_days: int
) -> Floats:
    """Return each cell's value of its last record, NaN for none or one known for longer."""
    known_ns = np.append(events.known_ns, np.iinfo(np.int64).min // 2)
    is_old = known_ns[record] < panel.close_ns[:, None] - expires_days * DAY_NS
    return np.where(is_old, np.nan, np.append(values, np.nan)[record])


def sums_of_days(panel: Panel, events: Events, values: Floats, days: int) -> Floats:
    """Return for each cell the sum over the records known in the ``days`` up to the row's close.

    0 where there is none, NaN where the feed does not cover the whole of those days.
    """
    out = np.zeros(panel.shape)
    since = panel.close_ns - days * DAY_NS
    _, column = rows_of(panel, events)
    by_symbol = np.argsort(column, kind="stable")
    for mine in np.split(by_symbol, np.flatnonzero(np.diff(column[by_symbol])) + 1):
        if mine.size and column[mine[0]] >= 0:
            told = mine[~np.isnan(values[mine])]
            first = np.searchsorted(events.known_ns[told], since, side="right")
            stop = np.searchsorted(events.known_ns[told], panel.close_ns, side="right")
            out[:, column[mine[0]]] = _sums(values[told], first, stop)
    out[since < events.covers_from_ns] = np.nan
    return out


def _sums(values: Floats, first: Ints, stop: Ints) -> Floats:
    # Each window is summed afresh, once while it stays: a difference of running totals would
    # leave a trace of what has left it.
    changed = np.flatnonzero((np.diff(first) != 0) | (np.diff(stop) != 0)) + 1
    starts = np.append(0, changed)
    sums = np.array([values[first[t] : stop[t]].sum() for t in starts])
    return np.repeat(sums, np.diff(np.append(starts, first.size)))


def means_of_sessions(
    panel: Panel, events: Events, values: Floats, of: str | None = None
) -> tuple[Floats, Floats]:
    """Return for each cell mean and number of the records that became known since the row before.

    ``of`` names a symbol whose records count for every column. The mean is NaN without a record.
    """
    n_dates, n_symbols = panel.shape
    row, column = rows_of(panel, events)
    told = (row < n_dates) & ~np.isnan(values)
    if of is not None:
        is_of = np.array([symbol == of for symbol in events.symbol], dtype=np.bool_)
        told, column = told & is_of, np.zeros_like(column)
        n_symbols = 1
    told &= column >= 0
    total, count = np.zeros((n_dates, n_symbols)), np.zeros((n_dates, n_symbols))
    np.add.at(total, (row[told], column[told]), values[told])
    np.add.at(count, (row[told], column[told]), 1.0)
    # No row before the first says since when its records count; nor does a feed not begun.
    began = np.append(np.iinfo(np.int64).min, panel.close_ns[:-1])
    count[began < events.covers_from_ns] = np.nan
    mean = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    return _spread(mean, panel), _spread(count, panel)


def _spread(values: Floats, panel: Panel) -> Floats:
    return np.broadcast_to(values, panel.shape).copy()
