"""One cell's backtest at higher costs than are charged: what is left of it when trading is dear."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from alphamill.backtest.engine import Result, backtest
from alphamill.backtest.legs import backtest_legs, legs_of
from alphamill.core.market import Instrument
from alphamill.core.strategy import Strategy
from alphamill.research.cells import Part
from alphamill.research.sweep import Ground, signals, targets
from alphamill.validation.stress import AS_CHARGED, ONE_MORE_TICK, THREE_TIMES, TWICE


def dearer(instrument: Instrument, price: float) -> dict[str, Instrument]:
    """Return the instrument as it is charged, at two and three times its costs, and a tick worse.

    Where slippage is in basis points, a tick is that of ``price``; nothing is added at 0.

    Examples
    --------
    >>> es = Instrument("ES", "", "future", "CMES", 0.25, 50.0, slippage_ticks=1.0)
    >>> [what.slippage_ticks for what in dearer(es, 4_000.0).values()]
    [1.0, 2.0, 3.0, 2.0]
    """
    if instrument.slippage_ticks is not None:
        worse = replace(instrument, slippage_ticks=instrument.slippage_ticks + 1.0)
    else:
        tick_bps = 1e4 * instrument.tick / price if price > 0.0 else 0.0
        worse = replace(instrument, slippage_bps=(instrument.slippage_bps or 0.0) + tick_bps)
    return {
        AS_CHARGED: instrument,
        TWICE: _times(instrument, 2.0),
        THREE_TIMES: _times(instrument, 3.0),
        ONE_MORE_TICK: worse,
    }


def dearer_runs(
    strategy: Strategy, grounds: Mapping[str, Ground], part: Part, cell: int
) -> dict[str, Result]:
    """Return the backtest of one stored cell under each of the costs; the rule is asked once.

    A rule over several series pays the higher costs on all its legs.
    """
    params, stack = part.params_of(cell)
    ground, others = grounds[part.symbol], [grounds[symbol] for symbol in part.others.values()]
    if not strategy.others:
        said = signals(strategy, ground, params)
        return {
            name: backtest(ground.bars, said, stack, what, levels=strategy.levels)
            for name, what in _priced(ground).items()
        }
    wanted = targets(strategy, ground, others, params)
    priced = [(g.bars, _priced(g)) for g in (ground, *others)]
    return {
        name: backtest_legs(legs_of([(bars, costs[name]) for bars, costs in priced]), wanted)
        for name in priced[0][1]
    }


def _times(instrument: Instrument, k: float) -> Instrument:
    ticks, bps = instrument.slippage_ticks, instrument.slippage_bps
    return replace(
        instrument,
        commission_per_side=k * instrument.commission_per_side,
        commission_bps=k * instrument.commission_bps,
        slippage_ticks=None if ticks is None else k * ticks,
        slippage_bps=None if bps is None else k * bps,
    )


def _priced(ground: Ground) -> dict[str, Instrument]:
    return dearer(ground.instrument, float(np.median(np.abs(ground.bars.raw_close))))
