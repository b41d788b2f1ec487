"""Levels of a rule: how far one unit reaches, and levels that are left when they are reached."""

import numpy as np

from alphamill.core.market import Bars, Flags, Floats
from alphamill.strategies.units import traded, usual_range


def unit_size(bars: Bars, unit: str) -> Floats:
    """Return one ``UNIT`` in quote currency, shape (n_bars,): an average range, or a percent."""
    return usual_range(bars) if unit == "atr" else traded(bars, bars.close) / 100.0


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
