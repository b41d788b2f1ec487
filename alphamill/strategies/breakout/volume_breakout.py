"""29 VolumeBreakout."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.indicators.volatility import previous_donchian
from alphamill.indicators.volume import volume_ratio
from alphamill.strategies.levels import exit_levels
from alphamill.strategies.says import both_sides

DRIED_UP = 0.8


def rule(bars: Bars, vb_lookback: int, vb_vol_mult: float, vb_vol_period: int) -> Signals:
    channel = previous_donchian(bars.high, bars.low, vb_lookback)
    ratio = volume_ratio(bars.volume, vb_vol_period)
    loud, dried_up = ratio >= vb_vol_mult, ratio < DRIED_UP
    long = crosses_above(bars.close, channel.upper) & loud
    short = crosses_below(bars.close, channel.lower) & loud
    levels = exit_levels(long, short, stops=(bars.low, bars.high))
    return both_sides(long, short, dried_up, dried_up, *levels)


VOLUME_BREAKOUT = Strategy(
    number=29,
    name="VolumeBreakout",
    archetype="breakout",
    idea="A new high on unusual volume is one that many wanted.",
    rule=rule,
    space={
        "vb_lookback": Int(20, 1, 500, (10, 20, 30), "bars whose extreme is broken"),
        "vb_vol_mult": Float(2.0, 0.1, 20.0, (1.5, 2.0, 2.5), "least volume, in usual volumes"),
        "vb_vol_period": Int(
            30, 2, 500, (20, 30, 50), "bars of the usual volume, this one included"
        ),
    },
    warmup=lambda p: max(int(p["vb_lookback"]) + 2, int(p["vb_vol_period"])),
    needs=frozenset({"ohlc", "volume"}),
    sides="both",
)
