"""The lanes' slow twin: the same tally from whole backtests, one stack after another.

It also serves rules whose levels rest as orders, for which no exit can be found ahead of the rule.
"""

import numpy as np

from alphamill.backtest.cell import cell_of
from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import Tally
from alphamill.core.market import Bars, Instrument, Ints, Signals
from alphamill.core.strategy import Levels


def tally_by_loop(
    bars: Bars,
    signals: Signals,
    stacks: tuple[ExitStack, ...],
    instrument: Instrument,
    block: Ints,
    *,
    levels: Levels = "close",
) -> Tally:
    """Return what `alphamill.backtest.lanes.tally` returns; ``block`` numbers each session."""
    cells = [
        cell_of(backtest(bars, signals, stack, instrument, levels=levels), block)
        for stack in stacks
    ]
    tables, blocks, entries, daily = zip(*cells, strict=True)
    return Tally(
        np.concatenate(tables),
        np.concatenate(blocks),
        np.concatenate(entries),
        np.concatenate(daily, axis=1),
    )
