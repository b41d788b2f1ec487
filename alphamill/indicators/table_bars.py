"""Rows of the table: windows, candles, volume, sessions and pivots."""

from functools import partial

from alphamill.indicators import candles, flow, pivots, rolling, session, volume
from alphamill.indicators.indicator import Indicator, always, n_bars, spans, whole_history
from alphamill.indicators.session import LONGEST_SESSION_BARS

X = ("close",)
CV = ("close", "volume")
HLCV = ("high", "low", "close", "volume")
OHLC = ("open", "high", "low", "close")
SESSION_HLC = ("session", "high", "low", "close")

TWIN = "readable twin"
# The bar before a session must be there, or nobody can say that it began.
SINCE_OPEN = always(LONGEST_SESSION_BARS + 1)
TWO_SESSIONS = always(2 * LONGEST_SESSION_BARS)


window = partial(Indicator, "windows")
WINDOWS = (
    window(rolling.rolling_mean, X, {"n_bars": 20}, n_bars(), "TA-Lib SMA; readable twin"),
    window(rolling.rolling_std, X, {"n_bars": 20}, n_bars(), "spy_var.txt; readable twin"),
    window(rolling.rolling_max, X, {"n_bars": 20}, n_bars(), "spy_max.txt, spy_with_don50.txt"),
    window(rolling.rolling_min, X, {"n_bars": 20}, n_bars(), "spy_min.txt, spy_with_don50.txt"),
    window(rolling.previous_max, X, {"n_bars": 20}, n_bars(1), TWIN),
    window(rolling.previous_min, X, {"n_bars": 20}, n_bars(1), TWIN),
    window(rolling.percentile_rank, X, {"n_bars": 20}, n_bars(), TWIN),
    window(rolling.bars_since_max, X, {"n_bars": 20}, n_bars(), TWIN),
    window(rolling.streak, ("flag",), {}, whole_history, TWIN),
    window(rolling.previous, X, {"n_bars": 1}, n_bars(1), "hand-worked"),
    window(rolling.value_ago, ("close", "lag"), {}, whole_history, "hand-worked"),
)

candle = partial(Indicator, "candles")
CANDLES = (
    candle(candles.ibs, ("high", "low", "close"), {}, always(1), "spy_with_ibs.csv"),
    candle(candles.body_share, OHLC, {}, always(1), "hand-worked"),
    candle(candles.shadows, OHLC, {}, always(1), TWIN),
    candle(candles.engulfing, ("open", "close"), {}, always(2), "spy_candle_patterns.txt"),
    candle(
        candles.pattern,
        OHLC,
        {"name": "doji"},
        lambda p: candles.pattern_bars(p["name"]),
        "spy_candle_patterns.txt, ewz_candle_patterns.txt",
    ),
    candle(candles.heikin_ashi, OHLC, {}, always(45), "spy_heikin_ashi.txt", fades=True),
)

traded = partial(Indicator, "volume")
VOLUME = (
    traded(volume.volume_ratio, ("volume",), {"n_bars": 20}, n_bars(), "hand-worked"),
    traded(volume.money_flow_volume, HLCV, {}, always(1), TWIN),
    traded(volume.accumulation_distribution, HLCV, {}, whole_history, "TA-Lib AD"),
    traded(
        volume.chaikin_oscillator,
        HLCV,
        {"fast_bars": 3, "slow_bars": 10},
        lambda p: 16 * max(p["fast_bars"], p["slow_bars"]),
        "TA-Lib ADOSC",
        fades=True,
    ),
    traded(volume.chaikin_money_flow, HLCV, {"n_bars": 20}, n_bars(), "spy_cmf.txt"),
    traded(volume.mfi, HLCV, {"n_bars": 14}, n_bars(1), "TA-Lib MFI; readable twin"),
    traded(volume.obv, CV, {}, whole_history, "TA-Lib OBV; spy_with_obv.txt"),
    traded(volume.pvt, CV, {}, whole_history, TWIN),
    traded(flow.rolling_vwap, (*OHLC, "volume"), {"n_bars": 50}, n_bars(), "spy_with_vwap.txt"),
    traded(
        flow.volume_oscillator,
        ("volume",),
        {"fast_bars": 5, "slow_bars": 20},
        lambda p: max(p["fast_bars"], p["slow_bars"]),
        TWIN,
    ),
    traded(flow.smoothed_obv, CV, {"n_bars": 20}, whole_history, "spy_with_sobv.csv"),
    traded(
        flow.force_index, CV, {"n_bars": 13}, spans(16, 1), "spy_with_ForceIndex.csv", fades=True
    ),
    traded(
        flow.ease_of_movement, ("high", "low", "volume"), {"n_bars": 14}, n_bars(1), "spy_emv.txt"
    ),
    traded(
        flow.klinger,
        HLCV,
        {"fast_bars": 34, "slow_bars": 55, "signal_bars": 13},
        whole_history,
        "spy_with_kvo.csv",
    ),
    traded(flow.negative_volume_index, CV, {}, whole_history, TWIN),
    traded(flow.positive_volume_index, CV, {}, whole_history, TWIN),
    traded(
        flow.relative_session_volume,
        ("session", "cash_minute", "volume"),
        {"n_sessions": 5},
        lambda p: (p["n_sessions"] + 1) * LONGEST_SESSION_BARS + 1,
        "spy_rdv.txt; readable twin",
    ),
)

day = partial(Indicator, "sessions")
SESSIONS = (
    day(session.session_starts, ("session",), {}, always(2), TWIN),
    day(session.bars_into_session, ("session",), {}, SINCE_OPEN, TWIN),
    day(session.bars_into_cash, ("session", "cash_minute"), {}, SINCE_OPEN, TWIN),
    day(session.session_open, ("session", "open"), {}, SINCE_OPEN, TWIN),
    day(session.session_extremes, ("session", "high", "low"), {}, SINCE_OPEN, TWIN),
    day(session.prior_session, SESSION_HLC, {}, TWO_SESSIONS, TWIN),
    day(
        session.session_vwap,
        ("session", *HLCV),
        {},
        SINCE_OPEN,
        "spy_with_vwap.txt; readable twin",
    ),
    day(session.weekday_of_month, ("session",), {}, always(1), "the calendar, day by day"),
)

turn = partial(Indicator, "pivots")
PIVOTS = (
    turn(
        pivots.pivot_high,
        ("high",),
        {"n_bars": 2},
        lambda p: 2 * p["n_bars"] + 1,
        "spy_pivot_pnt_hl.txt",
    ),
    turn(
        pivots.pivot_low,
        ("low",),
        {"n_bars": 2},
        lambda p: 2 * p["n_bars"] + 1,
        "spy_pivot_pnt_hl.txt",
    ),
    turn(
        pivots.zigzag,
        ("high", "low"),
        {"percent": 5.0, "n_bars": 1},
        whole_history,
        "spy_zigzag.csv",
    ),
    turn(pivots.classic_pivots, SESSION_HLC, {}, TWO_SESSIONS, "hand-worked"),
    turn(pivots.fibonacci_pivots, SESSION_HLC, {}, TWO_SESSIONS, "hand-worked"),
    turn(pivots.camarilla_pivots, SESSION_HLC, {}, TWO_SESSIONS, "hand-worked"),
)
