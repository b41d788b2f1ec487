"""Times of day: whether a bar opens within a window of the exchange's own clock."""

from collections.abc import Sequence

import numpy as np

from alphamill.core.market import Flags, Ints
from alphamill.core.params import MINUTES_A_DAY, minute_of


def within(minute: Ints, start: str, end: str) -> Flags:
    """Return which bars open from ``start`` on and before ``end``.

    Parameters
    ----------
    minute : ndarray of shape (n_bars,), int64
        Exchange-local minute of the day of each bar's open.
    start, end : str
        ``Time`` values. An end before the start lies on the next day, and an end that equals the
        start is the whole day, as "0000" to "2400" is.

    Returns
    -------
    ndarray of shape (n_bars,), bool

    Examples
    --------
    >>> within(np.array([1019, 1020, 1439, 0]), "1700", "2400").tolist()
    [False, True, True, False]
    """
    first = minute_of(start)
    length = (minute_of(end) - first) % MINUTES_A_DAY or MINUTES_A_DAY
    inside: Flags = (minute - first) % MINUTES_A_DAY < length
    return inside


def within_any(minute: Ints, windows: Sequence[tuple[str, str]]) -> Flags:
    """Return which bars open within one of several windows; all of them where there is none."""
    inside = [within(minute, start, end) for start, end in windows]
    either: Flags = np.any(inside, axis=0) if inside else np.ones(minute.size, dtype=np.bool_)
    return either
