"""10 IchimokuCloud."""

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.directional import ichimoku
from alphamill.indicators.rolling import previous
from alphamill.indicators.trend import crosses_above, crosses_below
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered

SPAN_B_BARS = 52


def rule(bars: Bars, ich_tenkan: int, ich_kijun: int) -> Signals:
    tenkan, kijun, span_a, span_b = ichimoku(
        bars.high, bars.low, ich_tenkan, ich_kijun, SPAN_B_BARS
    )
    top, bottom = np.maximum(span_a, span_b), np.minimum(span_a, span_b)
    # What the lagging line would confirm, without drawing today's close into the past.
    before = previous(bars.close, ich_kijun)
    return both_sides(
        long=crosses_above(tenkan, kijun) & (bars.close > top) & (bars.close > before),
        short=crosses_below(tenkan, kijun) & (bars.close < bottom) & (bars.close < before),
        leave_long=(bars.close <= top) | (tenkan < kijun),
        leave_short=(bars.close >= bottom) | (tenkan > kijun),
    )


def warmup(params: Params) -> int:
    kijun = int(params["ich_kijun"])
    return max(SPAN_B_BARS, int(params["ich_tenkan"]), kijun) + kijun


ICHIMOKU_CLOUD = Strategy(
    number=10,
    name="IchimokuCloud",
    archetype="trend",
    idea="A turn above the cloud of older prices is a turn with the trend.",
    rule=rule,
    space={
        "ich_tenkan": Int(9, 1, 200, (9, 12), "bars of the fast line"),
        "ich_kijun": Int(
            26, 2, 500, (26, 30), "bars of the slow line and of the cloud's displacement"
        ),
    },
    warmup=warmup,
    needs=frozenset({"ohlc"}),
    sides="both",
    canonical=ordered("ich_tenkan", "ich_kijun"),
)
