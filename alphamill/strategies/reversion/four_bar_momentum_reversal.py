"""46 FourBarMomentumReversal."""

from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.says import both_sides


def rule(bars: Bars, lookback: int, buy_threshold: int) -> Signals:
    n_below, n_above = runs(bars.close, lookback)
    return both_sides(
        long=n_below >= buy_threshold,
        short=n_above >= buy_threshold,
        leave_long=bars.close > previous(bars.high),
        leave_short=bars.close < previous(bars.low),
    )


@memoised
def runs(close: Floats, n_bars: int) -> tuple[Ints, Ints]:
    """Return how many closes in a row lie below, and above, the one ``n_bars`` before each."""
    before = previous(close, n_bars)
    return streak(close < before), streak(close > before)


FOUR_BAR_MOMENTUM_REVERSAL = Strategy(
    number=46,
    name="FourBarMomentumReversal",
    archetype="mean reversion",
    idea="A price that has lost ground for days on end is due for a bounce.",
    rule=rule,
    space={
        "lookback": Int(4, 1, 250, (3, 4, 5), "bars back to the close compared with"),
        "buy_threshold": Int(4, 1, 50, (3, 4, 5), "least bars in a row below it; shorts above"),
    },
    warmup=lambda p: int(p["lookback"]) + int(p["buy_threshold"]),
    needs=frozenset({"ohlc"}),
    sides="both",
)
