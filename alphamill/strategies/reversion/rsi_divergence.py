"""22 RSIDivergence: the strength at a new low is compared with that at the low before it."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.momentum import rsi
from alphamill.indicators.rolling import (
    bars_since_max,
    previous,
    previous_max,
    previous_min,
    value_ago,
)
from alphamill.strategies.levels import exit_levels, unit_size
from alphamill.strategies.says import both_sides

# A low this much lower says that there was no turn.
FAILED_PERCENT = 0.5
# Closes that stand still keep their strength but for rounding, and rounding is no divergence.
ROUNDING = 1e-6


def rule(
    bars: Bars, rsi_div_length: int, rsi_div_lookback: int, rsi_div_overbought: int
) -> Signals:
    strength = rsi(bars.close, rsi_div_length)
    long, short = divergences(strength, bars.high, bars.low, rsi_div_lookback)
    stops = failures(bars.high, bars.low, unit_size(bars, "percent"))
    strong, weak = strength >= rsi_div_overbought, strength <= 100 - rsi_div_overbought
    return both_sides(long, short, strong, weak, *exit_levels(long, short, stops))


@memoised
def divergences(strength: Floats, high: Floats, low: Floats, n_bars: int) -> tuple[Flags, Flags]:
    """Return where a new low is less weak, and a new high less strong, than the one before."""
    new_low, new_high = low < previous_min(low, n_bars), high > previous_max(high, n_bars)
    since_low, since_high = bars_since(high, low, n_bars)
    long = new_low & (strength > value_ago(strength, since_low) + ROUNDING)
    short = new_high & (strength < value_ago(strength, since_high) - ROUNDING)
    return long, short


@memoised
def bars_since(high: Floats, low: Floats, n_bars: int) -> tuple[Floats, Floats]:
    """Return how many bars ago the low, and the high, of the bars before was."""
    since_low, since_high = bars_since_max(-low, n_bars), bars_since_max(high, n_bars)
    return previous(since_low) + 1, previous(since_high) + 1


@memoised
def failures(high: Floats, low: Floats, percent: Floats) -> tuple[Floats, Floats]:
    """Return the prices beyond which a low, and a high, was no turn."""
    return low - FAILED_PERCENT * percent, high + FAILED_PERCENT * percent


def warmup(params: Params) -> int:
    # The strength at the older low must have forgotten its seed too.
    return 28 * int(params["rsi_div_length"]) + int(params["rsi_div_lookback"]) + 1


RSI_DIVERGENCE = Strategy(
    number=22,
    name="RSIDivergence",
    archetype="mean reversion",
    idea="A new low on less weakness than the last one finds few sellers behind it.",
    rule=rule,
    space={
        "rsi_div_length": Int(14, 2, 100, (14, 21, 28), "Wilder's length"),
        "rsi_div_lookback": Int(10, 1, 250, (5, 10, 20), "bars among which the low before lies"),
        "rsi_div_overbought": Int(70, 50, 99, (65, 70, 75), "leave at or above; shorts mirrored"),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
