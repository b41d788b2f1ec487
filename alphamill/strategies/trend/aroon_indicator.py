"""33 AroonIndicator."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float, Int
from alphamill.core.strategy import Strategy
from alphamill.indicators.directional import aroon
from alphamill.indicators.trend import crosses_above
from alphamill.strategies.says import both_sides


def rule(bars: Bars, aroon_period: int, aroon_threshold: float) -> Signals:
    up, down = aroon(bars.high, bars.low, aroon_period)
    return both_sides(
        long=crosses_above(up, down) & (up >= aroon_threshold),
        short=crosses_above(down, up) & (down >= aroon_threshold),
        leave_long=(down > up) | (up < aroon_threshold),
        leave_short=(up > down) | (down < aroon_threshold),
    )


AROON_INDICATOR = Strategy(
    number=33,
    name="AroonIndicator",
    archetype="trend",
    idea="A high fresher than the low says which way the market looks.",
    rule=rule,
    space={
        "aroon_period": Int(25, 2, 500, (14, 25, 50), "age at which an extreme counts nothing"),
        "aroon_threshold": Float(70.0, 0.0, 100.0, (50.0, 70.0, 90.0), "least freshness, percent"),
    },
    warmup=lambda p: int(p["aroon_period"]) + 2,
    needs=frozenset({"ohlc"}),
    sides="both",
)
