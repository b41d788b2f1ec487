"""Rows of a training table as a ground: what a model may know of them, and other futures.

A row is a decision. Its features are known when it is made, its label when the trade ends. A future
that begins at some row therefore takes away the later rows, and the labels of trades that are open.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints
from alphamill.strategies.contract_markets import MINUTE_NS
from alphamill.validation.audit_grounds import with_another_future
from alphamill.validation.audit_subject import How

QUARTER_NS: Final = 15 * MINUTE_NS
N_FEATURES: Final = 8
# How much of an outcome the features tell: enough for a model to find, as little as in a market.
TOLD: Final = np.array([0.5, 0.0, -0.4, 0.0, 0.3, 0.0, 0.0, 0.0])


@dataclass(frozen=True, eq=False)
class Labelled:
    """Decisions in order, with what they knew and what came of them.

    Attributes
    ----------
    x : ndarray of shape (n_rows, n_features)
        Known at ``start``; NaN where not.
    y : ndarray of shape (n_rows,)
        The label, known at ``end``; NaN where it is not known yet.
    returns : ndarray of shape (n_rows,)
        What the trade earned, known at ``end``; NaN as ``y``.
    start, end : int64 of shape (n_rows,)
        UTC nanoseconds of the decision and of the trade's end, rising starts.

    Raises
    ------
    DataError
        When columns have not one row a decision, starts fall, or a row ends before it starts.
    """

    x: Floats
    y: Floats
    returns: Floats
    start: Ints
    end: Ints

    def __post_init__(self) -> None:
        for name in ("x", "y", "returns", "start", "end"):
            kind = np.int64 if name in ("start", "end") else np.float64
            column = np.array(getattr(self, name), dtype=kind)
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        n_rows = self.start.size
        shapes = [c.shape for c in (self.y, self.returns, self.start, self.end)]
        if self.x.shape[:1] != (n_rows,) or self.x.ndim != 2 or set(shapes) != {(n_rows,)}:
            raise DataError(
                "a training table must have a row a decision: x of two dimensions, the others of "
                f"one, received {self.x.shape} and {shapes}. Align them by decision."
            )
        if np.any(np.diff(self.start) < 0) or np.any(self.end < self.start):
            raise DataError(
                "decisions must stand in the order of their starts and end no earlier than they "
                f"start, received {np.sum(np.diff(self.start) < 0)} that fall back and "
                f"{np.sum(self.end < self.start)} that end too soon. Sort the rows by start."
            )

    def __len__(self) -> int:
        return self.start.size

    def slice(self, start: int, stop: int) -> "Labelled":
        """Return rows ``start`` to ``stop - 1``."""
        part = slice(start, stop)
        return Labelled(
            self.x[part], self.y[part], self.returns[part], self.start[part], self.end[part]
        )


@dataclass(frozen=True, eq=False)
class RowsGround:
    """A training table that ends, or goes on otherwise, after any of its rows.

    Attributes
    ----------
    is_sharp : bool
        Whether labels of trades still open at the last row kept are changed too. Without it the
        kept rows stay whole, and the line of a leak is seen more clearly.
    """

    table: Labelled
    name: str = "made-up trades"
    is_sharp: bool = True

    def __post_init__(self) -> None:
        if not len(self.table) or np.isnan(self.table.y).all():
            raise DataError(
                f"{self.name}: a training table must hold a label that is known, received "
                f"{len(self.table)} rows without one. Give rows whose trades have ended."
            )

    @property
    def moments(self) -> Ints:
        return self.table.start

    def rows(self, start: int, stop: int) -> Labelled:
        """Return rows ``start`` to ``stop - 1`` as they were known at the last of them.

        The whole table is returned as it became known since.
        """
        kept = self.table.slice(0, stop)
        if stop < len(self.table):
            kept = self._without_open(kept)
        return kept.slice(start, stop)

    def changed(self, n_kept: int, how: How) -> Labelled:
        """Return all rows with another future: features, labels, and when trades begin and end."""
        table = self.table
        rng = np.random.default_rng(n_kept)
        columns = {str(i): column for i, column in enumerate(table.x.T)}
        x = np.column_stack(list(with_another_future(columns, n_kept, how).values()))
        unknown = self._unknown(n_kept)
        y, returns = table.y.copy(), table.returns.copy()
        start, end = table.start.copy(), table.end.copy()
        # Redrawn outcomes and ends: what a bar's noise is to prices.
        if how == "noise":
            n_unknown = int(unknown.sum())
            turned = rng.choice([-1.0, 1.0], n_unknown)
            y[unknown] = rng.choice(np.unique(y[~np.isnan(y)]), n_unknown)
            returns[unknown] *= turned * np.exp(rng.standard_normal(n_unknown))
            gaps = np.diff(start[n_kept - 1 :])
            start[n_kept:] = start[n_kept - 1] + np.cumsum(gaps * rng.integers(1, 4, gaps.size))
            end[unknown] = self._now(start, n_kept, unknown)
            end[unknown] += rng.integers(1, 40, n_unknown) * QUARTER_NS
        elif how == "constant":
            last = np.flatnonzero(~unknown)[-1:]
            y[unknown] = y[last] if last.size else 0.0
            returns[unknown] = returns[last] if last.size else 0.0
            end[unknown] = self._now(start, n_kept, unknown) + 1
        else:
            y[unknown] = returns[unknown] = np.nan
        return Labelled(x, y, returns, start, end)

    def _now(self, start: Ints, n_kept: int, unknown: Flags) -> Ints:
        """Return when each open trade is last known to be open."""
        now: Ints = np.maximum(start[unknown], self.table.start[n_kept - 1])
        return now

    def _unknown(self, n_kept: int) -> Flags:
        """Return the rows whose outcome was not known at the last row kept."""
        table = self.table
        later: Flags = np.arange(len(table)) >= n_kept
        return later | (table.end > table.start[n_kept - 1]) if self.is_sharp else later

    def _without_open(self, kept: Labelled) -> Labelled:
        unknown = self._unknown(len(kept))[: len(kept)]
        hidden = np.where(unknown, np.nan, 0.0)
        # That a trade is open is known: it ends later than now.
        end = np.where(unknown, kept.start[-1:] + 1, kept.end)
        return replace(kept, y=kept.y + hidden, returns=kept.returns + hidden, end=end)


@cache
def made_up_trades(n_rows: int = 300, seed: int = 12) -> Labelled:
    """Return trades whose features tell a little of their outcome; they overlap by a dozen."""
    rng = np.random.default_rng(seed)
    start = np.cumsum(rng.integers(1, 5, n_rows)) * QUARTER_NS
    end = start + rng.integers(2, 60, n_rows) * QUARTER_NS
    x = rng.standard_normal((n_rows, N_FEATURES)) * np.arange(1, N_FEATURES + 1)
    returns = 0.004 * (x / x.std(axis=0) @ TOLD + rng.standard_normal(n_rows))
    return Labelled(x, (returns > 0.0).astype(np.float64), returns, start, end)
