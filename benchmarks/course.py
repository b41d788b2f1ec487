"""What every engine is given, what ours makes of it, and the check that another trades alike."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.lanes import tallies
from alphamill.backtest.state import RULE
from alphamill.backtest.table import market_of
from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.data.sources.synthetic import bars
from alphamill.indicators.memo import memo
from alphamill.indicators.volatility import atr
from alphamill.strategies import find
from alphamill.validation.splits import quarter_blocks
from benchmarks.by_alphamill import ONE_UNIT, RULE_ONLY
from benchmarks.script import Done, Script

RSI = 21
STOP_AND_TARGET = ExitStack(stop_loss_atr=1.0, take_profit_atr=2.0, max_bars_held=None)
MEMO_BYTES = 500_000_000
PRICE_ATOL = 1e-6


@dataclass(frozen=True)
class Course:
    """Bars, the exits asked for, the cells' signals, and the range at each close."""

    name: str
    bars: Bars
    stack: ExitStack
    range_: Floats
    signals: tuple[Signals, ...]

    def script(self, said: Signals) -> Script:
        """Return what the engines are given of one cell."""
        return self._script(said.enter > 0, said.leave_long)

    @property
    def whole_script(self) -> Script:
        """All cells, a column each."""
        enter = np.column_stack([said.enter > 0 for said in self.signals])
        return self._script(enter, np.column_stack([said.leave_long for said in self.signals]))

    def _script(self, enter: Flags, leave: Flags) -> Script:
        b, stop, target = self.bars, self.stack.stop_loss_atr, self.stack.take_profit_atr
        distances = (
            None if multiple is None else multiple * self.range_ for multiple in (stop, target)
        )
        return Script(
            b.close_ns, b.session, b.open, b.high, b.low, b.close, enter, leave, *distances
        )


@dataclass(frozen=True)
class Fills:
    """Trades by the bars whose closes decided them, in order of entry."""

    decided: NDArray[np.int64]
    ended: NDArray[np.int64]  # the bar of a stop or target, or the close that decided to leave
    entry: Floats
    exit: Floats
    by_rule: Flags

    def within(self, n_bars: int) -> "Fills":
        """Return the trades over before the last two bars: each engine ends its own way."""
        kept = self.ended < n_bars - 2
        return Fills(
            self.decided[kept],
            self.ended[kept],
            self.entry[kept],
            self.exit[kept],
            self.by_rule[kept],
        )


def rule_course(n_bars: int) -> Course:
    """Return the market as it is, gaps included; only the rule ends a trade."""
    market = bars("ES", "15m", n_bars=n_bars)
    unread = np.full(n_bars, np.nan)
    return Course("rule exits", market, RULE_ONLY, unread, tuple(_signals(market)))


def stop_course(n_bars: int) -> Course:
    """Return a market whose opens are the closes before them, with stop and target."""
    market = bars("ES", "15m", n_bars=n_bars)
    open_ = np.append(market.open[0], market.close[:-1])
    high, low = np.maximum(market.high, open_), np.minimum(market.low, open_)
    gapless = replace(market, open=open_, high=high, low=low)
    range_ = atr(gapless.high, gapless.low, gapless.close, STOP_AND_TARGET.atr_length)
    # Without a range there is no stop: ours does not enter there, so nobody shall.
    known = ~np.isnan(range_)
    said = tuple(one._replace(enter=one.enter * known) for one in _signals(gapless))
    return Course("stop and target", gapless, STOP_AND_TARGET, range_, said)


def _signals(market: Bars) -> list[Signals]:
    strategy = find(RSI)
    with memo(MEMO_BYTES):
        return [strategy.signals(market, params) for params in strategy.cells()]


def sweep_of_ours(course: Course, stacks: tuple[ExitStack, ...]) -> None:
    """Do all that a sweep does for the 36 sets: signals, exit tables, tallies."""
    blocks = quarter_blocks(np.unique(course.bars.session))
    market = market_of(course.bars, stacks, ONE_UNIT, blocks.of_session, short=False)
    tallies(market, _signals(course.bars))


def fills_at_opens(done: Done, course: Course, said: Signals) -> Fills:
    """Return the trades of an engine that fills what a close decided at the next open."""
    by_rule = said.leave_long[done.left - 1] & (done.exit == course.bars.open[done.left])
    return Fills(done.entered - 1, done.left - by_rule, done.entry, done.exit, by_rule)


def fills_of_ours(course: Course, said: Signals) -> Fills:
    """Return our own trades."""
    trades = backtest(course.bars, said, course.stack, ONE_UNIT).trades
    by_rule = trades.reason == RULE
    found = Fills(
        trades.decided, trades.exit_bar - by_rule, trades.entry_price, trades.exit_price, by_rule
    )
    return found.within(len(course.bars))


def require_equal(who: str, cell: int, theirs: Fills, course: Course, said: Signals) -> int:
    """Return how many trades are equal, one for one; raise where one is not."""
    mine, other = fills_of_ours(course, said), theirs.within(len(course.bars))
    if not (
        np.array_equal(mine.decided, other.decided)
        and np.array_equal(mine.ended, other.ended)
        and np.allclose(mine.entry, other.entry, rtol=0, atol=PRICE_ATOL)
        and np.allclose(mine.exit, other.exit, rtol=0, atol=PRICE_ATOL)
    ):
        raise AssertionError(
            f"{who}, {course.name}, cell {cell}: its {other.ended.size} trades are not our "
            f"{mine.ended.size}; no time is reported for engines that trade differently."
        )
    return mine.ended.size
