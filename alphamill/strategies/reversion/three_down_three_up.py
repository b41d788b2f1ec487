"""50 ThreeDownThreeUp."""

from alphamill.core.market import Bars, Floats, Ints, Signals
from alphamill.core.params import Bool, Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.memo import memoised
from alphamill.indicators.rolling import previous, streak
from alphamill.indicators.trend import ema
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import unread_without


def rule(
    bars: Bars,
    consecutive_down_entry: int,
    consecutive_up_exit: int,
    ema_period: int,
    use_ema_filter: bool,
) -> Signals:
    fell, rose = runs(bars.close)
    long, short = fell >= consecutive_down_entry, rose >= consecutive_down_entry
    if use_ema_filter:
        trend = ema(bars.close, ema_period)
        long, short = long & (bars.close > trend), short & (bars.close < trend)
    return both_sides(
        long, short, leave_long=rose >= consecutive_up_exit, leave_short=fell >= consecutive_up_exit
    )


@memoised
def runs(close: Floats) -> tuple[Ints, Ints]:
    """Return how many closes in a row, the present one last, have fallen and have risen."""
    before = previous(close)
    return streak(close < before), streak(close > before)


def warmup(params: Params) -> int:
    rows = max(int(params["consecutive_down_entry"]), int(params["consecutive_up_exit"])) + 1
    return max(rows, 14 * int(params["ema_period"])) if params["use_ema_filter"] else rows


THREE_DOWN_THREE_UP = Strategy(
    number=50,
    name="ThreeDownThreeUp",
    archetype="mean reversion",
    idea="After days of falling the bounce lasts about as many days.",
    rule=rule,
    space={
        "consecutive_down_entry": Int(3, 1, 50, (2, 3, 4), "lower closes to enter; shorts higher"),
        "consecutive_up_exit": Int(3, 1, 50, (2, 3, 4), "higher closes to leave; shorts lower"),
        "ema_period": Int(200, 2, 1000, (100, 150, 200), "span of the trend filter"),
        "use_ema_filter": Bool(False, (True, False), "enter with the trend only"),
    },
    warmup=warmup,
    sides="both",
    canonical=unread_without("use_ema_filter", "ema_period", 200),
)
