"""24 VWAPReversion: the average begins anew with each session."""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Float
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import rolling_std
from alphamill.indicators.session import LONGEST_SESSION_BARS, session_vwap
from alphamill.strategies.says import both_sides

SIGMA_BARS = 20


def rule(bars: Bars, vwap_std_threshold: float) -> Signals:
    vwap = session_vwap(bars.session, bars.high, bars.low, bars.close, bars.volume)
    reach = vwap_std_threshold * rolling_std(bars.close - vwap, SIGMA_BARS)
    return both_sides(
        long=bars.close < vwap - reach,
        short=bars.close > vwap + reach,
        leave_long=bars.close >= vwap,
        leave_short=bars.close <= vwap,
    )


VWAP_REVERSION = Strategy(
    number=24,
    name="VWAPReversion",
    archetype="mean reversion",
    idea="Large orders are worked near the day's average price and pull strays back to it.",
    rule=rule,
    space={
        "vwap_std_threshold": Float(
            2.0, 0.1, 10.0, (1.5, 2.0, 2.5, 3.0), "deviations of the distance from the average"
        )
    },
    # The deviation may reach into the session before, whose average needs its first bar.
    warmup=lambda _: 2 * LONGEST_SESSION_BARS,
    needs=frozenset({"ohlc", "volume", "intraday"}),
    sides="both",
)
