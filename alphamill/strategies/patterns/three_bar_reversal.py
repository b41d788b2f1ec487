"""3 ThreeBarReversal."""

from alphamill.core.market import Bars, Flags, Floats, Ints, Signals
from alphamill.core.params import Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.levels import unit_size
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, UNIT

STREAK_BARS = 3


def rule(bars: Bars, tbr_reversal_pct: float, tbr_exit_bars: int, unit: str) -> Signals:
    fell, rose = runs(bars.close)
    turned_up, turned_down = turns(fell, rose)
    recovered = tbr_reversal_pct * unit_size(bars, unit)
    return both_sides(
        long=turned_up & (bars.close - bars.low >= recovered),
        short=turned_down & (bars.high - bars.close >= recovered),
        leave_long=rose >= tbr_exit_bars,
        leave_short=fell >= tbr_exit_bars,
    )


@memoised
def runs(close: Floats) -> tuple[Ints, Ints]:
    """Return how many closes in a row, the present one last, have fallen and have risen."""
    before = previous(close)
    return streak(close < before), streak(close > before)


@memoised
def turns(fell: Ints, rose: Ints) -> tuple[Flags, Flags]:
    """Return where a long enough fall, and a long enough rise, has just ended."""
    turned_up = (previous(fell) >= STREAK_BARS) & (rose > 0)
    turned_down = (previous(rose) >= STREAK_BARS) & (fell > 0)
    return turned_up, turned_down


def warmup(params: Params) -> int:
    rows = max(STREAK_BARS + 2, int(params["tbr_exit_bars"]) + 1)
    return max(rows, ATR_WARMUP) if params["unit"] == "atr" else rows


THREE_BAR_REVERSAL = Strategy(
    number=3,
    name="ThreeBarReversal",
    archetype="mean reversion",
    idea="The first higher close after three lower ones, well off its low, ends the fall.",
    rule=rule,
    space={
        "tbr_reversal_pct": Float(
            0.2, 0.0, 20.0, (0.0, 0.2, 0.5, 1.0), "least way of the close from the low, in units"
        ),
        "tbr_exit_bars": Int(3, 1, 50, (2, 3, 4), "closes in a row that end it"),
        "unit": UNIT,
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
)
