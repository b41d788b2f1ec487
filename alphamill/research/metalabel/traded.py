"""A winner's cell on some bars: what it says, and what it trades under a veto."""

from collections.abc import Callable
from dataclasses import dataclass

from alphamill.backtest.engine import Result
from alphamill.backtest.exits import ExitStack
from alphamill.core.market import Bars, Flags, Instrument, Ints, Signals
from alphamill.core.strategy import Levels
from alphamill.learning.labels import SignalTrades, signal_trades
from alphamill.learning.uplift import over_bars, vetoed


@dataclass(frozen=True, eq=False)
class Traded:
    """Bars, what a rule says on them, and how it is traded."""

    bars: Bars
    said: Signals
    stack: ExitStack
    instrument: Instrument
    levels: Levels = "close"

    def trades(self) -> SignalTrades:
        """Return the trade of every signal as if it were the only one."""
        return signal_trades(self.bars, self.said, self.stack, self.instrument, levels=self.levels)

    def rerun(self, decided: Ints) -> Callable[[Flags], Result]:
        """Return what backtests the rule with a veto on the signals ``decided`` at some bars.

        All other signals (never executable, or their trade not ended in the window) are vetoed,
        in every run alike.
        """

        def run(keep: Flags) -> Result:
            allowed = over_bars(decided, keep, len(self.bars))
            return vetoed(
                self.bars, self.said, allowed, self.stack, self.instrument, levels=self.levels
            )

        return run
