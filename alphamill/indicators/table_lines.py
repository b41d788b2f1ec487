"""Rows of the table: lines and channels that lie among the prices."""

from functools import partial

from alphamill.indicators import channels, trend, volatility
from alphamill.indicators.indicator import Indicator, always, n_bars, spans, whole_history
from alphamill.indicators.session import LONGEST_SESSION_BARS

X = ("close",)
HL = ("high", "low")
HLC = ("high", "low", "close")

TWIN = "readable twin"

average = partial(Indicator, "averages")
AVERAGES = (
    average(trend.sma, X, {"n_bars": 20}, n_bars(), "TA-Lib SMA; spy_with_indicators.txt"),
    average(trend.ema, X, {"n_bars": 20}, spans(14), "spy_ema.csv; readable twin", fades=True),
    average(
        trend.ema_from_mean, X, {"n_bars": 20}, spans(14), "TA-Lib EMA; spy_ema.csv", fades=True
    ),
    average(trend.rma, X, {"n_bars": 14}, spans(28), TWIN, fades=True),
    average(trend.midpoint, X, {"n_bars": 14}, n_bars(), "spy_midpoint.txt"),
    average(trend.midprice, HL, {"n_bars": 14}, n_bars(), "spy_midprice.txt"),
    average(trend.crosses_above, ("close", "other"), {}, always(2), "hand-worked"),
    average(trend.crosses_below, ("close", "other"), {}, always(2), "hand-worked"),
)

channel = partial(Indicator, "channels")
CHANNELS = (
    channel(
        volatility.bollinger,
        X,
        {"n_bars": 20, "n_sigmas": 2.0},
        n_bars(),
        "spy_bollinger_bands.txt",
    ),
    channel(
        volatility.keltner,
        HLC,
        {"n_bars": 20, "range_bars": 10, "n_ranges": 2.0},
        lambda p: max(14 * p["n_bars"], p["range_bars"] + 1),
        TWIN,
        fades=True,
    ),
    channel(volatility.donchian, HL, {"n_bars": 20}, n_bars(), "spy_with_don50.txt"),
    channel(volatility.previous_donchian, HL, {"n_bars": 20}, n_bars(1), TWIN),
    channel(
        volatility.opening_range,
        ("high", "low", "session", "cash_minute"),
        {"n_minutes": 30},
        always(LONGEST_SESSION_BARS),
        TWIN,
    ),
    channel(channels.envelope, X, {"n_bars": 20, "percent": 2.5}, n_bars(), "hand-worked"),
    channel(
        channels.linear_regression_channel,
        X,
        {"n_bars": 100, "n_std": 2.0},
        n_bars(),
        "NumPy's polyfit",
    ),
    channel(
        channels.acceleration_bands,
        HLC,
        {"n_bars": 20},
        n_bars(),
        "spy_acceleration_bands_20_4.txt",
    ),
    channel(
        channels.supertrend,
        HLC,
        {"n_bars": 10, "multiple": 3.0},
        whole_history,
        "dwac_supertrend.txt",
    ),
    channel(
        channels.chandelier_exit,
        HLC,
        {"n_bars": 22, "multiple": 3.0},
        spans(28, 1),
        TWIN,
        fades=True,
    ),
    channel(
        channels.chande_kroll_stop,
        HLC,
        {"n_bars": 10, "multiple": 1.0, "stop_bars": 9},
        lambda p: 28 * p["n_bars"] + p["stop_bars"],
        "spy_with_ChandeKrollStop.csv",
        fades=True,
    ),
    channel(
        channels.squeeze,
        HLC,
        {"n_bars": 20, "n_sigmas": 2.0, "n_ranges": 1.5},
        spans(14),
        "spy_sm.csv",
        fades=True,
    ),
)
