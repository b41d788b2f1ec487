"""3 ThreeBarReversal."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous, streak
from alphamill.strategies.levels import unit_size
from alphamill.strategies.says import both_sides
from alphamill.strategies.units import ATR_WARMUP, UNIT

STREAK_BARS = 3


def rule(bars: Bars, tbr_reversal_pct: float, tbr_exit_bars: int, unit: str) -> Signals:
    before = previous(bars.close)
    fell, rose = streak(bars.close < before), streak(bars.close > before)
    recovered = tbr_reversal_pct * unit_size(bars, unit)
    return both_sides(
        long=(previous(fell) >= STREAK_BARS) & (rose > 0) & (bars.close - bars.low >= recovered),
        short=(previous(rose) >= STREAK_BARS) & (fell > 0) & (bars.high - bars.close >= recovered),
        leave_long=rose >= tbr_exit_bars,
        leave_short=fell >= tbr_exit_bars,
    )


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
