"""Rows of the table: averages' neighbours that measure trend, momentum, volatility and risk."""

from functools import partial

from alphamill.indicators import (
    directional,
    momentum,
    persistence,
    ranges,
    regression,
    risk,
    statistics,
    volatility,
)
from alphamill.indicators.indicator import Indicator, always, n_bars, spans, whole_history

X = ("close",)
XY = ("close", "other")
HL = ("high", "low")
HLC = ("high", "low", "close")
OHLC = ("open", "high", "low", "close")

TWIN = "readable twin"
NUMPY = "NumPy, window by window"
PANDAS = "pandas' rolling windows"

move = partial(Indicator, "momentum")
MOMENTUM = (
    move(
        momentum.rsi,
        X,
        {"n_bars": 14},
        spans(28, 1),
        "spy_with_indicators.txt; StockCharts' sheet",
        fades=True,
    ),
    move(
        momentum.macd,
        X,
        {"fast_bars": 12, "slow_bars": 26, "signal_bars": 9},
        lambda p: 14 * (max(p["fast_bars"], p["slow_bars"]) + p["signal_bars"]),
        "spy_with_macd.txt",
        fades=True,
    ),
    move(
        momentum.stochastic_rsi,
        X,
        {"n_bars": 14, "range_bars": 14},
        lambda p: 30 * p["n_bars"] + p["range_bars"],
        "TA-Lib STOCHRSI; readable twin",
        fades=True,
    ),
    move(momentum.williams_r, HLC, {"n_bars": 14}, n_bars(), "spy_with_williamsR14.txt"),
    move(momentum.cci, HLC, {"n_bars": 20}, n_bars(), "spy_with_cci.txt"),
    move(momentum.momentum, X, {"n_bars": 10}, n_bars(1), "spy_with_roc50.txt"),
    move(momentum.roc, X, {"n_bars": 10}, n_bars(1), "spy_with_rocp50.txt, spy_rocr.txt"),
    move(momentum.log_return, X, {"n_bars": 1}, n_bars(1), "spy_logr14.txt"),
)

direction = partial(Indicator, "direction")
DIRECTION = (
    direction(
        directional.directional,
        HLC,
        {"n_bars": 14},
        spans(34, 1),
        "TA-Lib PLUS_DI, MINUS_DI, ADX; readable twin",
        fades=True,
    ),
    direction(directional.aroon, HL, {"n_bars": 14}, n_bars(1), "TA-Lib AROON; readable twin"),
    direction(directional.aroon_oscillator, HL, {"n_bars": 14}, n_bars(1), "TA-Lib AROONOSC"),
    direction(directional.vortex, HLC, {"n_bars": 14}, n_bars(1), "spy_with_vtx.csv"),
    direction(
        directional.ichimoku,
        HL,
        {"tenkan_bars": 9, "kijun_bars": 26, "span_bars": 52},
        lambda p: max(p["tenkan_bars"], p["kijun_bars"], p["span_bars"]) + p["kijun_bars"],
        TWIN,
    ),
    direction(
        directional.parabolic_sar,
        HL,
        {"start": 0.02, "step": 0.02, "limit": 0.2},
        whole_history,
        "TA-Lib SAREXT; hand-worked",
    ),
    direction(persistence.efficiency_ratio, X, {"n_bars": 10}, n_bars(1), "spy_ker.txt"),
    direction(persistence.vertical_horizontal_filter, X, {"n_bars": 28}, n_bars(1), TWIN),
    direction(
        persistence.variance_ratio,
        X,
        {"n_bars": 100, "lag_bars": 5},
        lambda p: p["n_bars"] + p["lag_bars"],
        NUMPY,
    ),
    direction(
        persistence.autocorrelation,
        X,
        {"n_bars": 50, "lag_bars": 1},
        lambda p: p["n_bars"] + p["lag_bars"],
        PANDAS,
    ),
    direction(persistence.half_life, X, {"n_bars": 60}, n_bars(1), NUMPY),
)

reach = partial(Indicator, "volatility")
VOLATILITY = (
    reach(volatility.true_range, HLC, {}, always(2), "spy_tr.txt"),
    reach(volatility.atr, HLC, {"n_bars": 14}, spans(28, 1), "spy_atr_wilder.txt", fades=True),
    reach(ranges.natr, HLC, {"n_bars": 14}, spans(28, 1), "TA-Lib NATR", fades=True),
    reach(ranges.average_range, HL, {"n_bars": 20}, n_bars(), "spy_adr.csv"),
    reach(ranges.realised_volatility, X, {"n_bars": 20}, n_bars(1), PANDAS),
    reach(ranges.price_spike, X, {"n_bars": 20}, n_bars(2), "spy_aps.txt"),
    reach(ranges.parkinson, HL, {"n_bars": 20}, n_bars(), TWIN),
    reach(ranges.garman_klass, OHLC, {"n_bars": 20}, n_bars(), TWIN),
    reach(ranges.rogers_satchell, OHLC, {"n_bars": 20}, n_bars(), TWIN),
    reach(ranges.yang_zhang, OHLC, {"n_bars": 20}, n_bars(1), TWIN),
    reach(
        ranges.chaikin_volatility,
        HL,
        {"n_bars": 10, "lag_bars": 10},
        lambda p: 14 * p["n_bars"] + p["lag_bars"],
        TWIN,
        fades=True,
    ),
    reach(ranges.choppiness, HLC, {"n_bars": 14}, n_bars(1), "spy_with_chop.csv"),
    reach(ranges.ulcer_index, X, {"n_bars": 14}, lambda p: 2 * p["n_bars"] - 1, TWIN),
)

sample = partial(Indicator, "statistics")
STATISTICS = (
    sample(statistics.zscore, X, {"n_bars": 20}, n_bars(), PANDAS),
    sample(statistics.rolling_var, X, {"n_bars": 20}, n_bars(), "spy_var.txt"),
    sample(statistics.rolling_skew, X, {"n_bars": 20}, n_bars(), PANDAS),
    sample(statistics.rolling_kurtosis, X, {"n_bars": 20}, n_bars(), PANDAS),
    sample(statistics.mean_deviation, X, {"n_bars": 20}, n_bars(), TWIN),
    sample(statistics.rolling_quantile, X, {"n_bars": 20, "share": 0.25}, n_bars(), PANDAS),
    sample(statistics.rolling_median, X, {"n_bars": 20}, n_bars(), PANDAS),
    sample(regression.linear_regression, X, {"n_bars": 20}, n_bars(), "TA-Lib LINEARREG; NumPy"),
    sample(regression.time_series_forecast, X, {"n_bars": 20}, n_bars(), "TA-Lib TSF"),
    sample(regression.rolling_covariance, XY, {"n_bars": 20}, n_bars(), PANDAS),
    sample(regression.rolling_correlation, XY, {"n_bars": 20}, n_bars(), PANDAS),
    sample(regression.rolling_beta, XY, {"n_bars": 20}, n_bars(), NUMPY),
)

hazard = partial(Indicator, "risk")
RISK = (
    hazard(risk.sharpe_ratio, X, {"n_bars": 20}, n_bars(1), "spy_sr.txt"),
    hazard(risk.sortino_ratio, X, {"n_bars": 20}, n_bars(1), "spy_sortino.csv"),
    hazard(
        risk.value_at_risk, X, {"n_bars": 50, "confidence": 0.95}, n_bars(1), "SciPy's normal law"
    ),
    hazard(risk.drawdown, X, {}, whole_history, TWIN),
    hazard(risk.rolling_drawdown, X, {"n_bars": 20}, n_bars(), TWIN),
)
