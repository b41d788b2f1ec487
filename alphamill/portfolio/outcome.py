"""What a run of the account returns, and what is measured of it."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.metrics import periods_per_year, sharpe
from alphamill.core.market import Flags, Floats, Ints

# Why a position ended, by its code.
WHYS = ("own", "daily_stop", "halted", "displaced")


class Taken(NamedTuple):
    """Positions that were entered, in order of their fills; arrays of shape (n_trades,).

    ``wish`` is a row of `Prepared.asked`; ``exit`` a moment of the clock; ``why`` a code of `WHYS`;
    ``pnl`` is net, of all ``units``, in account currency.
    """

    wish: Ints
    units: Floats
    exit: Ints
    why: NDArray[np.int8]
    pnl: Floats


@dataclass(frozen=True, eq=False)
class Run:
    """One account's history; a row a session in ``sessions`` (trade dates), a row a wish.

    Attributes
    ----------
    capital : float
        Equity before the first session, account currency.
    equity : ndarray of shape (n_sessions,)
        Marked at each session's end.
    worst : ndarray of shape (n_sessions,)
        Lowest equity inside each session. From daily marks it is a bound from below: each
        position at its own worst moment. On bars it is the lowest of any bar, each position at
        its low (high) of that bar.
    status : ndarray of int8
        Codes of `limits.STATUSES` at each session's end.
    stopped : ndarray of bool
        Whether the daily stop was hit in the session.
    n_open : ndarray of int64
        Positions held over the session's end.
    answer : ndarray of int8, shape (n_wishes,)
        Codes of `limits.REASONS`; -1 where the strategy was in the market, or no member.
    """

    sessions: Ints
    capital: float
    equity: Floats
    worst: Floats
    status: NDArray[np.int8]
    stopped: Flags
    n_open: Ints
    answer: NDArray[np.int8]
    taken: Taken

    @property
    def daily(self) -> Floats:
        """Return the marked-to-market P&L of each session."""
        return np.diff(self.equity, prepend=self.capital)


class Measures(NamedTuple):
    """What a search reads of a run; money in account currency, drawdowns above 0.

    ``sharpe`` of daily marked P&L, annualised by the sessions the data has; ``drawdown`` at
    session ends, ``deepest`` with the worst inside sessions; a breach is a fall of ``breach`` or
    more at a session's end, ``breach_events`` how often one began, ``breach_sessions`` how long.
    """

    total: float
    sharpe: float
    drawdown: float
    deepest: float
    worst_day: float
    breach_events: int
    breach_sessions: int
    daily_stops: int
    n_trades: int


def measures(run: Run, breach: float = math.inf) -> Measures:
    """Return what a search compares sets of strategies by."""
    if run.sessions.size == 0:
        return Measures(0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0)
    daily = run.daily
    peak = np.maximum(np.maximum.accumulate(run.equity), run.capital)
    before = np.append(run.capital, peak[:-1])
    fall = peak - run.equity
    under = fall >= breach
    return Measures(
        float(run.equity[-1] - run.capital),
        sharpe(daily, periods_per_year(run.sessions)),
        float(fall.max()),
        float(np.maximum(fall, before - run.worst).max()),
        float(daily.min()),
        int(np.count_nonzero(under & ~np.append(False, under[:-1]))),
        int(np.count_nonzero(under)),
        int(np.count_nonzero(run.stopped)),
        int(run.taken.wish.size),
    )
