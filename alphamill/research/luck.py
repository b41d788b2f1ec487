"""The luck test of a sweep: every cell's skill beside the best of the grid in resampled histories.

The statistics are taken where a cell's daily P&L still is, in the task that ran it. A part keeps
one number a cell and, for each draw, the largest of its cells; the rest is a maximum of maxima.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alphamill.backtest.costs import gain, terms_of, units_for
from alphamill.backtest.lanes import Tally
from alphamill.backtest.metrics import session_last_bars
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Floats, Instrument
from alphamill.validation.bootstrap import Weights, block_length, stationary_weights
from alphamill.validation.maximum import Maximum, chunk_maximum, merged, skill

# A cell of fewer trades is not judged: the studentised maximum needs them (see `chunk_maximum`).
LEAST_TRADES = 100
# Cells whose daily P&L is held at once.
CELLS = 512


@dataclass(frozen=True, eq=False)
class Luck:
    """What the test needs of one instrument.

    Attributes
    ----------
    held : float64 of shape (n_sessions,)
        P&L of one unit that is held throughout.
    weights : float32 of shape (n_draws, n_sessions)
        The same for every cell of the instrument.
    """

    held: Floats
    weights: Weights


def luck_of(bars: Bars, instrument: Instrument, n_draws: int, seed: int) -> Luck | None:
    """Return the instrument's resampled histories; None without draws."""
    if n_draws == 0:
        return None
    held = held_pnl(bars, instrument)
    rng = np.random.default_rng(int(digest(seed, bars.symbol, "luck")[:16], 16))
    return Luck(held, stationary_weights(held.size, n_draws, block_length(held), rng))


def held_pnl(bars: Bars, instrument: Instrument) -> Floats:
    """Return session P&L of one unit held throughout, free of costs, shape (n_sessions,).

    A fixed notional is held anew each session: a rule's trades begin with the same sum too.
    """
    close = bars.close[session_last_bars(bars.session)]
    before = np.append(bars.open[0], close[:-1])
    terms = terms_of(instrument)
    return np.array(
        [
            gain(1, entry, price, units_for(entry, terms), terms)
            for entry, price in zip(before, close, strict=True)
        ]
    )


def maximum_of(luck: Luck, n_bars: int, tallies: Sequence[Tally], is_hedged: bool) -> Maximum:
    """Return the statistics of some cells and the largest of them in each draw.

    What the mean exposure would have earned of the instrument's own moves is taken off. A rule
    over two series holds one against the other, which is its hedge: nothing is taken off there.
    """
    parts = [Maximum(np.zeros(0), np.full(luck.weights.shape[0], -np.inf))]
    n_stacks = max((tally.cells.size for tally in tallies), default=1)
    together = max(1, CELLS // n_stacks)
    for start in range(0, len(tallies), together):
        few = tallies[start : start + together]
        cells = np.concatenate([tally.cells for tally in few])
        exposure = np.zeros(cells.size) if is_hedged else cells["net_bars_held"] / n_bars
        gains = skill(np.concatenate([t.daily for t in few], axis=1), exposure, luck.held)
        parts.append(chunk_maximum(gains, luck.weights, cells["total_trades"] >= LEAST_TRADES))
    return merged(parts)
