"""Weights by signal: all names with a positive one, or the best of each class."""

import numpy as np
import pandas as pd

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.portfolio.allocate.caps import capped
from alphamill.portfolio.allocate.plain import equal, require_days
from alphamill.portfolio.allocate.sight import CannotAllocateError, Sight

TREND_DAYS = 126


def trend(returns: pd.DataFrame, n_days: int = TREND_DAYS) -> pd.DataFrame:
    """Return a plain signal for whoever has none: tanh of the t-like trend of the last days.

    Parameters
    ----------
    returns : DataFrame of shape (n_days, n_names)
        Simple daily returns; NaN before a name traded.
    n_days : int
        At least 2.

    Returns
    -------
    DataFrame like ``returns``
        sum / (std x sqrt(n)) of the ``n_days`` up to and with the row, through tanh: 0.76 is a
        rise of one standard deviation. NaN until the days are full, and where nothing moves.

    Raises
    ------
    DataError
        For fewer than 2 days.
    """
    if n_days < 2:
        raise DataError(f"a trend needs at least 2 days, received {n_days!r}.")
    past = returns.rolling(n_days)
    spread = past.std() * np.sqrt(n_days)
    # A running sum leaves rounding where nothing moves any more.
    signal: pd.DataFrame = np.tanh(past.sum() / spread.where(spread > 1e-12))
    return signal


def signal_weighted(sight: Sight) -> Floats:
    """Return weights in proportion to max(0, signal); none positive is all cash."""
    return capped(_wishes(sight), sight.classes, sight.limits)


def signal_or_equal(sight: Sight) -> Floats:
    """Return weights as `signal_weighted`, and equal ones where no signal is positive."""
    return signal_weighted(sight) if _wishes(sight).any() else equal(sight)


def sector_rotation(sight: Sight) -> Floats:
    """Return an equal share of the budget for the best signal of each class.

    Of equal signals the first in order. A class whose best is not positive leaves its share in
    cash, and so does what a cap cuts off.
    """
    best = _best_of_each(sight)
    return _within(sight, _one_at(best, np.full(len(best), 1.0 / _n_classes(sight)), sight))


def rotation_by_volatility(sight: Sight) -> Floats:
    """Return weights as `sector_rotation`, with the shares by the chosen names' 1 / volatility.

    The shares of the classes that hold something are divided anew; those of the others are cash.

    Raises
    ------
    CannotAllocateError
        For fewer than 20 days.
    """
    require_days(sight)
    best = _best_of_each(sight)
    if not best:
        return np.zeros(len(sight.classes))
    calm = 1.0 / sight.returns[:, best].std(axis=0, ddof=1)
    share = calm / calm.sum() * (len(best) / _n_classes(sight))
    return _within(sight, _one_at(best, share, sight))


def _wishes(sight: Sight) -> Floats:
    if np.isnan(sight.signals).all():
        raise CannotAllocateError("no signal is known")
    return np.maximum(np.nan_to_num(sight.signals), 0.0)


def _n_classes(sight: Sight) -> int:
    return len(dict.fromkeys(sight.classes))


def _best_of_each(sight: Sight) -> list[int]:
    wishes, of = _wishes(sight), np.array(sight.classes, dtype=object)
    members = [np.flatnonzero(of == name) for name in dict.fromkeys(sight.classes)]
    best = [int(m[np.argmax(wishes[m])]) for m in members]
    return [i for i in best if wishes[i] > 0.0]


def _one_at(best: list[int], share: Floats, sight: Sight) -> Floats:
    weights = np.zeros(len(sight.classes))
    weights[best] = share * sight.limits.budget
    return weights


def _within(sight: Sight, weights: Floats) -> Floats:
    # A share belongs to its class: what is cut off does not move to another.
    most = [sight.limits.per_class.get(name, 1.0) for name in sight.classes]
    return np.minimum(weights, np.minimum(most, sight.limits.per_name))
