"""67 VolumeWeightedMACD."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.oscillators import volume_weighted_macd
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, vwmacd_fast: int, vwmacd_slow: int, vwmacd_signal: int) -> Signals:
    line, signal, _ = volume_weighted_macd(
        bars.close, bars.volume, vwmacd_fast, vwmacd_slow, vwmacd_signal
    )
    return both_sides(
        long=crosses_above(line, signal),
        short=crosses_below(line, signal),
        leave_long=line < signal,
        leave_short=line > signal,
    )


def warmup(params: Params) -> int:
    # As MACD's, while volume keeps its size.
    longest = max(int(params["vwmacd_fast"]), int(params["vwmacd_slow"]))
    return 14 * (longest + int(params["vwmacd_signal"])) + 1


VOLUME_WEIGHTED_MACD = Strategy(
    number=67,
    name="VolumeWeightedMACD",
    archetype="momentum",
    idea="A trend that gathers speed on volume goes on.",
    rule=rule,
    space={
        "vwmacd_fast": Int(12, 1, 500, (8, 12, 16), "span of the fast average"),
        "vwmacd_slow": Int(26, 2, 1000, (21, 26, 31), "span of the slow average"),
        "vwmacd_signal": Int(9, 1, 500, (7, 9, 11), "span of the signal line"),
    },
    warmup=warmup,
    needs=frozenset({"volume"}),
    sides="both",
    canonical=ordered("vwmacd_fast", "vwmacd_slow"),
)
