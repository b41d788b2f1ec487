"""11 StochasticRSI."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.momentum import stochastic_rsi
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars,
    stochrsi_length: int,
    stochrsi_stoch_length: int,
    stochrsi_oversold: int,
    stochrsi_overbought: int,
) -> Signals:
    place = stochastic_rsi(bars.close, stochrsi_length, stochrsi_stoch_length)
    return both_sides(
        long=crosses_above(place, stochrsi_oversold),
        short=crosses_below(place, 100 - stochrsi_oversold),
        leave_long=crosses_below(place, stochrsi_overbought),
        leave_short=crosses_above(place, 100 - stochrsi_overbought),
    )


STOCHASTIC_RSI = Strategy(
    number=11,
    name="StochasticRSI",
    archetype="momentum",
    idea="Strength that leaves the bottom of its own range has turned.",
    rule=rule,
    space={
        "stochrsi_length": Int(14, 2, 100, (14, 21, 28), "Wilder's length"),
        "stochrsi_stoch_length": Int(14, 2, 250, (14, 21), "bars of the index's own range"),
        "stochrsi_oversold": Int(20, 1, 50, (10, 20, 30), "enter on crossing up; shorts mirrored"),
        "stochrsi_overbought": Int(
            80, 50, 99, (70, 80, 90), "leave on crossing down; shorts mirrored"
        ),
    },
    # 28 lengths of changes and the close before them, the range, and the bar before a crossing.
    warmup=lambda p: 28 * int(p["stochrsi_length"]) + int(p["stochrsi_stoch_length"]) + 1,
    sides="both",
    canonical=ordered("stochrsi_oversold", "stochrsi_overbought"),
)
