"""What the kernel remembers and is told: named tuples that compiled code takes whole."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Flags, Floats, Ints, Trades

REASONS = (
    "none",
    "stop",
    "target",
    "stop_gap",
    "target_gap",
    "session",
    "late_session_exit",
    "rule",
    "time",
    "open_at_end",
)
NONE, STOP, TARGET, STOP_GAP, TARGET_GAP = 0, 1, 2, 3, 4
SESSION, LATE_SESSION, RULE, TIME, OPEN_AT_END = 5, 6, 7, 8, 9


class Bar(NamedTuple):
    """One closed bar; ``at`` numbers it, ``tick`` 0 is off the grid, ``slip`` in price units."""

    at: int
    open: float
    high: float
    low: float
    close: float
    quiet: bool  # volume known to be 0: nothing fills
    session: int
    session_end: bool
    closes_only: bool
    tick: float
    slip: float


class Said(NamedTuple):
    """What the rule and the exit stack say at one close; distances in price, NaN undefined."""

    enter: int
    leave_long: bool
    leave_short: bool
    floor: float
    ceiling: float
    trail: float
    stop_distance: float
    target_distance: float
    trail_distance: float
    break_even_distance: float


class Wish(NamedTuple):
    """What waits for the next open: an exit (its reason), an entry (its side), or both."""

    exit: int
    enter: int
    at: int  # the bar that decided the entry
    session: int
    floor: float
    ceiling: float
    stop_distance: float
    target_distance: float
    trail_distance: float
    break_even_distance: float


class Position(NamedTuple):
    """Everything one open position remembers; ``side`` 0 is flat."""

    side: int
    entry: float
    stop: float
    target: float
    floor: float
    ceiling: float
    best: float  # best high (short: low) since the fill
    worst: float
    ratchet: float  # the rule's trailing level
    trail_distance: float
    break_even_distance: float
    bars_held: int
    session: int


class Rules(NamedTuple):
    """What holds for every bar; ``max_bars`` 0 means no limit."""

    max_bars: int
    session_exit: bool
    touch: bool  # floor and ceiling rest as orders
    slip_frac: float


class Terms(NamedTuple):
    """What a fill is worth; ``notional`` 0 means per contract, ``tick`` 0 off the grid."""

    tick: float
    point_value: float
    notional: float
    fee: float  # per unit and side
    fee_frac: float  # of the traded value, per side


class Filled(NamedTuple):
    """What one bar did: an exit at the open, an entry, and an exit inside or at the close."""

    position: Position
    wish: Wish
    held: Position  # what was exposed inside the bar, before an exit there
    open_reason: int
    open_price: float
    entry_price: float
    late_reason: int
    late_price: float
    ambiguous: bool


# One row a trade: the columns of core.market.Trades.
TRADE = np.dtype([(name, np.float64) for name in Trades.columns()])


class Tape(NamedTuple):
    """The bars as columns of shape (n_bars,)."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    quiet: Flags
    session: Ints
    session_end: Flags
    closes_only: bool
    tick: Floats
    slip: Floats


class Script(NamedTuple):
    """What is said at every close, as columns of shape (n_bars,)."""

    enter: NDArray[np.int8]
    leave_long: Flags
    leave_short: Flags
    floor: Floats
    ceiling: Floats
    trail: Floats
    stop_distance: Floats
    target_distance: Floats
    trail_distance: Floats
    break_even_distance: Floats
