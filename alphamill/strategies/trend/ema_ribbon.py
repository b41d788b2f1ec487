"""18 EMARibbon."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params, Value
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import previous, streak
from alphamill.indicators.trend import ema
from alphamill.strategies.says import both_sides


def rule(bars: Bars, ribbon_fast: int, ribbon_slow: int) -> Signals:
    spans = (ribbon_fast, *middles(ribbon_fast, ribbon_slow), ribbon_slow)
    fast, second, third, slow = (ema(bars.close, n_bars) for n_bars in spans)
    rising = (fast > second) & (second > third) & (third > slow)
    falling = (fast < second) & (second < third) & (third < slow)
    was_known = np.isfinite(previous(slow))
    return both_sides(
        long=(streak(rising) == 1) & was_known,
        short=(streak(falling) == 1) & was_known,
        leave_long=fast < slow,
        leave_short=fast > slow,
    )


def middles(fast: int, slow: int) -> tuple[int, int]:
    """Return the two spans between, each as many times the one before."""
    step = (slow / fast) ** (1.0 / 3.0)
    return round(fast * step), round(fast * step**2)


def canonical(params: Params) -> dict[str, Value] | None:
    fast, slow = int(params["ribbon_fast"]), int(params["ribbon_slow"])
    second, third = middles(fast, slow)
    return dict(params) if fast < second < third < slow else None


EMA_RIBBON = Strategy(
    number=18,
    name="EMARibbon",
    archetype="trend",
    idea="When short and long memories first agree in full order, a trend is under way.",
    rule=rule,
    space={
        "ribbon_fast": Int(13, 1, 250, (8, 13, 21), "shortest span"),
        "ribbon_slow": Int(55, 4, 1000, (34, 55, 89), "longest span; two more lie between"),
    },
    warmup=lambda p: 14 * int(p["ribbon_slow"]) + 1,
    sides="both",
    canonical=canonical,
)
