"""One script of signals through backtesting.py; levels are placed from the deciding close."""

import contextlib
import io

import numpy as np
from backtesting import Backtest, Strategy

from benchmarks.script import CASH, Done, Script, frame_of


def run(script: Script) -> Done:
    """Return its trades and its statistics."""
    enter, leave, levels = script.enter, script.leave, {}
    if script.stop_distance is not None and script.target_distance is not None:
        levels["sl"] = script.close - script.stop_distance
        levels["tp"] = script.close + script.target_distance

    class Told(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            t = len(self.data) - 1
            if self.position:
                if leave[t]:
                    self.position.close()
            elif enter[t]:
                self.buy(size=1, **{name: level[t] for name, level in levels.items()})

    frame = frame_of(script, ("Open", "High", "Low", "Close"))
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        stats = Backtest(frame, Told, cash=CASH, finalize_trades=False).run()
    rows = stats["_trades"]
    order = np.argsort(rows["EntryBar"].to_numpy(), kind="stable")
    names = ("EntryBar", "ExitBar", "EntryPrice", "ExitPrice")
    return Done(*(rows[name].to_numpy()[order] for name in names), stats)
