"""27 MeanReversionBands."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.indicators.volatility import bollinger
from alphamill.strategies.levels import exit_levels
from alphamill.strategies.says import both_sides


def rule(bars: Bars, mrb_length: int, mrb_std: float, mrb_exit_pct: float) -> Signals:
    band = bollinger(bars.close, mrb_length, mrb_std, ddof=1)
    long, short = crosses_below(bars.close, band.lower), crosses_above(bars.close, band.upper)
    # The way home is measured from the close that decided, not from the fill.
    goal = bars.close + mrb_exit_pct * (band.middle - bars.close)
    never = long & short
    return both_sides(long, short, never, never, *exit_levels(long, short, goals=(goal, goal)))


MEAN_REVERSION_BANDS = Strategy(
    number=27,
    name="MeanReversionBands",
    archetype="mean reversion",
    idea="A close that breaks out of its band goes most of the way back to the average.",
    rule=rule,
    space={
        "mrb_length": Int(30, 2, 500, (20, 30, 50), "bars of average and deviation"),
        "mrb_std": Float(2.0, 0.1, 10.0, (1.5, 2.0, 2.5), "half width in deviations"),
        "mrb_exit_pct": Float(0.75, 0.0, 2.0, (0.5, 0.75, 1.0), "share of the way to the average"),
    },
    warmup=lambda p: int(p["mrb_length"]) + 1,
    sides="both",
)
