"""Coarser bars, session by session."""

from dataclasses import replace
from typing import Any

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Bars, Instrument, Ints
from alphamill.data.calendar import MINUTE_NS, minutes_of, schedule, session_columns


def resample(bars: Bars, timeframe: str, instrument: Instrument) -> Bars:
    """Return bars of a coarser timeframe, anchored at each session's open.

    A coarse bar holds the bars that close within (its open, its close] and is stamped by its
    close; the session's last one ends with the session, however short. No bar crosses a session,
    and none is made where there was nothing to hold. Its volume is unknown (NaN) when part of it
    is. What was known at a close is all that enters: the last coarse bar is left out unless a bar
    closes at its very end, so that more data can only add bars and never change one.

    Parameters
    ----------
    bars : Bars
        Intraday bars on the instrument's calendar.
    timeframe : str
        A multiple of the bars' own, for example ``"15m"`` from ``"1m"``; ``"1d"`` is one session.
    instrument : Instrument
        Whose calendar and cash open count.

    Raises
    ------
    SettingsError
        When the timeframe is not a multiple of the bars' own.
    DataError
        When no coarse bar is complete, or a bar lies outside its session.
    """
    length_ns = _length_ns(bars, timeframe)
    plan = schedule(instrument.calendar, int(bars.session[0]), int(bars.session[-1]))
    at = np.searchsorted(plan.session, bars.session)
    _require_inside(bars, at, plan.session, instrument)
    opens, closes = plan.open_ns[at], plan.close_ns[at]
    if timeframe == "1d":
        begin, end = opens, closes
    else:
        # The bar that closes at a boundary belongs to what ends there.
        begin = opens + (bars.close_ns - opens - 1) // length_ns * length_ns
        end = np.minimum(begin + length_ns, closes)
    first = np.flatnonzero(np.append(True, np.diff(begin) != 0))
    if bars.close_ns[-1] < end[-1]:
        n_used = int(first[-1])
        first = first[:-1]
    else:
        n_used = len(bars)
    if not first.size:
        raise DataError(
            f"{bars.symbol}: no {timeframe} bar is complete in {len(bars)} bars of "
            f"{bars.timeframe}, received closes to {int(bars.close_ns[-1])}. Fetch more data."
        )
    last = np.append(first[1:], n_used) - 1
    return replace(
        bars,
        timeframe=timeframe,
        close_ns=end[first],
        **_prices(bars, first, last, n_used),
        **session_columns(plan, at[first], begin[first], end[first], instrument),
    )


def _length_ns(bars: Bars, timeframe: str) -> int:
    own, wanted = minutes_of(bars.timeframe), minutes_of(timeframe)
    if wanted <= own or wanted % own:
        raise SettingsError(
            f"{bars.symbol}: a resampled timeframe must be a multiple of {bars.timeframe!r}, "
            f"received {timeframe!r}. Choose a coarser one or ingest finer bars."
        )
    return wanted * MINUTE_NS


def _require_inside(bars: Bars, at: Ints, session: Ints, instrument: Instrument) -> None:
    known = session[np.minimum(at, session.size - 1)] == bars.session if session.size else at < 0
    if not known.all():
        bar = int(np.flatnonzero(~known)[0])
        raise DataError(
            f"{bars.symbol}: sessions must be those of calendar {instrument.calendar!r}; bar {bar} "
            f"has {int(bars.session[bar])}. Ingest this symbol with its own calendar."
        )


def _prices(bars: Bars, first: Ints, last: Ints, n_used: int) -> dict[str, Any]:
    close = bars.close[last]
    if bars.closes_only:
        price: dict[str, Any] = dict.fromkeys(("open", "high", "low"), close)
    else:
        price = {
            "open": bars.open[first],
            "high": np.maximum.reduceat(bars.high[:n_used], first),
            "low": np.minimum.reduceat(bars.low[:n_used], first),
        }
    # A sum with an unknown part is unknown: add carries the NaN.
    volume = np.add.reduceat(bars.volume[:n_used], first)
    return price | {"close": close, "volume": volume, "raw_close": bars.raw_close[last]}
