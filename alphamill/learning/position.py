"""One position at a time: which of the selected signals become trades."""

from typing import Protocol

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Ints
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)


class Rows(Protocol):
    """What is asked of signals and their trades; see `alphamill.learning.labels.SignalTrades`."""

    @property
    def decided(self) -> Ints: ...

    @property
    def side(self) -> Ints: ...

    @property
    def entry_bar(self) -> Ints: ...

    @property
    def free(self) -> Ints: ...

    @property
    def turned(self) -> Ints: ...


def taken(trades: Rows, selected: Flags) -> Flags:
    """Return which of the selected signals are traded when the others are vetoed.

    Parameters
    ----------
    trades : SignalTrades
        In order of ``decided``.
    selected : ndarray of shape (n_trades,)
        False masks the signal before the kernel hears it, as a veto does.

    Returns
    -------
    bool of shape (n_trades,)
        The trades that a backtest would make whose ``enter`` is masked to the selected rows.

    Notes
    -----
    A signal that has no row is never followed. Those without an executable trade change nothing if
    they are (a wish that cannot fill replaces none that can); one whose trade had not ended by the
    last bar would bar the signals after it.

    While an order waits for volume a later signal replaces it; beside a pending exit only one for
    the side that is not held does.
    """
    if selected.shape != trades.decided.shape or selected.dtype != np.bool_:
        raise DataError(
            f"selected must be one flag a signal {trades.decided.shape}, received "
            f"{selected.shape} of type {selected.dtype}."
        )
    out = np.zeros(selected.size, dtype=np.bool_)
    follow(trades.decided, trades.side, trades.entry_bar, trades.free, trades.turned, selected, out)
    return out


@jit
def follow(
    decided: Ints,
    side: Ints,
    entry_bar: Ints,
    free: Ints,
    turned: Ints,
    selected: Flags,
    out: Flags,
) -> None:
    """Set ``out`` at the signals that are traded; ``out`` comes all False."""
    held, waiting, is_flat = -1, -1, False
    for i in range(decided.size):
        if not selected[i]:
            continue
        now = decided[i]
        if waiting >= 0 and now >= entry_bar[waiting]:
            out[waiting] = True
            held, waiting = waiting, -1
        if waiting >= 0:
            if is_flat or side[i] == side[waiting]:
                waiting = i
        elif held < 0 or now >= free[held]:
            waiting, is_flat = i, True
        elif now >= turned[held] and side[i] == -side[held]:
            waiting, is_flat = i, False
    if waiting >= 0:
        out[waiting] = True
