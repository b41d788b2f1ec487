"""A stream: every signal of one strategy on one instrument, each with the trade it would be.

What a strategy does next depends on what it was allowed to do before. A blocked entry does not
take the strategy's next trades away, it makes room for others: signals that came while it would
have been in the market, and that no list of executed trades holds. So a stream carries the trade
of *every* signal, also of those its own position rule would skip, and says of each from when on
the strategy can be heard again. Entry and exit of a trade depend on its own signal alone
(fills, stops and leaves do not know of other trades), so any sequence of yes and no can be
replayed from one stream, exactly as the strategy would have run. One case differs: while a market
does not trade (volume known to be 0) an entry waits, and a signal of the *other* side, which the
backtest would put in its place, is not heard; a later one of the same side takes its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphamill.backtest.state import REASONS
from alphamill.core.errors import DataError
from alphamill.core.market import Bars, Flags, Floats, Instrument, Ints
from alphamill.portfolio.sizing import Odds

# Reasons of the backtest that fill at the open of the exit bar; the others inside it or at its
# close.
AT_OPEN = frozenset(
    REASONS.index(name) for name in ("stop_gap", "target_gap", "rule", "time", "late_session_exit")
)
STOPPED = REASONS.index("stop")


class StreamTrades(NamedTuple):
    """One row a signal, in order of ``decided``; arrays of shape (n,).

    Bars are numbers of the instrument's own bars, those given for marking. ``decided`` is the bar
    at whose close the rule asked, ``entry_bar`` the one at whose open it fills, ``exit_bar`` the
    one in which it ends by itself, for ``reason`` (a code of `backtest.state.REASONS`). ``free``
    is the first bar at whose close an entry of the same side can be decided again, ``turned`` of
    the other side: the close that decides an exit hears a reversal. Prices are fills, slippage
    included, of one unit of ``units`` contracts, shares or coins. ``priority`` (a probability or
    an expected value) and ``odds`` are what was known at ``decided``.
    """

    decided: Ints
    side: Ints
    entry_bar: Ints
    exit_bar: Ints
    free: Ints
    turned: Ints
    entry_price: Floats
    exit_price: Floats
    units: Floats
    reason: Ints
    priority: Floats
    odds: Odds

    @property
    def at_open(self) -> Flags:
        """Return True where the exit fills at the open of its bar."""
        return np.isin(self.reason, list(AT_OPEN))

    def only(self, kept: Flags) -> "StreamTrades":
        """Return the rows of the signals that a model lets through, or a window holds."""
        rows = {name: getattr(self, name)[kept] for name in self._fields if name != "odds"}
        odds = Odds(**{name: column[kept] for name, column in vars(self.odds).items()})
        return self._replace(odds=odds, **rows)


@dataclass(frozen=True, eq=False)
class Stream:
    """The signals of one strategy with one set of parameters on one instrument.

    ``key`` names it and breaks ties of priority: the first in order of text is answered first.
    """

    key: str
    symbol: str
    strategy: str
    trades: StreamTrades
    cluster: str = ""

    def __post_init__(self) -> None:
        t = self.trades
        for name, column in [*t._asdict().items(), *vars(t.odds).items()]:
            if name != "odds" and column.shape != t.decided.shape:
                raise DataError(
                    f"{self.key}: {name} must have {t.decided.size} rows, as decided has, "
                    f"received {len(column)}. Make the stream again."
                )
        _refuse(self, t.decided[1:] <= t.decided[:-1], "decided must rise", t.decided[1:])
        _refuse(self, np.abs(t.side) != 1, "side must be 1 or -1", t.side)
        _refuse(self, t.decided < 0, "decided must be a bar from 0", t.decided)
        _refuse(self, t.entry_bar <= t.decided, "entry_bar must come after decided", t.entry_bar)
        too_soon = (t.exit_bar < t.entry_bar) | (t.at_open & (t.exit_bar == t.entry_bar))
        _refuse(self, too_soon, "exit must come after the entry fill", t.exit_bar)
        early = (t.turned < t.entry_bar) | (t.free < t.turned)
        _refuse(self, early, "turned and free must rise from entry_bar on", t.turned)
        for name in ("entry_price", "exit_price", "units", "priority"):
            values = getattr(t, name)
            _refuse(self, ~np.isfinite(values), f"{name} must be finite", values)
        _refuse(self, t.units <= 0.0, "units must be above 0", t.units)


@dataclass(frozen=True, eq=False)
class Market:
    """An instrument and the bars its positions are marked on."""

    bars: Bars
    instrument: Instrument


def require_markets(streams: tuple[Stream, ...], markets: Mapping[str, Market]) -> None:
    """Refuse streams that share a key, have no market, or end beyond its bars."""
    keys = [stream.key for stream in streams]
    if len(set(keys)) != len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise DataError(f"streams need one key each, received {twice} more than once.")
    for stream in streams:
        if stream.symbol not in markets:
            raise DataError(
                f"{stream.key}: no bars of {stream.symbol!r} were given to mark it on; there are "
                f"those of {sorted(markets)}."
            )
        n_bars, last = len(markets[stream.symbol].bars), int(stream.trades.exit_bar.max(initial=0))
        if stream.trades.decided.size and last >= n_bars:
            raise DataError(
                f"{stream.key}: a trade ends in bar {last}, but {stream.symbol} has {n_bars} "
                "bars. Give the bars on which the stream was made."
            )


def _refuse(stream: Stream, bad: Flags, must: str, values: Floats | Ints) -> None:
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{stream.key}: {must}; signal {at} has {values[at].item()!r}. Make the stream again."
        )
