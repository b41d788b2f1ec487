"""58 WaveTrend."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.oscillators import wavetrend
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides


def rule(
    bars: Bars, wt_channel: int, wt_average: int, wt_oversold: int, wt_overbought: int
) -> Signals:
    line, signal = wavetrend(bars.high, bars.low, bars.close, wt_channel, wt_average)
    return both_sides(
        long=crosses_above(line, signal) & (line < wt_oversold),
        short=crosses_below(line, signal) & (line > -wt_oversold),
        leave_long=line > wt_overbought,
        leave_short=line < -wt_overbought,
    )


def warmup(params: Params) -> int:
    # Each average's memory begins where that of the one before has ended; then the mean of four
    # that is the signal line, and the bar before a crossing.
    return 14 * (2 * int(params["wt_channel"]) + int(params["wt_average"])) + 4


WAVE_TREND = Strategy(
    number=58,
    name="WaveTrend",
    archetype="momentum",
    idea="A wave that turns far from the average swings to the other side of it.",
    rule=rule,
    space={
        "wt_channel": Int(10, 2, 250, (8, 10, 14), "span of the average and of its spread"),
        "wt_average": Int(21, 1, 250, (14, 21, 28), "span that smooths the index"),
        "wt_oversold": Int(-60, -200, 0, (-60, -53, -45), "turn below it to enter; mirrored"),
        "wt_overbought": Int(53, 0, 200, (45, 53, 60), "leave above; shorts mirrored"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
