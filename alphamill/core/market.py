"""Market values: bars, signals, trades, instruments.

Glossary (used in code, command line, API and pages alike)
----------------------------------------------------------
bar         open, high, low, close, volume of one closed interval
signal      what a rule says at a close
exit stack  stop, target, time, session, trail, shared by all rules
cell        one strategy x instrument x timeframe x parameters x exits
trial       a cell that was run, counted for ever
trade       entry fill to exit fill
gate        a question with a threshold; verdict: its answer
winner      a cell that passed, or one carried on and stamped ``unproven``
side        -1 short, 0 flat, 1 long
order       a wish; fill: a fact
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError, SettingsError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Adjusted = Literal["none", "add", "ratio"]

_PRICES = ("open", "high", "low", "close")
_NOT_NEGATIVE = (
    "commission_per_side",
    "commission_bps",
    "slippage_ticks",
    "slippage_bps",
    "margin",
)
_DTYPES = {
    "close_ns": np.int64,
    **dict.fromkeys((*_PRICES, "volume", "raw_close"), np.float64),
    "session": np.int64,
    "session_end": np.bool_,
    "minute": np.int64,
    "cash_minute": np.int64,
    "sessions_left_in_month": np.int64,
}


@dataclass(frozen=True)
class Bars:
    """Closed bars of one instrument, oldest first; own read-only columns of shape (n_bars,).

    Attributes
    ----------
    symbol, timeframe : str
        For example ``"ES"`` and ``"15m"`` (``"1d"`` for daily bars).
    close_ns : int64
        Moment of the close, UTC nanoseconds; strictly rising.
    open, high, low, close : float64
        Prices in quote currency, finite.
    volume : float64
        Units traded; NaN where it is not known, 0 only where it is known to be 0.
    session : int64
        Trade date as yyyymmdd, from the exchange calendar.
    session_end : bool
        True on the calendar's last bar of a session, whether or not later data exist.
    minute : int64
        Exchange-local minute of the day of the bar's open.
    cash_minute : int64
        Minutes from the instrument's cash open to the bar's open (negative before it).
    sessions_left_in_month : int64
        Sessions of the month after this one by the calendar, known ahead; 0 on the last.
    raw_close : float64
        Unadjusted close, for rules in percent of price.
    adjusted : "none", "add" or "ratio"
        How ``open`` .. ``close`` were adjusted.
    closes_only : bool
        True when only closes are known; open, high and low then repeat the close.

    Raises
    ------
    DataError
        Naming symbol, bar, value and remedy.
    """

    symbol: str
    timeframe: str
    close_ns: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    session: Ints
    session_end: Flags
    minute: Ints
    cash_minute: Ints
    sessions_left_in_month: Ints
    raw_close: Floats
    adjusted: Adjusted = "none"
    closes_only: bool = False

    def __post_init__(self) -> None:
        for name, dtype in _DTYPES.items():
            # An own copy always: a view of the caller's array could change behind our back.
            column: NDArray[Any] = np.array(getattr(self, name), dtype=dtype, order="C")
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        _require_sound(self)

    def __len__(self) -> int:
        return int(self.close_ns.size)

    def slice(self, start: int, stop: int) -> Self:
        """Return bars ``start`` .. ``stop - 1``."""
        return replace(self, **{name: getattr(self, name)[start:stop] for name in _DTYPES})

    def head(self, n_bars: int) -> Self:
        """Return the first ``n_bars`` bars: what was known at that close."""
        return self.slice(0, n_bars)


def bar_columns() -> tuple[str, ...]:
    """Return the names of the per-bar columns of ``Bars`` in order."""
    return tuple(_DTYPES)


def last_closed(close_ns: Ints, other_close_ns: Ints) -> Ints:
    """Return, for each bar, the last bar of another series that had closed by its close.

    Parameters
    ----------
    close_ns : ndarray of shape (n_bars,)
        Closes at which something is decided, UTC nanoseconds, rising.
    other_close_ns : ndarray of shape (n_other,)
        Closes of the other series, rising. A bar that closes at the same moment has closed.

    Returns
    -------
    ndarray of shape (n_bars,)
        Index into the other series; -1 where none of its bars has closed yet.

    Examples
    --------
    >>> last_closed(np.array([10, 20, 30]), np.array([15, 20, 31])).tolist()
    [-1, 1, 1]
    """
    return np.searchsorted(other_close_ns, close_ns, side="right").astype(np.int64) - 1


def as_of(column: Floats, at: Ints) -> Floats:
    """Return ``column[at]``, NaN where ``at`` is -1: what `last_closed` had nothing for yet.

    Examples
    --------
    >>> as_of(np.array([5.0, 6.0]), np.array([-1, 0, 0, 1])).tolist()
    [nan, 5.0, 5.0, 6.0]
    """
    return np.append(column, np.nan)[at]


class Signals(NamedTuple):
    """What a rule says at each close; columns of shape (n_bars,).

    ``enter`` is the side wanted from the next open (1, -1, 0 stay out). ``leave_long`` and
    ``leave_short`` ask to be flat from the next open. ``floor`` and ``ceiling`` are prices read
    at the deciding bar: a later close strictly beyond one of them leaves. ``trail`` is a distance
    in price read at every bar: a close below best - trail (short: above best + trail), ratcheted,
    leaves. NaN means "no such level".
    """

    enter: NDArray[np.int8]
    leave_long: Flags
    leave_short: Flags
    floor: Floats | None = None
    ceiling: Floats | None = None
    trail: Floats | None = None


@dataclass(frozen=True)
class Trades:
    """A list of closed trades in order of entry, one array a column.

    ``decided``, ``entry_bar`` and ``exit_bar`` are bar indices; ``side`` is 1 or -1; prices are
    fills (slippage included); ``pnl`` is net of ``fees`` in account currency; ``mae`` and ``mfe``
    are the worst and best excursion in account currency before costs (mae <= 0 <= mfe);
    ``reason`` is a code of ``alphamill.backtest.state.REASONS``; ``bars_held`` counts the fill
    bar as 1; ``ambiguous`` marks exits in a bar that touched both stop and target.
    """

    decided: Ints
    entry_bar: Ints
    exit_bar: Ints
    side: Ints
    units: Floats
    entry_price: Floats
    exit_price: Floats
    pnl: Floats
    fees: Floats
    slippage: Floats
    mae: Floats
    mfe: Floats
    bars_held: Ints
    reason: Ints
    ambiguous: Flags

    def __len__(self) -> int:
        return int(self.decided.size)

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls))


@dataclass(frozen=True)
class Instrument:
    """What one contract, share or coin is, and what trading it costs.

    Exactly one of ``slippage_ticks`` (raw prices on a tick grid) and ``slippage_bps`` (adjusted
    or off-grid series) is given. ``notional`` None means P&L per contract: price difference x
    ``point_value``; a number means that each trade buys that much currency at its entry fill.
    ``tick_history`` lists (first trade date yyyymmdd, tick) in rising order for ticks that changed;
    ``tick`` is the one in force today.
    """

    symbol: str
    name: str
    asset_class: Literal["future", "equity", "index", "fx", "crypto", "rate"]
    calendar: str
    tick: float
    point_value: float
    currency: str = "USD"
    notional: float | None = None
    lot: float = 1.0
    margin: float = 0.0
    commission_per_side: float = 0.0
    commission_bps: float = 0.0
    slippage_ticks: float | None = None
    slippage_bps: float | None = None
    cash_open: str = "09:30"
    timezone: str = "America/New_York"
    tick_history: tuple[tuple[int, float], ...] = ()
    exchange: str = ""

    def __post_init__(self) -> None:
        if (self.slippage_ticks is None) == (self.slippage_bps is None):
            raise SettingsError(
                f"{self.symbol}: give exactly one of slippage_ticks and slippage_bps, received "
                f"{self.slippage_ticks!r} and {self.slippage_bps!r}."
            )
        terms = (self.tick, self.point_value)
        if not all(isinstance(term, (int, float)) for term in terms) or not (
            0 <= self.tick < np.inf and 0 < self.point_value < np.inf
        ):
            raise SettingsError(
                f"{self.symbol}: tick must be >= 0 and point_value > 0, received "
                f"{self.tick!r} and {self.point_value!r}."
            )
        for name in _NOT_NEGATIVE:
            value = getattr(self, name)
            if value is not None and not (isinstance(value, (int, float)) and 0 <= value < np.inf):
                raise SettingsError(
                    f"{self.symbol}: {name} must be a number of at least 0, received {value!r}. "
                    "Correct it under instruments."
                )
        since = [first for first, _ in self.tick_history]
        if since != sorted(set(since)):
            raise SettingsError(
                f"{self.symbol}: the dates of tick_history must rise, received {since}. Sort it."
            )
        if self.slippage_ticks and self.tick == 0:
            raise SettingsError(
                f"{self.symbol}: slippage in ticks needs a tick above 0, received "
                f"{self.tick!r}. Give the tick, or slippage_bps."
            )

    def ticks(self, session: Ints) -> Floats:
        """Return the tick in force on each trade date, shape (n_bars,)."""
        out = np.full(session.size, self.tick)
        if self.tick_history:
            out[session < self.tick_history[0][0]] = self.tick_history[0][1]
            for first, tick in self.tick_history:
                out[session >= first] = tick
        return out


def _require_sound(bars: Bars) -> None:
    n_bars = bars.close_ns.size
    for name in _DTYPES:
        size = getattr(bars, name).shape
        if size != (n_bars,):
            raise DataError(
                f"{bars.symbol}: column {name} must have shape ({n_bars},), received {size}. "
                "Re-ingest this symbol."
            )
    for name in (*_PRICES, "raw_close"):
        column = getattr(bars, name)
        _refuse(bars, ~np.isfinite(column), f"{name} must be finite", column)
    _refuse(bars, np.isinf(bars.volume), "volume must be finite or unknown (NaN)", bars.volume)
    _refuse(bars, bars.volume < 0, "volume must not be negative", bars.volume)
    _refuse(bars, bars.high < bars.low, "high must not lie below low", bars.high)
    for price in (bars.open, bars.close):
        beyond = (price > bars.high) | (price < bars.low)
        _refuse(bars, beyond, "open and close must lie within [low, high]", price)
    fell = np.append(False, np.diff(bars.close_ns) <= 0)[:n_bars]
    _refuse(bars, fell, "close_ns must increase", bars.close_ns)


def _refuse(bars: Bars, bad: Flags, must: str, values: NDArray[np.generic]) -> None:
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{bars.symbol}: {must}; bar {at} holds {values[at].item()!r}. Re-ingest this symbol."
        )
