"""On which days weights are set anew: known from the calendar, never from what comes after."""

from typing import Final

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Ints

EVERY: Final = ("daily", "weekly", "monthly", "quarterly")


def decision_rows(sessions: Ints, every: str) -> Ints:
    """Return the rows at whose close weights are decided: the first session of each period.

    The first and not the last one: that a period has begun is known at that close, while its last
    session is known only from the calendar's next one. Row 0 begins none.

    Parameters
    ----------
    sessions : int64 of shape (n_days,)
        Trade dates yyyymmdd, rising.
    every : str
        One of `EVERY`; weeks begin on Monday.

    Raises
    ------
    SettingsError
        For another word.

    Examples
    --------
    >>> decision_rows(np.array([20240130, 20240131, 20240201, 20240202]), "monthly").tolist()
    [2]
    """
    if every not in EVERY:
        raise SettingsError(f"every must be one of {list(EVERY)}, received {every!r}.")
    return np.flatnonzero(np.diff(_period(sessions, every))) + 1


def _period(sessions: Ints, every: str) -> Ints:
    if every == "daily":
        return sessions
    if every == "weekly":
        # Day 0 of the count, 1970-01-01, was a Thursday.
        return (_days(sessions) + 3) // 7
    months = sessions // 10_000 * 12 + sessions // 100 % 100 - 1
    return months if every == "monthly" else months // 3


def _days(sessions: Ints) -> Ints:
    text = [f"{s // 10_000:04d}-{s // 100 % 100:02d}-{s % 100:02d}" for s in sessions.tolist()]
    return np.array(text, dtype="datetime64[D]").astype(np.int64)
