"""35 ChaikinOscillator."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.indicators.volume import chaikin_oscillator
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(bars: Bars, co_fast: int, co_slow: int) -> Signals:
    flow = chaikin_oscillator(bars.high, bars.low, bars.close, bars.volume, co_fast, co_slow)
    return both_sides(
        long=crosses_above(flow, 0.0),
        short=crosses_below(flow, 0.0),
        leave_long=flow < 0.0,
        leave_short=flow > 0.0,
    )


def warmup(params: Params) -> int:
    # The first flow of a window is not known, a crossing needs the bar before it.
    return 14 * max(int(params["co_fast"]), int(params["co_slow"])) + 2


CHAIKIN_OSCILLATOR = Strategy(
    number=35,
    name="ChaikinOscillator",
    archetype="trend",
    idea="Buying that gathers speed shows in the volume before it shows in the price.",
    rule=rule,
    space={
        "co_fast": Int(3, 1, 250, (3, 5, 8), "span of the fast average"),
        "co_slow": Int(10, 2, 500, (10, 15, 20), "span of the slow average"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc", "volume"}),
    sides="both",
    canonical=ordered("co_fast", "co_slow"),
)
