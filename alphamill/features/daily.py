"""Context of whole days: the last completed sessions.

A session has ended at the close of the calendar's last bar, which is the first to know of it.
The one under way is never read as a day. The first session of the data counts for nothing: it may
have begun before them.
"""

from functools import partial
from typing import Any

import numpy as np

from alphamill.core.market import Bars, Floats
from alphamill.features.feature import LEGACY, Feature
from alphamill.features.measures import (
    HL,
    SESSIONS_A_YEAR,
    VOLUME,
    at_bars,
    of_price,
    quotient,
    session_price,
    session_returns,
    sessions_of,
)
from alphamill.indicators.candles import ibs
from alphamill.indicators.oscillators import cmo
from alphamill.indicators.persistence import efficiency_ratio
from alphamill.indicators.rolling import (
    percentile_rank,
    previous,
    rolling_max,
    rolling_min,
    rolling_std,
)
from alphamill.indicators.statistics import zscore
from alphamill.indicators.trend import sma
from alphamill.indicators.volatility import bollinger, true_range
from alphamill.indicators.volume import volume_ratio

ATR_SESSIONS = 14
SIGMAS = 2.0


def session_atr(bars: Bars) -> Floats:
    """Return the mean true range of 14 completed sessions, shape (n_sessions,)."""
    days = sessions_of(bars)
    return sma(true_range(days.high, days.low, days.close), ATR_SESSIONS)


def _return(bars: Bars, n_sessions: int) -> Floats:
    return at_bars(bars, session_returns(bars, n_sessions))


def _prev_return(bars: Bars) -> Floats:
    return at_bars(bars, previous(session_returns(bars)))


def _ibs(bars: Bars) -> Floats:
    days = sessions_of(bars)
    return at_bars(bars, ibs(days.high, days.low, days.close))


def _prev_ibs(bars: Bars) -> Floats:
    days = sessions_of(bars)
    return at_bars(bars, previous(ibs(days.high, days.low, days.close)))


def _rsi(bars: Bars, n_sessions: int) -> Floats:
    return at_bars(bars, 50.0 + cmo(sessions_of(bars).close, n_sessions) / 2.0)


def _zscore(bars: Bars, n_sessions: int) -> Floats:
    return at_bars(bars, zscore(sessions_of(bars).close, n_sessions))


def _dist_sma(bars: Bars, n_sessions: int) -> Floats:
    close = sessions_of(bars).close
    return at_bars(bars, quotient(close - sma(close, n_sessions), session_price(bars)))


def _atr_pct(bars: Bars) -> Floats:
    return at_bars(bars, quotient(session_atr(bars), session_price(bars)))


def _atr_zscore(bars: Bars, window: int) -> Floats:
    return at_bars(bars, zscore(session_atr(bars), window))


def _atr_percentile(bars: Bars, window: int) -> Floats:
    return at_bars(bars, percentile_rank(session_atr(bars), window))


def _range_pct(bars: Bars) -> Floats:
    days = sessions_of(bars)
    return at_bars(bars, quotient(days.high - days.low, session_price(bars)))


def _range_compression(bars: Bars) -> Floats:
    days = sessions_of(bars)
    return at_bars(bars, quotient(days.high - days.low, session_atr(bars)))


def _volatility(bars: Bars, n_sessions: int) -> Floats:
    spread = rolling_std(session_returns(bars), n_sessions)
    return at_bars(bars, spread * np.sqrt(SESSIONS_A_YEAR))


def _drift(bars: Bars, n_sessions: int) -> Floats:
    spread = rolling_std(session_returns(bars), n_sessions)
    return at_bars(bars, quotient(session_returns(bars, n_sessions), spread))


def _efficiency(bars: Bars, n_sessions: int) -> Floats:
    return at_bars(bars, efficiency_ratio(sessions_of(bars).close, n_sessions))


def _volume_zscore(bars: Bars, n_sessions: int) -> Floats:
    return at_bars(bars, zscore(sessions_of(bars).volume, n_sessions))


def _volume_ratio(bars: Bars, n_sessions: int) -> Floats:
    return at_bars(bars, volume_ratio(sessions_of(bars).volume, n_sessions))


def _percent_b(bars: Bars, n_sessions: int) -> Floats:
    place = zscore(sessions_of(bars).close, n_sessions, 0)
    return at_bars(bars, 0.5 + place / (2.0 * SIGMAS))


