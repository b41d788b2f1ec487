"""Whole instruments in another order: what the chance test runs a grid on again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alphamill.core.market import Bars, Floats, Ints, bar_columns
from alphamill.research.plan import Null
from alphamill.research.sweep import Ground
from alphamill.validation.nulls import block_permuted_bars, slot_permuted_bars
from alphamill.validation.permutation import Permuted, permuted_bars
from alphamill.validation.splits import Blocks, quarter_blocks

SESSIONS_OF_A_BLOCK = 10


def permuted(bars: Bars, rng: np.random.Generator, null: Null = "bars", first: int = 0) -> Bars:
    """Return bars in another order; calendar columns stay, volume goes with its bar.

    Bars up to ``first`` stay as they are under ``test``.
    """
    drawn = _drawn(bars, rng, null, first)
    prices = drawn.open, drawn.high, drawn.low, drawn.close
    return repriced(bars, prices, bars.volume[drawn.source])


def repriced(bars: Bars, prices: tuple[Floats, Floats, Floats, Floats], volume: Floats) -> Bars:
    """Return bars with another open, high, low, close and volume, and the same adjustment.

    What an adjustment changed at each moment stays: percents and points are of traded prices.
    Where only closes are known, only those change.
    """
    open_, high, low, close = prices
    flat, raw_close = bars.closes_only, close
    if bars.adjusted == "add":
        raw_close = close + (bars.raw_close - bars.close)
    elif bars.adjusted == "ratio":
        raw_close = close * (bars.raw_close / bars.close)
    return replace(
        bars,
        open=close if flat else open_,
        high=close if flat else high,
        low=close if flat else low,
        close=close,
        raw_close=raw_close,
        volume=volume,
    )


def last_training_bar(bars: Bars, sessions: Ints, blocks: Blocks, n_train: int) -> int:
    """Return the last bar of the first ``n_train`` blocks."""
    return int(np.searchsorted(bars.session, sessions[blocks.edges[n_train] - 1], "right")) - 1


def together(
    grounds: Sequence[Ground], seed: int, null: Null = "bars", n_train: int = 0
) -> tuple[Ground, ...]:
    """Return several instruments whose common bars come in one and the same new order."""
    common = common_stamps([ground.bars for ground in grounds])
    drawn = []
    for ground in grounds:
        kept = np.isin(ground.bars.close_ns, common)
        bars = replace(ground.bars, **{n: getattr(ground.bars, n)[kept] for n in bar_columns()})
        # The same seed and length give the same order.
        sessions = np.unique(bars.session)
        blocks = quarter_blocks(sessions)
        first = last_training_bar(bars, sessions, blocks, n_train)
        bars = permuted(bars, np.random.default_rng(seed), null, first)
        drawn.append(replace(ground, bars=bars, sessions=sessions, blocks=blocks))
    return tuple(drawn)


def common_stamps(series: Sequence[Bars]) -> Ints:
    """Return the closes that all series share."""
    common = series[0].close_ns
    for other in series[1:]:
        common = np.intersect1d(common, other.close_ns)
    return common


def _drawn(bars: Bars, rng: np.random.Generator, null: Null, first: int) -> Permuted:
    prices, additive = (bars.open, bars.high, bars.low, bars.close), bars.adjusted == "add"
    if null == "bars":
        return permuted_bars(*prices, rng, additive)
    if null == "blocks":
        per_session = len(bars) / np.unique(bars.session).size
        return block_permuted_bars(
            prices, round(SESSIONS_OF_A_BLOCK * per_session), rng, additive=additive
        )
    if null == "slots":
        return slot_permuted_bars(prices, bars.minute, rng, additive=additive)
    # All bars of the test segment share one slot: any may come anywhere.
    return slot_permuted_bars(prices, np.zeros_like(bars.minute), rng, first, additive)
