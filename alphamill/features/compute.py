"""Features of whole histories and of the last bar: one function for both.

A row reads bars up to its own, and of other instruments those that had closed by then. NaN means
not known: the rows before a window is full, a ratio whose divisor is 0, and everything that needs
what the bars do not have, such as volumes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import SettingsError
from alphamill.core.market import Bars, Floats, Ints, as_of, last_closed
from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.features.feature import Feature
from alphamill.features.table import BY_NAME, CROSSING, cross_names, distinct, own_names, split
from alphamill.indicators.memo import memo

# Shared columns of one instrument: 100 of half a million bars.
MEMO_BYTES: Final = 400_000_000


@dataclass(frozen=True)
class FeatureFrame:
    """Features as a table.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    values : ndarray of shape (n_rows, n_features)
        float64; NaN where not known.
    """

    names: tuple[str, ...]
    values: Floats

    def column(self, name: str) -> Floats:
        """Return one feature, shape (n_rows,)."""
        return self.values[:, self.names.index(name)]


@dataclass(frozen=True)
class Beside:
    """What is offered of another instrument, computed once for all that read it.

    ``close_ns`` has shape (n_bars,), as has every column of ``columns``.
    """

    close_ns: Ints
    columns: Mapping[str, Floats]


Others = Mapping[str, Bars | Beside]


def features(
    bars: Bars,
    others: Others | None = None,
    names: Sequence[str] | None = None,
    rows: NDArray[np.int64] | None = None,
) -> FeatureFrame:
    """Return features at the closes of bars.

    Parameters
    ----------
    bars : Bars
        Of the instrument that is traded.
    others : mapping, optional
        Symbol -> bars of any other instrument and timeframe, or what `beside` made of them.
    names : sequence of str, optional
        Own features and ``<symbol>_<feature>`` of others; by default `default_names`.
    rows : ndarray of shape (n_rows,), optional
        The bars that are wanted, all otherwise. The values are the same.

    Raises
    ------
    SettingsError
        For a name that is unknown or given twice, or of an instrument not among ``others``.
    """
    others = others or {}
    named = tuple(default_names(bars, others) if names is None else names)
    wanted = distinct(named)
    _require_known(wanted, others)
    at = np.arange(len(bars)) if rows is None else rows
    values = np.empty((at.size, len(named)), order="F")
    with memo(MEMO_BYTES):
        for i, (symbol, row) in enumerate(wanted):
            if not symbol:
                values[:, i] = _column(bars, row)[at]
    moments = bars.close_ns[at]
    for symbol in dict.fromkeys(symbol for symbol, _ in wanted if symbol):
        places = [i for i, (other, _) in enumerate(wanted) if other == symbol]
        other = _beside(others[symbol], [wanted[i][1] for i in places])
        closed = last_closed(moments, other.close_ns)
        for i in places:
            values[:, i] = as_of(other.columns[wanted[i][1].name], closed)
    return FeatureFrame(named, values)


def last_row(
    bars: Bars, others: Others | None = None, names: Sequence[str] | None = None
) -> Floats:
    """Return features at the close of the last bar, from the bars that decide them.

    Of a longer history only the window of `window_start` is read, and of each other instrument
    the window before its last closed bar: the cost of a live bar does not grow.

    Parameters
    ----------
    bars, others, names
        As in `features`; at least one bar.

    Returns
    -------
    ndarray of shape (n_features,)
        Equal to the last row of `features` over the same bars: to the last bit where no memory
        fades, within 1e-12 of a feature's usual size otherwise.
    """
    others = others or {}
    named = tuple(default_names(bars, others) if names is None else names)
    wanted = distinct(named)
    _require_known(wanted, others)
    own = [row for symbol, row in wanted if not symbol]
    known: dict[str, Bars | Beside] = {}
    for symbol in dict.fromkeys(symbol for symbol, _ in wanted if symbol):
        other = others[symbol]
        if isinstance(other, Bars):
            n_closed = int(last_closed(bars.close_ns[-1:], other.close_ns)[0]) + 1
            read = [row for one, row in wanted if one == symbol]
            other = other.slice(first_needed(other, read, n_closed), n_closed)
        known[symbol] = other
    window = bars.slice(first_needed(bars, own), len(bars))
    last = np.array([len(window) - 1])
    row: Floats = features(window, known, named, last).values[0]
    return row


def beside(bars: Bars, names: Sequence[str] = CROSSING) -> Beside:
    """Return what is offered of an instrument to those that read it, computed once."""
    rows = [row for _, row in distinct(names)]
    with memo(MEMO_BYTES):
        return Beside(bars.close_ns, {row.name: _column(bars, row) for row in rows})


def default_names(bars: Bars, others: Others | None = None) -> tuple[str, ...]:
    """Return all features that these bars can tell, raw levels left out, and those of others."""
    own = [name for name in own_names() if not _lacking(bars, BY_NAME[name])]
    offered = cross_names(symbol for symbol in others or {} if symbol != bars.symbol)
    return (*own, *(name for name in offered if _is_told(name, others or {})))


def _is_told(name: str, others: Others) -> bool:
    symbol, row = split(name)
    other = others[symbol]
    if isinstance(other, Bars):
        return not _lacking(other, row)
    return row.name in other.columns and not np.isnan(other.columns[row.name]).all()


def window_start(bars: Bars, names: Sequence[str]) -> int:
    """Return the first bar that decides the own features of the last bar.

    A live feed that holds the bars from there on computes what the whole history gives. 0 where
    the whole history is needed, or there are not more bars. For another instrument's features, ask
    with its bars and the names without its symbol.
    """
    return first_needed(bars, [row for symbol, row in distinct(names) if not symbol])


def first_needed(bars: Bars, rows: Sequence[Feature], n_bars: int | None = None) -> int:
    """Return the first bar that decides these rows of the table at the last of ``n_bars``."""
    n_bars = len(bars) if n_bars is None else n_bars
    if not n_bars or any(row.n_bars == WHOLE_HISTORY for row in rows):
        return 0
    starts = [max(n_bars - row.n_bars, 0) for row in rows if not row.fades]
    fading = max((row.n_bars for row in rows if row.fades), default=0)
    if fading:
        # An average forgets by moves: bars at rest leave it as it was.
        close = bars.close[:n_bars]
        moved = bars.high[:n_bars] > bars.low[:n_bars]
        moved[1:] |= close[1:] != close[:-1]
        later = np.cumsum(moved[::-1])
        starts.append(n_bars - 1 - int(np.searchsorted(later, fading)))
    sessions = max((row.n_sessions for row in rows), default=0)
    if sessions:
        session = bars.session[:n_bars]
        firsts = np.flatnonzero(np.append(True, session[1:] != session[:-1]))
        # The bar before says that the session began.
        starts.append(int(firsts[-sessions]) - 1 if firsts.size >= sessions else 0)
    return max(min(starts, default=n_bars - 1), 0)


def _column(bars: Bars, row: Feature) -> Floats:
    return np.full(len(bars), np.nan) if _lacking(bars, row) else row.column(bars)


def _lacking(bars: Bars, row: Feature) -> bool:
    needs = set(row.needs)
    no_volume = "volume" in needs and bool(np.isnan(bars.volume).all())
    return no_volume or (bars.closes_only and bool(needs - {"volume"}))


def _beside(other: Bars | Beside, rows: Sequence[Feature]) -> Beside:
    if isinstance(other, Bars):
        return beside(other, [row.name for row in rows])
    missing = [row.name for row in rows if row.name not in other.columns]
    if missing:
        raise SettingsError(
            f"another instrument's features must be computed before they are read, {missing} are "
            f"not among {sorted(other.columns)}. Name them when you call beside()."
        )
    return other


def _require_known(wanted: Sequence[tuple[str, Feature]], others: Others) -> None:
    unknown = sorted({symbol for symbol, _ in wanted if symbol} - set(others))
    if unknown:
        raise SettingsError(
            f"features of {unknown} need their bars, received those of {sorted(others)}. Add the "
            "instruments or leave their features out."
        )
