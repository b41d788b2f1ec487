"""30 MomentumFade, in deviations of one bar's change; ``unit`` "percent" is the registry's form.

A fall of 5 to 10 percent in 5 to 20 quarter hours hardly ever comes.
"""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Choice, Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import momentum
from alphamill.indicators.rolling import previous, rolling_std
from alphamill.indicators.trend import crosses_above, crosses_below, sma
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import traded

SIGMA_BARS = 50
# The fall is over once less than this of it is left.
SPENT = 2.0


def rule(bars: Bars, mf_period: int, mf_threshold: float, mf_ma_length: int, unit: str) -> Signals:
    moved, mean = momentum(bars.close, mf_period), sma(bars.close, mf_ma_length)
    size = one(bars, mf_period, unit)
    plunged, soared = far(moved, size, mf_threshold)
    above, below = spent(moved, size)
    return both_sides(
        long=plunged & (bars.close < mean),
        short=soared & (bars.close > mean),
        leave_long=above | (bars.close >= mean),
        leave_short=below | (bars.close <= mean),
    )


def one(bars: Bars, n_bars: int, unit: str) -> Floats:
    """Return one unit in quote currency: a deviation, or a percent of the close ``n_bars`` ago."""
    if unit == "percent":
        return percent_ago(traded(bars, bars.close), n_bars)
    return rolling_std(momentum(bars.close, 1), SIGMA_BARS)


@memoised
def percent_ago(price: Floats, n_bars: int) -> Floats:
    return previous(price, n_bars) / 100.0


@memoised
def far(moved: Floats, size: Floats, n_units: float) -> tuple[Flags, Flags]:
    """Return where the move has just become a fall, and a rise, of more than ``n_units``."""
    return crosses_below(moved, -n_units * size), crosses_above(moved, n_units * size)


@memoised
def spent(moved: Floats, size: Floats) -> tuple[Flags, Flags]:
    """Return where a fall, and a rise, is over."""
    return moved > -SPENT * size, moved < SPENT * size


def warmup(params: Params) -> int:
    sigma = SIGMA_BARS + 2 if params["unit"] == "sigma" else 0
    return max(sigma, int(params["mf_period"]) + 2, int(params["mf_ma_length"]))


MOMENTUM_FADE = Strategy(
    number=30,
    name="MomentumFade",
    archetype="mean reversion",
    idea="A fall much faster than usual overshoots.",
    rule=rule,
    space={
        "mf_period": Int(10, 1, 500, (5, 10, 20), "bars over which the price has moved"),
        "mf_threshold": Float(7.0, 0.1, 100.0, (5.0, 7.0, 10.0), "least move, in units"),
        "mf_ma_length": Int(50, 1, 1000, (20, 50, 100), "bars of the average"),
        "unit": Choice("sigma", ("sigma", "percent"), (), "deviations of a bar's change, or %"),
    },
    warmup=warmup,
    sides="both",
)
