"""62 LinearRegressionChannel."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.channels import linear_regression_channel
from alphamill.strategies.says import both_sides

# A price on a straight line is off it by less than this share of itself, and the line has no width.
ROUNDING = 1e-12


def rule(bars: Bars, lrc_length: int, lrc_width: float) -> Signals:
    band = linear_regression_channel(bars.close, lrc_length, lrc_width)
    noise = ROUNDING * np.abs(bars.close)
    return both_sides(
        long=bars.close < band.lower - noise,
        short=bars.close > band.upper + noise,
        leave_long=bars.close > band.middle + noise,
        leave_short=bars.close < band.middle - noise,
    )


LINEAR_REGRESSION_CHANNEL = Strategy(
    number=62,
    name="LinearRegressionChannel",
    archetype="mean reversion",
    idea="A close far off the line of its own trend comes back to the line.",
    rule=rule,
    space={
        # The present close is on the line too: of few bars it never lies two deviations away.
        "lrc_length": Int(20, 5, 500, (15, 20, 30, 50), "bars of the line"),
        "lrc_width": Float(2.0, 0.1, 10.0, (1.5, 2.0, 2.5), "half width in standard errors"),
    },
    warmup=lambda p: int(p["lrc_length"]),
    sides="both",
)
