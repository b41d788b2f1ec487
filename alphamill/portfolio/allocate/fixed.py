"""Weights that somebody wrote down, such as 60/40: to compare with, not to choose."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats
from alphamill.portfolio.allocate.allocator import Fallback, Parameters, frame_of


class Fixed(Parameters):
    """The same weights at every decision.

    Parameters
    ----------
    weights : mapping of name to float
        Fractions of equity, 0 or more, together at most 1.

    Attributes
    ----------
    weights_ : float64 of shape (n_names,)
    fallback_ : Fallback or None
        What is not listed yet stays cash, and this says so.
    """

    reads_signals = False

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = weights

    def fit(
        self,
        X: pd.DataFrame,  # noqa: N803  (scikit-learn's name)
        y: Any = None,
        *,
        classes: Mapping[str, str] | None = None,
        signals: Any = None,
    ) -> Self:
        """Set the weights in the order of the columns of ``X``.

        Raises
        ------
        SettingsError
            For a name that ``X`` lacks, a weight below 0, or a sum above 1.
        """
        frame = frame_of(X)
        strangers = [name for name in self.weights if name not in frame.columns]
        given = np.array(list(self.weights.values()), dtype=np.float64)
        if strangers or np.any(~(given >= 0.0)) or given.sum() > 1.0 + 1e-9:
            raise SettingsError(
                "fixed weights must be 0 or more, add up to at most 1, and name columns of the "
                f"returns, received {dict(self.weights)}; unknown: {strangers}."
            )
        known: Floats = pd.Series(self.weights).reindex(frame.columns).fillna(0.0).to_numpy()
        listed = ~np.isnan(frame.to_numpy()).any(axis=0)
        absent = [str(name) for name in frame.columns[(known > 0.0) & ~listed]]
        self.weights_ = np.where(listed, known, 0.0)
        self.fallback_: Fallback | None = (
            Fallback("fixed", "fixed", f"not listed yet, held as cash: {absent}")
            if absent
            else None
        )
        return self
