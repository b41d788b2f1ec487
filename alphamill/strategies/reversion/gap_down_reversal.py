"""42 GapDownReversal."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous
from alphamill.indicators.volatility import previous_donchian
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import traded


def rule(bars: Bars, exit_lookback: int, min_gap_pct: float) -> Signals:
    opened, closed, low, high = map(previous, (bars.open, bars.close, bars.low, bars.high))
    least_down, least_up = (
        min_gap_pct / 100.0 * previous(traded(bars, price)) for price in (bars.low, bars.high)
    )
    gap_down = (bars.open < low) & (low - bars.open >= least_down)
    gap_up = (bars.open > high) & (bars.open - high >= least_up)
    channel = previous_donchian(bars.high, bars.low, exit_lookback)
    return both_sides(
        long=(closed < opened) & gap_down & (bars.close > bars.open),
        short=(closed > opened) & gap_up & (bars.close < bars.open),
        leave_long=bars.close > channel.upper,
        leave_short=bars.close < channel.lower,
    )


GAP_DOWN_REVERSAL = Strategy(
    number=42,
    name="GapDownReversal",
    archetype="gap reversal",
    idea="A fall that goes on overnight and is bought at once was the last of the sellers.",
    rule=rule,
    space={
        "exit_lookback": Int(7, 1, 250, (5, 7, 10), "bars whose extreme, broken, ends it"),
        "min_gap_pct": Float(0.0, 0.0, 20.0, (0.0, 0.1, 0.25), "least gap, percent of the price"),
    },
    warmup=lambda p: int(p["exit_lookback"]) + 1,
    needs=frozenset({"ohlc"}),
    sides="both",
)
