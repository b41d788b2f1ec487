"""Levels of a rule: how far one unit reaches, and levels that are left when they are reached."""

from typing import NamedTuple

import numpy as np

from alphamill.core.market import Bars, Flags, Floats
from alphamill.indicators.memo import memoised
from alphamill.strategies.units import traded, usual_range


class Levels(NamedTuple):
    """Floor and ceiling of ``Signals``; columns of shape (n_bars,), NaN where no side is wanted."""

    floor: Floats
    ceiling: Floats


def unit_size(bars: Bars, unit: str) -> Floats:
    """Return one ``UNIT`` in quote currency, shape (n_bars,): an average range, or a percent."""
    return usual_range(bars) if unit == "atr" else _percent_of(traded(bars, bars.close))


def reached(price: Floats) -> Floats:
    """Return the ceiling that a close at ``price`` or above leaves: strictly beyond is the law.

    Examples
    --------
    >>> bool(reached(np.array([5.0]))[0] < 5.0), bool(reached(np.array([5.0]))[0] > 4.999)
    (True, True)
    """
    return np.nextafter(price, -np.inf)


def sunk_to(price: Floats) -> Floats:
    """Return the floor that a close at ``price`` or below leaves.

    Examples
    --------
    >>> bool(sunk_to(np.array([5.0]))[0] > 5.0), bool(sunk_to(np.array([5.0]))[0] < 5.001)
    (True, True)
    """
    return np.nextafter(price, np.inf)


def by_side(long: Flags, short: Flags, of_long: Floats, of_short: Floats) -> Floats:
    """Return the level of the side that is wanted, NaN where none is."""
    return np.where(long, of_long, np.where(short, of_short, np.nan))


def exit_levels(
    long: Flags,
    short: Flags,
    stops: tuple[Floats, Floats] | None = None,
    goals: tuple[Floats, Floats] | None = None,
) -> Levels:
    """Return the levels of the bars that want a side: no other bar's are ever read.

    Parameters
    ----------
    long, short : ndarray of shape (n_bars,), bool
    stops : pair of ndarray of shape (n_bars,), optional
        Of a long and of a short: a close strictly beyond it leaves.
    goals : pair of ndarray of shape (n_bars,), optional
        Of a long and of a short: a close at it or beyond leaves.

    Examples
    --------
    >>> long, price = np.array([True, False]), np.array([5.0, 6.0])
    >>> exit_levels(long, ~long, stops=(price - 1, price + 1)).ceiling.tolist()
    [nan, 7.0]
    """
    floor, ceiling = np.full((2, long.size), np.nan)
    longs, shorts = np.flatnonzero(long & ~short), np.flatnonzero(short & ~long)
    if stops is not None:
        floor[longs], ceiling[shorts] = stops[0][longs], stops[1][shorts]
    if goals is not None:
        ceiling[longs], floor[shorts] = reached(goals[0][longs]), sunk_to(goals[1][shorts])
    return Levels(floor, ceiling)


@memoised
def _percent_of(price: Floats) -> Floats:
    return price / 100.0
