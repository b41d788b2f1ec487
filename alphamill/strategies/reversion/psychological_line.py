"""66 PsychologicalLine; its overbought side is the line of the falls.

Unchanged closes are no rises. Were they to count against the rise only, a price at rest would be
a bargain; counted against both, it is on both sides at once, and so on neither.
"""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params, Value
from alphamill.core.strategy import Strategy
from alphamill.indicators.oscillators import psychological_line
from alphamill.strategies.says import both_sides


def rule(bars: Bars, psy_length: int, psy_oversold: int, psy_overbought: int) -> Signals:
    rose = psychological_line(bars.close, psy_length)
    fell = psychological_line(-bars.close, psy_length)
    return both_sides(
        long=rose <= psy_oversold,
        short=fell <= psy_oversold,
        leave_long=rose >= psy_overbought,
        leave_short=fell >= psy_overbought,
    )


def canonical(params: Params) -> dict[str, Value]:
    # Shares move in steps of one bar: the outermost percent stands for all that reach its step.
    n_bars = int(params["psy_length"])
    few = int(params["psy_oversold"]) * n_bars // 100
    many = -(-int(params["psy_overbought"]) * n_bars // 100)
    return {
        **params,
        "psy_oversold": -(-100 * few // n_bars),
        "psy_overbought": 100 * many // n_bars,
    }


PSYCHOLOGICAL_LINE = Strategy(
    number=66,
    name="PsychologicalLine",
    archetype="mean reversion",
    idea="When hardly anyone has seen a rise for days, those who wanted to sell have sold.",
    rule=rule,
    space={
        "psy_length": Int(12, 2, 100, (10, 12, 20), "bars whose changes are counted"),
        "psy_oversold": Int(25, 0, 49, (15, 25, 35), "enter at or below; shorts for falls"),
        "psy_overbought": Int(75, 51, 100, (65, 75, 85), "leave at or above; shorts for falls"),
    },
    warmup=lambda p: int(p["psy_length"]) + 1,
    sides="both",
    canonical=canonical,
)
