"""How a rule puts its conditions into ``Signals``."""

import numpy as np

from alphamill.core.market import Flags, Floats, Signals


def long_only(enter: Flags, leave: Flags) -> Signals:
    """Return the signals of a rule that never wants to be short."""
    return Signals(enter.astype(np.int8), leave, np.zeros(enter.size, dtype=np.bool_))


def both_sides(
    long: Flags,
    short: Flags,
    leave_long: Flags,
    leave_short: Flags,
    floor: Floats | None = None,
    ceiling: Floats | None = None,
) -> Signals:
    """Return the signals of a symmetric rule; a bar that asks for both sides asks for none."""
    enter = long.astype(np.int8) - short.astype(np.int8)
    return Signals(enter, leave_long, leave_short, floor, ceiling)