def _bandwidth(bars: Bars, n_sessions: int) -> Floats:
    band = bollinger(sessions_of(bars).close, n_sessions, SIGMAS, 0)
    return at_bars(bars, quotient(band.upper - band.lower, session_price(bars)))


def _from_high(bars: Bars, n_sessions: int) -> Floats:
    return of_price(
        bars, bars.close - at_bars(bars, rolling_max(sessions_of(bars).high, n_sessions))
    )


def _from_low(bars: Bars, n_sessions: int) -> Floats:
    return of_price(
        bars, bars.close - at_bars(bars, rolling_min(sessions_of(bars).low, n_sessions))
    )


day = partial(Feature, family="daily")


def over(name: str, meaning: str, n: int, more: int = 0, **facts: Any) -> Feature:
    """Return a row over ``n`` completed sessions and ``more`` before; the present one is beside."""
    params = {"n_sessions": n}
    return day(name=name, meaning=meaning, params=params, n_sessions=n + more + 1, **facts)


DAILY = (
    *(
        over(
            "daily_return" if n == 1 else f"daily_return_{n}",
            f"change over {n} completed session{'s' if n > 1 else ''}, fraction",
            n,
            1,
            function=_return,
            crosses=n == 1,
        )
        for n in (1, 5, 20)
    ),
    day(
        name="prev_day_pct",
        meaning="change of the session before the last completed one",
        function=_prev_return,
        n_sessions=4,
    ),
    day(
        name="daily_ibs",
        meaning="close's place in the session's range",
        function=_ibs,
        needs=HL,
        n_sessions=2,
    ),
    day(
        name="prev_daily_ibs",
        meaning="that of the session before",
        function=_prev_ibs,
        needs=HL,
        n_sessions=3,
    ),
    *(
        over(
            f"daily_rsi_{n}",
            "gains over gains and losses, plain sums, percent",
            n,
            1,
            function=_rsi,
            source="Cutler's form",
        )
        for n in (2, 5, 14)
    ),
    over(
        "daily_z_score",
        "deviations above the mean of 20",
        20,
        function=_zscore,
        crosses=True,
    ),
    *(
        over(f"daily_dist_sma_{n}", f"less its mean of {n}, fraction", n, function=_dist_sma)
        for n in (20, 50)
    ),
    day(
        name="daily_atr_pct",
        meaning="mean true range of 14, fraction of the price",
        function=_atr_pct,
        needs=HL,
        n_sessions=16,
    ),
    day(
        name="datrz",
        meaning="that range, deviations above its mean of 50",
        function=_atr_zscore,
        params={"window": 50},
        needs=HL,
        n_sessions=65,
    ),
    day(
        name="daily_atr_percentile",
        meaning="percent of the 59 ranges before that lie below",
        function=_atr_percentile,
        params={"window": 60},
        needs=HL,
        n_sessions=75,
        source=LEGACY,
    ),
    day(
        name="daily_range_pct",
        meaning="high less low, fraction of the price",
        function=_range_pct,
        needs=HL,
        n_sessions=2,
        source=LEGACY,
    ),
    day(
        name="daily_range_compression",
        meaning="high less low over the mean true range of 14",
        function=_range_compression,
        needs=HL,
        n_sessions=16,
        source=LEGACY,
    ),
    over(
        "daily_volatility_20",
        "deviation of 20 changes, fraction a year",
        20,
        1,
        function=_volatility,
    ),
    over(
        "daily_drift_20",
        "change over 20 in deviations of one",
        20,
        1,
        function=_drift,
        source=LEGACY,
    ),
    over("daily_efficiency_ratio_10", "way gained over way walked", 10, 1, function=_efficiency),
    over(
        "dvolz",
        "volume, deviations above its mean of 50",
        50,
        function=_volume_zscore,
        needs=VOLUME,
    ),
    over(
        "daily_volume_ratio",
        "volume over its mean of 20",
        20,
        function=_volume_ratio,
        needs=VOLUME,
        source=LEGACY,
    ),
    over("bb_pct_b_daily", "0 at the lower band, 1 at the upper", 20, function=_percent_b),
    over("bb_bandwidth_daily", "upper less lower band, fraction", 20, function=_bandwidth),
    over(
        "daily_pct_from_high_20",
        "present close less the highest high of 20, fraction",
        20,
        function=_from_high,
        needs=("high",),
    ),
    over(
        "daily_pct_from_low_20",
        "present close less the lowest low of 20, fraction",
        20,
        function=_from_low,
        needs=("low",),
    ),
)
