"""What one unit of every possible trade is worth at each session's end, and at its worst.

A trade's marks depend on its own entry and on prices, never on what else is held, so they are
found once and serve every set of strategies and every limit.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Flags, Floats, Ints
from alphamill.portfolio.account.money import gain
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# One unit's net worth, a row a trade and session it lives in; account currency. ``close`` at the
# session's end, the net P&L in the session it ends in. ``worst_close`` is the lowest at any bar's
# close of the session, its end by itself included; ``worst`` the lowest at any price lived
# through. The entry's fee is paid, the exit's only once it has happened.
MARK = np.dtype([(name, np.float64) for name in ("close", "worst_close", "worst")])


@jit
def fill_marks(
    tape: Any,
    trades: NDArray[Any],
    at: Ints,
    bars: tuple[Ints, Ints],
    extremes: tuple[Floats, Floats, Flags],
    marks: NDArray[Any],
) -> None:
    """Fill ``marks`` (dtype MARK).

    ``at`` is each trade's instrument, ``bars`` its entry and exit among all bars, ``extremes``
    are all lows, all highs, and which exit bars were lived through.
    """
    low, high, lived = extremes
    for k in range(at.size):
        trade, terms, end = trades[k], tape.terms[at[k]], bars[1][k]
        side, price, units, fee = trade["side"], trade["price"], trade["units"], trade["fee"]
        against = low if side > 0 else high
        first, last = tape.session[trade["entry"]], tape.session[trade["exit"]]
        j, mark = bars[0][k], -fee
        for s in range(first, last + 1):
            worst_close, worst = math.inf, math.inf
            while j < end and tape.bars[j]["moment"] <= tape.session_end[s]:
                mark = gain(side, price, tape.bars[j]["close"], units, terms) - fee
                depth = gain(side, price, against[j], units, terms) - fee
                worst_close, worst = min(worst_close, mark), min(worst, depth)
                j += 1
            if s == last:
                mark = trade["pnl"]
                if lived[k]:
                    worst = min(worst, gain(side, price, against[end], units, terms) - fee)
            row = marks[trade["marks"] + s]
            row["close"] = mark
            row["worst_close"] = min(worst_close, mark)
            row["worst"] = min(worst, worst_close, mark)
