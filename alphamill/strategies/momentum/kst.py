"""59 KST, Pring's know sure thing; the proportions of its lengths are his."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.oscillators import kst
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import traded


def rule(bars: Bars, kst_change: int, kst_mean: int, kst_signal: int) -> Signals:
    changes = (kst_change, 3 * kst_change // 2, 2 * kst_change, 3 * kst_change)
    means = (kst_mean, kst_mean, kst_mean, 3 * kst_mean // 2)
    base = traded(bars, bars.close)
    line, signal = kst(bars.close, changes, means, kst_signal, base)
    return both_sides(
        long=crosses_above(line, signal),
        short=crosses_below(line, signal),
        leave_long=line < signal,
        leave_short=line > signal,
    )


def warmup(params: Params) -> int:
    longest = 3 * int(params["kst_change"]) + 3 * int(params["kst_mean"]) // 2
    return longest + int(params["kst_signal"])


KST = Strategy(
    number=59,
    name="KST",
    archetype="momentum",
    idea="When short and long swings gather speed together, the trend has just turned.",
    rule=rule,
    space={
        "kst_change": Int(
            10, 2, 250, (6, 10, 14), "shortest change; the others 1.5, 2 and 3 times"
        ),
        "kst_mean": Int(10, 1, 250, (6, 10), "bars of their means; of the longest 1.5 times"),
        "kst_signal": Int(9, 1, 250, (5, 9, 13), "bars of the signal line"),
    },
    warmup=warmup,
    sides="both",
)
