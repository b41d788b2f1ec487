"""68 DailyTrendPullback: the trend is read off whole sessions, the pullback off the bars.

The trend is the close of the last completed session against the mean of the last sessions'
closes; a session is completed at its last bar's close, never before.
"""

from alphamill.core.market import Bars, Signals, as_of
from alphamill.core.params import Int, Params
from alphamill.core.strategy import Strategy
from alphamill.indicators.higher import completed_sessions
from alphamill.indicators.momentum import rsi
from alphamill.indicators.session import LONGEST_SESSION_BARS
from alphamill.indicators.trend import sma
from alphamill.strategies.says import both_sides
from alphamill.strategies.sets import ordered


def rule(
    bars: Bars, dtp_trend_sessions: int, dtp_rsi_length: int, dtp_oversold: int, dtp_overbought: int
) -> Signals:
    days = completed_sessions(
        bars.session, bars.session_end, bars.open, bars.high, bars.low, bars.close, bars.volume
    )
    trend = as_of(days.close - sma(days.close, dtp_trend_sessions), days.last)
    strength = rsi(bars.close, dtp_rsi_length)
    return both_sides(
        long=(trend > 0.0) & (strength < dtp_oversold),
        short=(trend < 0.0) & (strength > 100 - dtp_oversold),
        leave_long=strength > dtp_overbought,
        leave_short=strength < 100 - dtp_overbought,
    )


def warmup(params: Params) -> int:
    # One session more: the first of a window may have begun before it.
    n_sessions = int(params["dtp_trend_sessions"]) + 1
    return max(n_sessions * LONGEST_SESSION_BARS, 28 * int(params["dtp_rsi_length"]) + 1)


DAILY_TREND_PULLBACK = Strategy(
    number=68,
    name="DailyTrendPullback",
    archetype="multi-timeframe",
    idea="Within a day, selling against the trend of the days is a pause of those who wait to buy.",
    rule=rule,
    space={
        "dtp_trend_sessions": Int(50, 2, 250, (20, 50, 100), "sessions of the trend's average"),
        "dtp_rsi_length": Int(2, 2, 100, (2, 3), "Wilder's length, in bars"),
        "dtp_oversold": Int(10, 1, 50, (5, 10), "enter below; short above 100 less this"),
        "dtp_overbought": Int(65, 50, 99, (65, 75), "leave above; shorts mirrored"),
    },
    warmup=warmup,
    needs=frozenset({"intraday"}),
    sides="both",
    canonical=ordered("dtp_oversold", "dtp_overbought"),
)
