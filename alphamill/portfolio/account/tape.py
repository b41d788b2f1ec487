"""All markets on one clock.

The clock's moments are the closes of any instrument's bars. The account's session at a moment is
the latest trade date that any bar has reached, so it rolls once, with the first market to open.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.costs import grid_of, on_the_grid, terms_of
from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.portfolio.account.money import TERMS, paid
from alphamill.portfolio.streams import Market
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# ``bought`` and ``sold`` are what a market order pays and receives at the open.
BAR = np.dtype(
    [
        ("moment", np.int64),
        ("close", np.float64),
        ("bought", np.float64),
        ("sold", np.float64),
        ("quiet", np.bool_),
    ],
    align=True,
)


class Tape(NamedTuple):
    """The instruments' bars, one instrument after the other, and the clock they lie on.

    ``bar_at[t, i]`` is the last bar of instrument i that has closed at moment t, -1 for none;
    ``session`` numbers the account's session at each moment, ``session_end`` is each session's
    last moment; ``bars`` has the dtype BAR, ``terms`` a row an instrument (TERMS).
    """

    bar_at: NDArray[np.int32]
    session: NDArray[np.int32]
    session_end: NDArray[np.int32]
    bars: NDArray[Any]
    terms: NDArray[Any]


class Clock(NamedTuple):
    """The tape and what its numbers stand for.

    ``moments`` UTC nanoseconds, ``sessions`` trade dates (yyyymmdd), ``first_bar`` where each
    instrument's bars begin, and after the last where they end.
    """

    tape: Tape
    moments: Ints
    sessions: Ints
    first_bar: Ints


def clock_of(symbols: tuple[str, ...], markets: Mapping[str, Market]) -> Clock:
    """Return the bars of ``symbols`` on one clock, in that order."""
    if not symbols:
        raise DataError("a portfolio needs at least one market with bars, received none.")
    for symbol in symbols:
        if len(markets[symbol].bars) == 0:
            raise DataError(f"{symbol}: a market needs bars to mark positions on; it has none.")
    bars = [markets[symbol].bars for symbol in symbols]
    moments = np.unique(np.concatenate([b.close_ns for b in bars]))
    first_bar = np.cumsum([0, *(len(b) for b in bars)])
    rows = np.empty(first_bar[-1], dtype=BAR)
    bar_at = np.empty((moments.size, len(symbols)), dtype=np.int32)
    date = np.zeros(moments.size, dtype=np.int64)
    for i, symbol in enumerate(symbols):
        b, part = bars[i], rows[first_bar[i] : first_bar[i + 1]]
        _fill(markets[symbol], part)
        part["moment"] = np.searchsorted(moments, b.close_ns)
        date[part["moment"]] = np.maximum(date[part["moment"]], b.session)
        known = np.searchsorted(b.close_ns, moments, side="right") - 1
        bar_at[:, i] = np.where(known < 0, -1, known + first_bar[i])
    sessions, session = np.unique(np.maximum.accumulate(date), return_inverse=True)
    ends = np.searchsorted(session, np.arange(sessions.size), side="right") - 1
    terms = np.array([_terms(markets[symbol]) for symbol in symbols], dtype=TERMS)
    tape = Tape(bar_at, session.astype(np.int32), ends.astype(np.int32), rows, terms)
    return Clock(tape, moments, sessions, first_bar)


def _terms(market: Market) -> tuple[float, ...]:
    terms = terms_of(market.instrument)
    return (
        *(terms.tick, terms.point_value, terms.fee, terms.fee_frac),
        float(market.instrument.margin),
        0.0,
    )


def _fill(market: Market, rows: NDArray[Any]) -> None:
    bars, instrument = market.bars, market.instrument
    tick, slip = grid_of(bars, instrument)
    frac = 0.0 if on_the_grid(instrument) else (instrument.slippage_bps or 0.0) / 1e4
    rows["close"], rows["quiet"] = bars.close, bars.volume == 0.0
    _pay(bars.open, tick, slip, frac, rows)


@jit
def _pay(open_: Floats, tick: Floats, slip: Floats, frac: float, rows: NDArray[Any]) -> None:
    for j in range(open_.size):
        rows[j]["bought"] = paid(open_[j], 1, tick[j], slip[j], frac)
        rows[j]["sold"] = paid(open_[j], -1, tick[j], slip[j], frac)
