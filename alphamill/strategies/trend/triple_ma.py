"""61 TripleMA."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params, Value
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous, streak
from alphamill.indicators.trend import sma
from alphamill.strategies.says import both_sides


def rule(bars: Bars, tma_fast: int, tma_middle: int, tma_slow: int) -> Signals:
    fast, middle, slow = (sma(bars.close, n_bars) for n_bars in (tma_fast, tma_middle, tma_slow))
    rising = (fast > middle) & (middle > slow)
    falling = (fast < middle) & (middle < slow)
    was_known = np.isfinite(previous(slow))
    return both_sides(
        long=(streak(rising) == 1) & was_known,
        short=(streak(falling) == 1) & was_known,
        leave_long=fast < middle,
        leave_short=fast > middle,
    )


def canonical(params: Params) -> dict[str, Value] | None:
    in_order = int(params["tma_fast"]) < int(params["tma_middle"]) < int(params["tma_slow"])
    return dict(params) if in_order else None


TRIPLE_MA = Strategy(
    number=61,
    name="TripleMA",
    archetype="trend",
    idea="Three averages in order say that week, fortnight and month agree.",
    rule=rule,
    space={
        "tma_fast": Int(5, 1, 500, (3, 5, 8), "bars of the fast average"),
        "tma_middle": Int(10, 2, 1000, (10, 15, 20), "bars of the middle average"),
        "tma_slow": Int(20, 3, 2000, (20, 30, 50), "bars of the slow average"),
    },
    warmup=lambda p: int(p["tma_slow"]) + 1,
    sides="both",
    canonical=canonical,
)
