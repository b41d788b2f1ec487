"""42 GapDownReversal."""

from alphamill.core.market import Bars, Flags, Floats, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous
from alphamill.indicators.volatility import previous_donchian
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import traded


def rule(bars: Bars, exit_lookback: int, min_gap_pct: float) -> Signals:
    paid = traded(bars, bars.low), traded(bars, bars.high)
    gap_down, gap_up = gaps(bars.open, bars.low, bars.high, *paid, min_gap_pct)
    bought, sold = turns(bars.open, bars.close)
    channel = previous_donchian(bars.high, bars.low, exit_lookback)
    return both_sides(
        long=bought & gap_down,
        short=sold & gap_up,
        leave_long=bars.close > channel.upper,
        leave_short=bars.close < channel.lower,
    )


@memoised
def gaps(
    open_: Floats, low: Floats, high: Floats, paid_low: Floats, paid_high: Floats, percent: float
) -> tuple[Flags, Flags]:
    """Return where a bar opens by ``percent`` below the one before, and by as much above it."""
    below, above = previous(low), previous(high)
    least_down, least_up = (percent / 100.0 * previous(paid) for paid in (paid_low, paid_high))
    gap_down = (open_ < below) & (below - open_ >= least_down)
    gap_up = (open_ > above) & (open_ - above >= least_up)
    return gap_down, gap_up


@memoised
def turns(open_: Floats, close: Floats) -> tuple[Flags, Flags]:
    """Return where a bar that rises follows one that fell, and where it is the reverse."""
    opened, closed = previous(open_), previous(close)
    return (closed < opened) & (close > open_), (closed > opened) & (close < open_)


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
