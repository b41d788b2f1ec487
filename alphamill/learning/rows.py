"""What a search learns from: the rows of a dataset that are whole, and when each may be traded."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alphamill.backtest.metrics import periods_per_year
from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.learning.dataset import Dataset
from alphamill.learning.labels import SignalTrades
from alphamill.learning.screening import usable

# Below this, two of five groups hold too few rows to choose features and to split once.
MIN_ROWS = 400
MIN_OF_A_CLASS = 50


class TooFewError(DataError):
    """There is not enough to learn from; the rule may still be traded as it is."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Signals with every feature known, in the order of their decisions.

    Attributes
    ----------
    names : tuple of str
        Features that are offered to the search.
    x : float64 of shape (n_rows, n_features)
        Finite.
    y : int64 of shape (n_rows,)
        1 where the signal's own trade earned after costs.
    weight : float64 of shape (n_rows,)
        Average uniqueness, scaled to a mean of 1.
    trades : SignalTrades
        Of these rows only.
    start_ns, end_ns : int64 of shape (n_rows,)
        From the decision to the close of the exit bar: what the label depends on.
    day : int64 of shape (n_rows,)
        Session of the exit as a place in the window; the P&L is booked there.
    n_days : int
        Sessions of the window, idle ones too.
    per_year : float
    at : int64 of shape (n_rows,)
        Their rows in the dataset.
    left_out : mapping of str to str
        Features that are not offered, and why.
    """

    names: tuple[str, ...]
    x: Floats
    y: Ints
    weight: Floats
    trades: SignalTrades
    start_ns: Ints
    end_ns: Ints
    day: Ints
    n_days: int
    per_year: float
    at: Ints
    left_out: Mapping[str, str]

    def __len__(self) -> int:
        return int(self.y.size)


def rows_of(dataset: Dataset) -> Rows:
    """Return the rows of a training set from which a model may learn.

    Features that are unknown too often, never move or repeat another are left out, and after them
    the rows in which any feature is unknown: live, such a row is no trade either.

    Raises
    ------
    TooFewError
        When fewer than `MIN_ROWS` rows or `MIN_OF_A_CLASS` of a class remain.
    """
    kept, left_out = usable(dataset.x, dataset.names)
    x = dataset.x[:, kept]
    at = np.flatnonzero(np.isfinite(x).all(axis=1))
    y = dataset.y[at]
    _require_enough(dataset, at.size, int(y.sum()))
    return Rows(
        names=tuple(dataset.names[k] for k in kept),
        x=np.ascontiguousarray(x[at]),
        y=y,
        weight=dataset.weight[at] / dataset.weight[at].mean(),
        trades=dataset.trades.rows(at),
        start_ns=dataset.decided_ns[at],
        end_ns=dataset.exit_ns[at],
        day=np.searchsorted(dataset.sessions, dataset.session[at]),
        n_days=dataset.sessions.size,
        per_year=periods_per_year(dataset.sessions),
        at=at,
        left_out=left_out,
    )


def _require_enough(dataset: Dataset, n_rows: int, n_won: int) -> None:
    who = f"{dataset.primary.symbol} {dataset.primary.strategy}"
    if n_rows < MIN_ROWS:
        raise TooFewError(
            f"{who}: a search needs {MIN_ROWS} signals with all features known, received {n_rows} "
            f"of {len(dataset)}. Trade the rule as it is, or take a longer history."
        )
    if min(n_won, n_rows - n_won) < MIN_OF_A_CLASS:
        raise TooFewError(
            f"{who}: a search needs {MIN_OF_A_CLASS} signals that earned and as many that lost, "
            f"received {n_won} and {n_rows - n_won}. Trade the rule as it is."
        )
