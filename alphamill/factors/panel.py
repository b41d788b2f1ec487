"""The panel: dates x symbols, one array a field, as every factor reads it.

At its edges a panel is a long table, one row a (timestamp, symbol) (`frames`); on disk it is one
file a field, mapped into memory (`panel_files`). Rows are the sessions of an exchange calendar, so
a window of 20 is 20 sessions for every symbol, whatever days a vendor has left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import digest
from alphamill.core.market import Flags, Floats, Ints

PRICES: Final = ("open", "high", "low", "close", "raw_close")
BARS_A_YEAR: Final[Mapping[str, float]] = MappingProxyType({"1d": 252.0})


@dataclass(frozen=True, eq=False)
class Panel:
    """Prices and other series of many symbols on one grid; read-only.

    Attributes
    ----------
    freq, calendar : str
        ``"1d"``; the calendar whose sessions the rows are.
    session : ndarray of shape (n_dates,)
        Trade dates as yyyymmdd, rising.
    close_ns : ndarray of shape (n_dates,)
        Moments at which a row is known, UTC nanoseconds: the session's close.
    symbols : tuple of str
        Sorted, upper case.
    fields : mapping
        Name -> float64 of shape (n_dates, n_symbols), NaN where not known. ``close`` is the
        research price (adjusted for splits), as are ``open``, ``high`` and ``low``; ``raw_close``
        is as traded; ``volume`` in units.
    member : ndarray of shape (n_dates, n_symbols)
        True where the symbol belonged to the universe: others have neither rank nor weight.
    universe : str
        Name of the universe.
    is_survivorship_biased : bool
        True where membership is today's list applied to the past.
    notes : tuple of str
        What a reader of any result must know about these data.

    Raises
    ------
    DataError
        Naming field, date, symbol, value and remedy.
    """

    freq: str
    calendar: str
    session: Ints
    close_ns: Ints
    symbols: tuple[str, ...]
    fields: Mapping[str, Floats]
    member: Flags
    universe: str = "custom"
    is_survivorship_biased: bool = True
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for name, dtype in (("session", np.int64), ("close_ns", np.int64), ("member", np.bool_)):
            object.__setattr__(self, name, _held(getattr(self, name), dtype))
        held = {name: _held(self.fields[name], np.float64) for name in sorted(self.fields)}
        object.__setattr__(self, "fields", MappingProxyType(held))
        _require_shapes(self)
        _require_values(self)

    @property
    def shape(self) -> tuple[int, int]:
        """Return how many dates and symbols there are."""
        return int(self.session.size), len(self.symbols)

    @property
    def bars_a_year(self) -> float:
        return BARS_A_YEAR[self.freq]

    @property
    def has_ranges(self) -> bool:
        """Return whether highs and lows are known, not closes alone."""
        return "high" in self.fields and "low" in self.fields

    @cached_property
    def identity(self) -> str:
        """Return the identity of all that is in it, 64 hex digits."""
        return digest(
            self.freq,
            self.calendar,
            self.session,
            self.close_ns,
            self.symbols,
            dict(self.fields),
            self.member,
            self.is_survivorship_biased,
        )

    @cached_property
    def snapshot(self) -> str:
        """Return the identity of its prices: (moment, symbol, close) where one is known."""
        return digest(self.freq, self.close_ns, self.symbols, self.fields["close"])

    def column_of(self, symbol: str) -> int:
        """Return the column of a symbol."""
        if symbol not in self.symbols:
            raise SettingsError(
                f"the panel {self.universe} has no {symbol!r}; it has {list(self.symbols[:20])}."
            )
        return self.symbols.index(symbol)

    def rows(self, first: int, stop: int) -> Self:
        """Return the dates ``first`` .. ``stop - 1``; arrays are shared, not copied."""
        return replace(
            self,
            session=self.session[first:stop],
            close_ns=self.close_ns[first:stop],
            fields={name: values[first:stop] for name, values in self.fields.items()},
            member=self.member[first:stop],
        )

    def between(self, first: int, last: int) -> Self:
        """Return the dates from ``first`` to ``last``, both yyyymmdd and counted in."""
        start = int(np.searchsorted(self.session, first, side="left"))
        return self.rows(start, int(np.searchsorted(self.session, last, side="right")))

    def with_fields(self, fields: Mapping[str, Floats]) -> Self:
        """Return the panel with more fields, or others under the same names."""
        return replace(self, fields={**self.fields, **fields})

    def noted(self, note: str) -> Self:
        """Return the panel with one more thing its readers must know."""
        return replace(self, notes=(*self.notes, note))


def _held(values: NDArray[Any], dtype: type) -> NDArray[Any]:
    # A read-only array is shared (a mapped file is never copied); a writable one could change.
    if values.dtype == dtype and not _is_writable(values):
        return values
    own: NDArray[Any] = np.array(values, dtype=dtype, order="C")
    own.flags.writeable = False
    return own


def _is_writable(values: NDArray[Any]) -> bool:
    seen: Any = values
    while isinstance(seen, np.ndarray):
        if seen.flags.writeable:
            return True
        seen = seen.base
    return False


def _require_shapes(panel: Panel) -> None:
    if panel.freq not in BARS_A_YEAR:
        raise SettingsError(
            f"freq must be one of {list(BARS_A_YEAR)}, received {panel.freq!r}. Choose one."
        )
    n_dates = panel.session.size
    named = {name: a.shape for name, a in (*panel.fields.items(), ("member", panel.member))}
    odd = {name: shape for name, shape in named.items() if shape != (n_dates, len(panel.symbols))}
    if odd or panel.close_ns.shape != (n_dates,):
        raise DataError(
            f"panel {panel.universe}: every field must have {n_dates} dates x "
            f"{len(panel.symbols)} symbols, received {odd or panel.close_ns.shape}. Build it again."
        )
    if list(panel.symbols) != sorted({s.strip().upper() for s in panel.symbols}):
        raise DataError(
            f"panel {panel.universe}: symbols must be sorted, upper case and different, received "
            f"{list(panel.symbols[:8])}. Build it with panel_of()."
        )
    if "close" not in panel.fields:
        raise DataError(
            f"panel {panel.universe}: must have the field close, received {list(panel.fields)}. "
            "Add it."
        )
    for name, moments in (("session", panel.session), ("close_ns", panel.close_ns)):
        fell = np.flatnonzero(np.diff(moments) <= 0)
        if fell.size:
            raise DataError(
                f"panel {panel.universe}: {name} must rise; row {int(fell[0]) + 1} holds "
                f"{int(moments[fell[0] + 1])} after {int(moments[fell[0]])}. Sort the dates."
            )


def _require_values(panel: Panel) -> None:
    for name, values in panel.fields.items():
        if name in PRICES:
            bad, must = (values <= 0) | np.isinf(values), "must be a price above 0"
        elif name in ("volume", "freefloat"):
            bad, must = (values < 0) | np.isinf(values), "must not be negative or infinite"
        else:
            bad, must = np.isinf(values), "must be finite or unknown (NaN)"
        _refuse(panel, name, bad, must)
    if panel.has_ranges:
        high, low = panel.fields["high"], panel.fields["low"]
        _refuse(panel, "high", high < low, "must not lie below low")
        for name in ("open", "close"):
            price = panel.fields.get(name)
            if price is not None:
                # Adjusted prices are products: their last digits may differ.
                slack = 1e-9 * np.abs(price)
                beyond = (price > high + slack) | (price < low - slack)
                _refuse(panel, name, beyond, "must lie within low and high")


def _refuse(panel: Panel, name: str, bad: Flags, must: str) -> None:
    if np.any(bad):
        t, i = (int(k[0]) for k in np.nonzero(bad))
        value = float(panel.fields[name][t, i])
        raise DataError(
            f"panel {panel.universe}: {name} {must}; {panel.symbols[i]} at "
            f"{int(panel.session[t])} holds {value!r}. Repair or leave out this row."
        )
