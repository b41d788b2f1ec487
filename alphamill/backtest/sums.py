"""What session P&L adds up to: sums by block, and how far the account fell."""

import numpy as np

from alphamill.backtest.metrics import STARTING_EQUITY
from alphamill.core.market import Floats, Ints
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# So few stacks are followed one by one; and the share of a figure that rounding cannot reach.
FEW, ALMOST = 4, 1.0 - 1e-9


@jit
def sum_up(
    daily: Floats, block: Ints, blocks: Floats, equity: Floats, fall: Floats, fall_frac: Floats
) -> None:
    """Sum session P&L (n_rules, n_sessions, n_stacks) by block, and follow the worst falls."""
    n_rules, n_sessions, n_stacks = daily.shape
    peak = np.zeros(n_stacks)
    for r in range(n_rules):
        if n_stacks < FEW:
            for s in range(n_stacks):
                path = _path(daily[r, :, s], block, blocks[r, s])
                equity[r, s], fall[r, s], fall_frac[r, s] = path
            continue
        peak[:] = 0.0
        for i in range(n_sessions):
            b = block[i]
            for s in range(n_stacks):
                pnl = daily[r, i, s]
                blocks[r, s, b, 0] += pnl
                blocks[r, s, b, 1] += pnl * pnl
                equity[r, s] += pnl
                peak[s] = max(peak[s], equity[r, s])
                under = peak[s] - equity[r, s]
                fall[r, s] = max(fall[r, s], under)
                fall_frac[r, s] = max(fall_frac[r, s], under / (STARTING_EQUITY + peak[s]))


@jit
def _path(daily: Floats, block: Ints, blocks: Floats) -> tuple[float, float, float]:
    """Sum one stack's P&L by block and return its end, its worst fall, and that as a fraction.

    What a session adds to stays in a register; through memory it takes three times as long, which
    only many stacks side by side make up for.
    """
    equity = peak = fall = fall_frac = 0.0
    i = 0
    while i < daily.size:
        b = block[i]
        total = squares = 0.0
        while i < daily.size and block[i] == b:
            pnl = daily[i]
            total += pnl
            squares += pnl * pnl
            equity += pnl
            peak = max(peak, equity)
            under = peak - equity
            fall = max(fall, under)
            i += 1
            # A division a session is dear; most sessions are far from the worst.
            if under > ALMOST * fall_frac * (STARTING_EQUITY + peak):
                fall_frac = max(fall_frac, under / (STARTING_EQUITY + peak))
        blocks[b, 0] = total
        blocks[b, 1] = squares
    return equity, fall, fall_frac
