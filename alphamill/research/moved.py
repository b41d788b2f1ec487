"""The trades of one cell, put at other times and priced as they were at their own.

A trade is taken at the open of its entry and held to the open of its exit, or, where it left inside
a bar, to that bar's close: whoever moves it knows no level it could be stopped at. Each carries the
costs that were charged for it wherever it goes.
"""

from typing import NamedTuple

import numpy as np

from alphamill.backtest.costs import gain, terms_of, units_for
from alphamill.backtest.metrics import session_last_bars
from alphamill.backtest.state import LATE_SESSION, RULE, STOP_GAP, TARGET_GAP, TIME
from alphamill.core.market import Bars, Floats, Instrument, Ints, Trades

FILLED_AT_OPEN = (STOP_GAP, TARGET_GAP, LATE_SESSION, RULE, TIME)


class Moves(NamedTuple):
    """What one unit held gains in the account's currency, and where sessions lie.

    ``gap`` is from the last close to the open, ``body`` from there to the close, (n_bars,);
    ``first`` is each session's first bar, ``of_bar`` each bar's session.
    """

    gap: Floats
    body: Floats
    first: Ints
    of_bar: Ints


class Places(NamedTuple):
    """Trades as places: the bodies ``start`` to ``stop - 1`` are held, the gaps up to ``left``."""

    start: Ints
    stop: Ints
    left: Ints


class Held(NamedTuple):
    """Side through each bar's ``gap`` and ``body``, (n_bars,), and ``cost`` (n_sessions,)."""

    gap: Floats
    body: Floats
    cost: Floats


def moves_of(bars: Bars, instrument: Instrument) -> Moves:
    """Return what a unit gains from point to point; a fixed notional is held anew at each."""
    terms = terms_of(instrument)
    before = np.append(bars.open[:1], bars.close[:-1])
    gap, body = (
        np.array(
            [
                gain(1, entry, price, units_for(entry, terms), terms)
                for entry, price in zip(begin, end, strict=True)
            ]
        )
        for begin, end in ((before, bars.open), (bars.open, bars.close))
    )
    first = np.append(0, session_last_bars(bars.session)[:-1] + 1)
    length = np.diff(np.append(first, len(bars)))
    return Moves(gap, body, first, np.repeat(np.arange(first.size), length))


def places_of(trades: Trades) -> Places:
    """Return where the trades of one series are."""
    inside = ~np.isin(trades.reason, FILLED_AT_OPEN)
    return Places(trades.entry_bar, trades.exit_bar + inside, trades.exit_bar)


def held_at(trades: Trades, at: Places, source: Ints, moves: Moves) -> Held:
    """Return what is held and paid when trade ``source[i]`` of the list stands at place i."""
    side = trades.side[source].astype(np.float64)
    cost = np.zeros(moves.first.size)
    np.add.at(cost, moves.of_bar[at.start], (trades.fees + trades.slippage)[source])
    n_bars = moves.gap.size
    gap = _between(at.start + 1, at.left + 1, side, n_bars)
    return Held(gap, _between(at.start, at.stop, side, n_bars), cost)


def session_pnl(held: Held, moves: Moves) -> Floats:
    """Return the P&L of each session after costs, which fall due at the entry."""
    bar = held.gap * moves.gap + held.body * moves.body
    return np.add.reduceat(bar, moves.first) - held.cost


def turned(held: Held, sessions: Ints, moves: Moves) -> Held:
    """Return what is held when the positions of session ``sessions[t]`` are taken at session t."""
    bars = bars_of(sessions, moves)
    return Held(held.gap[bars], held.body[bars], held.cost[sessions])


def bars_of(sessions: Ints, moves: Moves) -> Ints:
    """Return which bar stands at each bar's place when ``sessions[t]`` stands at session t's.

    Bars keep their number in the session; one that is too short gives its last to those it lacks.
    """
    length = np.diff(np.append(moves.first, moves.gap.size))
    number = np.arange(moves.gap.size) - moves.first[moves.of_bar]
    there = sessions[moves.of_bar]
    bars: Ints = moves.first[there] + np.minimum(number, length[there] - 1)
    return bars


def _between(start: Ints, stop: Ints, side: Floats, n_bars: int) -> Floats:
    """Return the sum of sides over the bars from each start to before its stop."""
    steps = np.zeros(n_bars + 2)
    np.add.at(steps, start, side)
    np.subtract.at(steps, stop, side)
    return np.cumsum(steps)[:n_bars]
