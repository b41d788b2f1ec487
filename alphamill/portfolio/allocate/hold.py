"""What weights earn when they are held: they drift with prices, and each trade costs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats


@dataclass(frozen=True)
class Terms:
    """On which terms weights are traded.

    Attributes
    ----------
    cost_bps : float
        Basis points of the traded value, a side.
    drift_band : float, optional
        Trade back to the target when a name's weight is further from it than this part of the
        target, such as 0.2; None: only when new weights are decided.
    lag : int
        Sessions from a decision at a close to its trade at a close, also of the drift band.
    """

    cost_bps: float = 10.0
    drift_band: float | None = None
    lag: int = 1


@dataclass(frozen=True, eq=False)
class Held:
    """Days of one portfolio.

    Attributes
    ----------
    net : float64 of shape (n_days,)
        Return of each day as a fraction of the equity before it, costs of its close included.
    cost : float64 of shape (n_days,)
        The part of it that costs took.
    traded : float64 of shape (n_days,)
        Value bought and sold at each close, over the equity before costs.
    weights : float64 of shape (n_days, n_names)
        Held into each day, from the close before.
    """

    net: Floats
    cost: Floats
    traded: Floats
    weights: Floats


def held(
    returns: Floats, targets: Mapping[int, Floats], terms: Terms, cash: Floats | None = None
) -> Held:
    """Return what it earns to trade to the targets at the closes of the given rows.

    A trade at the close of row s is charged to row s and earns from row s + 1 on. In between
    weights drift; what they leave of 1 is cash.

    Parameters
    ----------
    returns : ndarray of shape (n_days, n_names)
        Simple daily returns; NaN is read only where something is held.
    targets : mapping of row to ndarray of shape (n_names,)
        0 or more, together at most 1. Before the first all is cash.
    terms : Terms
        ``lag`` delays only the trades of the drift band: the rows of ``targets`` are trades.
    cash : ndarray of shape (n_days,), optional
        What cash earns; 0 otherwise.

    Raises
    ------
    DataError
        When a held name has no return.
    """
    n_days = returns.shape[0]
    days = _Days(returns, np.zeros(n_days) if cash is None else cash, terms)
    rows = sorted(targets)
    days.wait(rows[0] if rows else n_days - 1)
    for row, until in zip(rows, [*rows[1:], n_days - 1], strict=True):
        days.hold(targets[row], row, until)
    return Held(days.net, days.cost, days.traded, days.weights)


class _Days:
    """The days of one portfolio, filled stretch by stretch."""

    def __init__(self, returns: Floats, cash: Floats, terms: Terms) -> None:
        n_days, n_names = returns.shape
        self.returns, self.earned_by_cash, self.terms = returns, cash, terms
        self.net, self.cost, self.traded = np.zeros(n_days), np.zeros(n_days), np.zeros(n_days)
        self.weights = np.zeros((n_days, n_names))
        self.now = np.zeros(n_names)  # after the last filled close, before a trade there

    def wait(self, row: int) -> None:
        """Fill the days up to ``row`` with cash."""
        self.net[: row + 1] = self.earned_by_cash[: row + 1]

    def hold(self, target: Floats, row: int, until: int) -> None:
        """Trade to the target at the close of ``row``; fill the days up to ``until``."""
        while True:
            self._trade(target, row)
            again = self._drift(target, row, until)
            if again is None:
                return
            row = again

    def _trade(self, target: Floats, row: int) -> None:
        traded = float(np.abs(target - self.now).sum())
        cost = traded * self.terms.cost_bps / 1e4
        self.traded[row] += traded
        self.cost[row] += cost * (1.0 + self.net[row])
        self.net[row] = (1.0 + self.net[row]) * (1.0 - cost) - 1.0
        self.now = target

    def _drift(self, target: Floats, row: int, until: int) -> int | None:
        """Fill the days after ``row``; return the row of a trade back to the band, if any."""
        days = slice(row + 1, until + 1)
        moved = np.where(target > 0.0, self.returns[days], 0.0)
        if np.isnan(moved).any():
            at, name = np.argwhere(np.isnan(moved))[0].tolist()
            raise DataError(
                f"the name in column {name} is held on row {row + 1 + at} and has no return there: "
                "its prices have a gap or end. Repair or end its history before it is held."
            )
        # Of one unit of equity at the trade, before and after each day.
        names = target * np.cumprod(np.vstack([np.ones(target.size), 1.0 + moved]), axis=0)
        cash = (1.0 - target.sum()) * np.cumprod(np.append(1.0, 1.0 + self.earned_by_cash[days]))
        equity = names.sum(axis=1) + cash
        share = names / equity[:, None]
        last = self._first_outside(share, target)
        # A trade at the last close of the stretch is that of the next target.
        stop = until if last is None else min(row + last + self.terms.lag, until)
        n = stop - row
        self.net[row + 1 : stop + 1] = equity[1 : n + 1] / equity[:n] - 1.0
        self.weights[row + 1 : stop + 1] = share[:n]
        self.now = share[n]
        return stop if last is not None and stop < until else None

    def _first_outside(self, share: Floats, target: Floats) -> int | None:
        if self.terms.drift_band is None:
            return None
        off = np.abs(share - target) > self.terms.drift_band * target + 1e-12
        # The row of the trade itself is at the target.
        outside = np.flatnonzero(off.any(axis=1))
        return int(outside[0]) if outside.size else None
