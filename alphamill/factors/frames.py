"""Panels as long tables and back: one row a (timestamp UTC, symbol), sorted, each once."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Floats, Ints
from alphamill.data.calendar import DAY_NS, MINUTE_NS, Schedule, moments_ns, schedule
from alphamill.data.universe import Universe
from alphamill.factors.panel import Panel

KEYS: Final = ["timestamp", "symbol"]
# An adjusted price is a product: how far it may lie from the ratio of its row.
_RANGES: Final = ("open", "high", "low")


def panel_of(
    frame: pd.DataFrame, universe: Universe, *, calendar: str = "XNYS", where: str = "prices"
) -> Panel:
    """Return the panel of a long table of daily prices; the order of its rows does not matter.

    Parameters
    ----------
    frame : DataFrame
        ``timestamp, symbol, close`` and any of ``open, high, low, volume, freefloat,
        close_research``. A stamp at midnight is the trade date of its row, any other one a moment
        of the session; without a zone it counts as UTC. Where ``close_research`` (adjusted) is
        told, ``open``, ``high`` and ``low`` are adjusted in its ratio to ``close``; without it
        prices count as adjusted, and the panel notes so.
    universe : Universe
        Members by date. Prices of other symbols are left out.
    calendar : str
        Whose sessions are the rows of the panel.
    where : str
        File name, for messages.

    Raises
    ------
    DataError
        Naming file, row, column, value and remedy.
    """
    table = _checked(frame, where)
    at_ns = moments_ns(pd.DatetimeIndex(table["timestamp"]))
    plan = _sessions(calendar, at_ns)
    row = _rows(plan, at_ns)
    wrong = np.flatnonzero(row < 0)
    if wrong.size:
        k = int(wrong[0])
        raise DataError(
            f"{where}: row {table.index[k]}, column timestamp: must lie in a session of calendar "
            f"{calendar!r}, received {table['timestamp'].iloc[k]} for {table['symbol'].iloc[k]}. "
            "Drop the row, or choose the calendar of this exchange ('24/7' has every day)."
        )
    symbols = tuple(sorted(set(table["symbol"]) & set(universe.symbols)))
    if not symbols:
        raise DataError(
            f"{where}: must have prices of universe {universe.name}, received those of "
            f"{sorted(set(table['symbol']))[:8]}. Fetch the universe's prices."
        )
    columns = {symbol: i for i, symbol in enumerate(symbols)}
    column = table["symbol"].map(columns).fillna(-1).to_numpy(dtype=np.int64)
    _refuse_twice(table, row, column, plan, where)
    told = {name: table[name].to_numpy(dtype=np.float64) for name in table.columns[2:]}
    mine = column >= 0
    fields = {}
    for name, values in _adjusted(told).items():
        fields[name] = np.full((len(plan), len(symbols)), np.nan)
        fields[name][row[mine], column[mine]] = values[mine]
    return Panel(
        freq="1d",
        calendar=calendar,
        session=plan.session,
        close_ns=plan.close_ns,
        symbols=symbols,
        fields=fields,
        member=universe.mask(plan.session, symbols),
        universe=universe.name,
        is_survivorship_biased=universe.is_survivorship_biased,
        notes=_notes(universe, symbols, "close_research" in told),
    )


def panel_of_bars(series: Sequence[Bars], universe: Universe, *, calendar: str = "XNYS") -> Panel:
    """Return the panel of daily bars, one series a symbol.

    Raises
    ------
    DataError
        For bars that are not daily, or whose prices have an amount added to them: no ratio of such
        prices is a return.
    """
    parts = []
    for bars in series:
        if bars.timeframe != "1d" or bars.adjusted == "add":
            raise DataError(
                f"{bars.symbol}: a panel takes daily bars, adjusted by a ratio or not at all, "
                f"received {bars.timeframe} adjusted by {bars.adjusted!r}. Ingest it so."
            )
        part = {
            "timestamp": pd.to_datetime(bars.session.astype(str), format="%Y%m%d", utc=True),
            "symbol": bars.symbol.strip().upper(),
            "close": bars.raw_close,
            "close_research": bars.close,
            "volume": bars.volume,
        }
        if not bars.closes_only:
            # As traded again: panel_of adjusts all prices of a row in one ratio.
            ratio = bars.raw_close / bars.close
            part |= {name: getattr(bars, name) * ratio for name in _RANGES}
        parts.append(pd.DataFrame(part))
    if not parts:
        raise DataError("a panel must have at least one series, received none. Name the symbols.")
    table = pd.concat(parts, ignore_index=True)
    return panel_of(table, universe, calendar=calendar, where="the catalog")


def frame_of(
    panel: Panel, columns: Mapping[str, Floats], *, members_only: bool = True
) -> pd.DataFrame:
    """Return columns as a long table, sorted by timestamp and symbol.

    Rows are the cells with a known close, of members only by default; what is not known is NaN.
    """
    kept = ~np.isnan(panel.fields["close"])
    if members_only:
        kept &= panel.member
    row, column = np.nonzero(kept)
    stamps = pd.DatetimeIndex(panel.close_ns.view("M8[ns]"), tz="UTC")
    table = {
        "timestamp": stamps[row],
        "symbol": pd.array(np.array(panel.symbols, dtype=object)[column], dtype="str"),
    }
    return pd.DataFrame(table | {name: values[row, column] for name, values in columns.items()})


def _checked(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    absent = [name for name in (*KEYS, "close") if name not in frame.columns]
    if absent:
        raise DataError(
            f"{where}: prices must have the columns timestamp, symbol and close; {absent} are "
            f"missing, received {list(frame.columns)}. Add them."
        )
    known = ("close", "open", "high", "low", "volume", "freefloat", "close_research")
    table = frame[[*KEYS, *(name for name in known if name in frame.columns)]].copy()
    if table[KEYS].isna().to_numpy().any():
        k = int(np.flatnonzero(table[KEYS].isna().any(axis=1))[0])
        column = KEYS[int(table[KEYS].iloc[k].isna().to_numpy().argmax())]
        raise DataError(
            f"{where}: row {table.index[k]}, column {column}: must not be empty, received "
            f"{table[column].iloc[k]!r}. Repair or drop the row."
        )
    table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True)
    table["symbol"] = table["symbol"].astype(str).str.strip().str.upper()
    for name in table.columns[2:]:
        values = table[name].to_numpy(dtype=np.float64)
        bad = (
            np.isinf(values) | (values <= 0) if name not in ("volume", "freefloat") else values < 0
        )
        if name == "close":
            bad |= np.isnan(values)
        if bad.any():
            k = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{where}: row {table.index[k]}, column {name}: must be "
                f"{'at least 0' if name in ('volume', 'freefloat') else 'a price above 0'}, "
                f"received {float(values[k])!r} for {table['symbol'].iloc[k]}. Repair or drop it."
            )
    return table


def _adjusted(told: Mapping[str, Floats]) -> dict[str, Floats]:
    research = told.get("close_research", told["close"])
    ratio = research / told["close"]
    fields = {"close": research, "raw_close": told["close"]}
    fields |= {name: told[name] * ratio for name in _RANGES if name in told}
    fields |= {name: told[name] for name in ("volume", "freefloat") if name in told}
    # A series nobody knows is not there: a formula that needs it says so.
    return {name: values for name, values in fields.items() if not np.isnan(values).all()}


def _sessions(calendar: str, at_ns: Ints) -> Schedule:
    first, last = int(at_ns.min()), int(at_ns.max())
    days = [int(pd.Timestamp(ns).strftime("%Y%m%d")) for ns in (first - DAY_NS, last + DAY_NS)]
    plan = schedule(calendar, days[0], days[1])
    rows = _rows(plan, np.array([first, last], dtype=np.int64))
    start, stop = (int(rows[0]), int(rows[1]) + 1) if (rows >= 0).all() else (0, len(plan))
    return Schedule(
        plan.name,
        plan.timezone,
        plan.session[start:stop],
        plan.open_ns[start:stop],
        plan.close_ns[start:stop],
        plan.left_in_month[start:stop],
    )


def _rows(plan: Schedule, at_ns: Ints) -> Ints:
    """Return the session of each stamp: a midnight's by its date, any other's by its moment."""
    days = pd.DatetimeIndex(at_ns.view("M8[ns]"))
    date = np.asarray(days.year * 10_000 + days.month * 100 + days.day, dtype=np.int64)
    is_date = at_ns % DAY_NS == 0
    last = len(plan) - 1
    by_date = np.minimum(np.searchsorted(plan.session, date), last)
    # Vendors stamp the close to the second or the minute: one minute after it is still its own.
    by_moment = np.minimum(np.searchsorted(plan.close_ns, at_ns - MINUTE_NS), last)
    fits_date = plan.session[by_date] == date
    fits_moment = (plan.open_ns[by_moment] < at_ns) & (
        at_ns <= plan.close_ns[by_moment] + MINUTE_NS
    )
    row = np.where(is_date, by_date, by_moment)
    return np.where(np.where(is_date, fits_date, fits_moment), row, -1).astype(np.int64)


def _refuse_twice(table: pd.DataFrame, row: Ints, column: Ints, plan: Schedule, where: str) -> None:
    keys = pd.DataFrame({"row": row, "symbol": table["symbol"].to_numpy()})
    twice = np.flatnonzero(keys.duplicated(keep=False).to_numpy())
    if twice.size:
        k = int(twice[0])
        other = int(np.flatnonzero((keys == keys.iloc[k]).all(axis=1).to_numpy())[1])
        raise DataError(
            f"{where}: rows {table.index[k]} and {table.index[other]}, columns timestamp and "
            f"symbol: each (session, symbol) must be there once, received "
            f"{int(plan.session[row[k]])} of {keys['symbol'].iloc[k]} twice. Drop one."
        )


def _notes(universe: Universe, symbols: tuple[str, ...], is_adjusted: bool) -> tuple[str, ...]:
    notes = []
    if universe.is_survivorship_biased:
        notes.append("survivorship biased: today's members, applied to the past")
    absent = sorted(set(universe.symbols) - set(symbols))
    if absent:
        notes.append(f"no prices of {len(absent)} of the universe: {', '.join(absent[:20])}")
    if not is_adjusted:
        notes.append("prices taken as adjusted: no column close_research")
    return tuple(notes)
