"""What the compiled account remembers, is told and writes.

Rows are structured arrays: a compiled function takes a whole table as one argument.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Floats
from alphamill.portfolio.account.prepare import KINDS

Rows = NDArray[Any]

# Codes of `limits.REASONS`, and what is no answer.
NOT_ASKED = -1
YES, HALTED, REDUCING, DAILY_STOP, IN_POSITION, MAX_POSITIONS, INSTRUMENT_TAKEN = range(7)
OPPOSITE_SIDE, STRATEGY_CAP, CLASS_CAP, CLUSTER_CAP, NO_UNITS, MARGIN, NOT_FREED = range(7, 14)
CANCELLED = 14
# Of `limits.STATUSES`, of `Limits.sharing`, and of `outcome.WHYS`: why a position ended.
ACTIVE_STATUS, REDUCING_STATUS, HALTED_STATUS = 0, 1, 2
ONE, SAME_SIDE, NET = 0, 1, 2
OWN, STOPPED_OUT, DRAWN_DOWN, DISPLACED = 0, 1, 2, 3
FOR_EVER = 2_147_483_647
NO_CAP = 2_147_483_647
# Currency: float noise must not hide a session in which a limit may be reached.
SLACK = 0.01
NOISE = 1e-9


def _row(whole: tuple[str, ...], real: tuple[str, ...], flags: tuple[str, ...]) -> np.dtype[Any]:
    kinds = [(n, np.int64) for n in whole], [(n, np.float64) for n in real]
    return np.dtype([*kinds[0], *kinds[1], *((n, np.bool_) for n in flags)], align=True)


# What is open or on its way, in the order in which it was granted; the first ``n_book`` rows
# count. ``due`` is the moment of its entry, and once ``held`` of its own ``exit``; the row of its
# marks in a session is ``marks`` plus that session; ``mark`` is one unit's at the last session's
# end; ``bound`` and ``worst`` are its parts of the account's in this session; ``slot`` is its row
# among those taken; ``beside`` says whether the wish in question is judged beside it; ``gone``
# that it is about to be taken off the book.
PLACE = _row(
    ("row", "stream", "instrument", "due", "exit", "turned", "marks", "forced", "slot"),
    ("units", "mark", "bound", "worst"),
    ("at_open", "held", "leaving", "beside", "gone"),
)
# The only row of the account: the limits (infinite where there is none; ``reducing_sessions`` 0),
# then what it remembers. ``due`` is the book's next fill and ``leave`` the next moment at which
# a strategy decides to go out;
# ``n_forced`` exits and ``n_waiting`` entries are on their way; ``bound`` is the least that this
# session's P&L can fall to at any close, ``worst`` at any price.
ACCOUNT = _row(
    (
        *("max_positions", "sharing", "reducing_sessions"),
        *("n_book", "status", "reducing_for", "session", "following", "n_taken"),
        *("n_forced", "n_waiting", "n_leaving", "n_gone", "due", "leave"),
    ),
    (
        *("daily_stop", "drawdown_reduce", "drawdown_halt", "margin_frac", "max_units", "capital"),
        *("cash", "start", "peak", "equity", "bound", "worst"),
    ),
    ("displace", "sized", "reads_equity", "every_bar", "stopped"),
)
# What each stream belongs to, how many positions of that may be open, the side of its last entry,
# the first moment at which an entry of that side can be heard again, and one of the other side.
STREAM_STATE = _row(
    (*KINDS, "rank", "strategy_cap", "class_cap", "cluster_cap", "side", "free", "turned"),
    (),
    ("member",),
)
SESSION_ROW = _row(("end", "status", "n_open"), ("equity", "worst"), ("stopped",))
TAKEN = _row(("wish", "exit", "why"), ("units", "pnl"), ())


class World(NamedTuple):
    """Everything one run reads and writes."""

    bar_at: NDArray[np.int32]
    session: NDArray[np.int32]
    bars: Rows
    terms: Rows
    asked: Rows
    trades: Rows
    marks: Rows
    slope: Floats  # by wish: units for one currency of equity
    streams: Rows
    book: Rows
    account: Rows
    answer: NDArray[np.int8]
    sessions: Rows
    taken: Rows
