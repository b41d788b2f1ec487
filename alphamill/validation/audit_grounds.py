"""Histories as named columns, and the futures that are put in place of the real one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphamill.core.market import Ints
from alphamill.validation.audit_columns import Column
from alphamill.validation.audit_subject import How


@dataclass(frozen=True)
class ColumnsGround:
    """A history of named columns of one length; a subject takes it as a dict.

    Attributes
    ----------
    columns : mapping
        Name -> ndarray of shape (n_rows,).
    moments : ndarray of shape (n_rows,)
        When each row was known, UTC nanoseconds.
    known_ahead : frozenset of str
        Columns that a calendar tells beforehand: no future changes them.
    """

    name: str
    columns: Mapping[str, Column]
    moments: Ints
    known_ahead: frozenset[str] = frozenset()

    def rows(self, start: int, stop: int) -> Any:
        """Return the rows ``start`` to ``stop - 1`` of every column, read-only."""
        views = {name: column[start:stop] for name, column in self.columns.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    def changed(self, n_kept: int, how: How) -> Any:
        """Return all columns with another future; see `with_another_future`."""
        unknown = {n: x for n, x in self.columns.items() if n not in self.known_ahead}
        return dict(self.columns) | with_another_future(unknown, n_kept, how)


def with_another_future(columns: Mapping[str, Column], n_kept: int, how: How) -> dict[str, Column]:
    """Return copies of columns whose rows from ``n_kept`` on are something else.

    Parameters
    ----------
    columns : mapping
        Name -> ndarray of shape (n_rows,).
    n_kept : int
        Rows that stay as they are; the noise is seeded by it.
    how : "noise", "constant" or "nan"
        Noise multiplies all numbers of a row by one wild factor, so that a high stays above its
        low, and turns flags at random; a constant repeats the last row kept; NaN makes numbers
        unknown. Whole numbers are dates and counters, known ahead from a calendar: they stay.

    Examples
    --------
    >>> with_another_future({"x": np.array([1.0, 2.0, 3.0])}, 2, "constant")["x"].tolist()
    [1.0, 2.0, 2.0]
    """
    rng = np.random.default_rng(n_kept)
    n_later = next(iter(columns.values())).size - n_kept
    wild = np.exp(rng.standard_normal(n_later))
    turned = rng.random(n_later) < 0.5
    changed = {}
    for name, column in columns.items():
        out = column.copy()
        if out.dtype.kind == "f" and how == "noise":
            out[n_kept:] *= wild
        elif out.dtype.kind == "f":
            out[n_kept:] = np.nan if how == "nan" else out[n_kept - 1]
        elif out.dtype == np.bool_ and how != "nan":
            out[n_kept:] = out[n_kept:] ^ turned if how == "noise" else out[n_kept - 1]
        changed[name] = out
    return changed
