"""Rows of the table: averages that lag less, and oscillators."""

from functools import partial
from math import ceil, isqrt, log

from alphamill.indicators import (
    adaptive,
    averages,
    exponential,
    oscillators,
    oscillators_average,
    oscillators_bar,
    oscillators_range,
    oscillators_share,
)
from alphamill.indicators.indicator import Indicator, always, n_bars, spans, whole_history

X = ("close",)
XV = ("close", "volume")
HL = ("high", "low")
HLC = ("high", "low", "close")
OHLC = ("open", "high", "low", "close")
TWIN = "readable twin"


def chained(*span_bars: int) -> int:
    """Return the memory of exponential averages of exponential averages of these spans."""
    return 14 * max(span_bars) + 3 * sum(span_bars)


average = partial(Indicator, "averages")
WEIGHTED = (
    average(averages.wma, X, {"n_bars": 20}, n_bars(), "spx_lwma.csv; TA-Lib WMA"),
    average(averages.swma, X, {}, always(4), "spy_rvi.txt"),
    average(averages.trima, X, {"n_bars": 20}, n_bars(), "spy_trima.txt; TA-Lib TRIMA"),
    average(
        averages.alma, X, {"n_bars": 9, "offset": 0.85, "sharpness": 6.0}, n_bars(), "spy_alma.txt"
    ),
    average(
        averages.hma,
        X,
        {"n_bars": 16},
        lambda p: p["n_bars"] + isqrt(p["n_bars"]) - 1,
        "TA-Lib WMA of WMA",
    ),
    average(averages.vwma, XV, {"n_bars": 20}, n_bars(), "spy_with_vwma.csv"),
    average(exponential.dema, X, {"n_bars": 20}, spans(17), "spy_dema.txt", fades=True),
    average(exponential.tema, X, {"n_bars": 20}, spans(19), "spy_tema.txt", fades=True),
    average(
        exponential.t3, X, {"n_bars": 5, "volume_factor": 0.7}, spans(21), "spy_t3.txt", fades=True
    ),
    average(exponential.zlema, X, {"n_bars": 20}, spans(15), "spy_with_zlema.csv", fades=True),
    average(
        exponential.vwema,
        XV,
        {"n_bars": 20},
        spans(14),
        "trend.ema at one volume; readable twin",
        fades=True,
    ),
)
ADAPTIVE = (
    average(
        adaptive.kama,
        X,
        {"n_bars": 10, "fast_bars": 2, "slow_bars": 30},
        whole_history,
        "TA-Lib KAMA; readable twin",
    ),
    average(
        adaptive.vidya,
        X,
        {"n_bars": 12, "momentum_bars": 9},
        whole_history,
        "spy_vidya.txt by its own momentum; readable twin",
    ),
    average(adaptive.frama, HL, {"n_bars": 16}, whole_history, TWIN),
    average(
        adaptive.mcginley, X, {"n_bars": 14}, spans(28), "spy_with_McGinleyDynamic.csv", fades=True
    ),
    average(
        adaptive.mama,
        X,
        {"fast_limit": 0.5, "slow_limit": 0.05},
        whole_history,
        "spy_mama.csv; TA-Lib MAMA",
    ),
)
swing = partial(Indicator, "oscillators")
OSCILLATORS = (
    swing(oscillators.cmo, X, {"n_bars": 14}, n_bars(1), "TA-Lib CMO, window by window"),
    swing(
        oscillators.connors_rsi,
        X,
        {"rsi_bars": 3, "streak_bars": 2, "rank_bars": 100},
        lambda p: max(28 * p["rsi_bars"], 28 * p["streak_bars"] + 30, p["rank_bars"] + 2),
        "spy_crsi.csv",
        fades=True,
    ),
    swing(oscillators.psychological_line, X, {"n_bars": 12}, n_bars(1), TWIN),
    swing(
        oscillators.kst,
        X,
        {"change_bars": (10, 15, 20, 30), "mean_bars": (10, 10, 10, 15), "signal_bars": 9},
        lambda p: (
            max(a + b for a, b in zip(p["change_bars"], p["mean_bars"], strict=True))
            + p["signal_bars"]
            - 1
        ),
        "spy_with_kst.csv",
    ),
    swing(
        oscillators.coppock,
        X,
        {"short_bars": 11, "long_bars": 14, "mean_bars": 10},
        lambda p: max(p["short_bars"], p["long_bars"]) + p["mean_bars"],
        "spy_coppock_curve.csv",
    ),
    swing(
        oscillators.tsi,
        X,
        {"long_bars": 25, "short_bars": 13, "signal_bars": 7},
        lambda p: chained(p["long_bars"], p["short_bars"], p["signal_bars"]),
        "spy_tsi.csv",
        fades=True,
    ),
    swing(
        oscillators_share.relative_volatility_index,
        X,
        {"std_bars": 10, "mean_bars": 14},
        lambda p: 28 * p["mean_bars"] + p["std_bars"],
        TWIN,
        fades=True,
    ),
    swing(
        oscillators.wavetrend,
        HLC,
        {"channel_bars": 10, "average_bars": 21},
        lambda p: chained(p["channel_bars"], p["channel_bars"], p["average_bars"]),
        TWIN,
        fades=True,
    ),
    swing(
        oscillators.volume_weighted_macd,
        XV,
        {"fast_bars": 12, "slow_bars": 26, "signal_bars": 9},
        lambda p: 14 * (max(p["fast_bars"], p["slow_bars"]) + p["signal_bars"]),
        "macd at one volume; readable twin",
        fades=True,
    ),
    swing(
        oscillators_average.apo,
        X,
        {"fast_bars": 12, "slow_bars": 26},
        lambda p: max(p.values()),
        "spy_apo.txt",
    ),
    swing(
        oscillators_average.ppo,
        X,
        {"fast_bars": 12, "slow_bars": 26},
        lambda p: max(p.values()),
        "spy_ppo.txt",
    ),
    swing(oscillators_average.dpo, X, {"n_bars": 21}, n_bars(), "spy_dpo.csv"),
    swing(
        oscillators_average.awesome,
        HL,
        {"fast_bars": 5, "slow_bars": 34},
        lambda p: max(p.values()),
        "spy_ao.txt",
    ),
    swing(
        oscillators_average.accelerator,
        HL,
        {"fast_bars": 5, "slow_bars": 34, "mean_bars": 5},
        lambda p: max(p["fast_bars"], p["slow_bars"]) + p["mean_bars"] - 1,
        "spy_ao.txt",
    ),
    swing(oscillators_average.trix, X, {"n_bars": 15}, spans(19), "TA-Lib TRIX", fades=True),
    swing(oscillators_average.elder_ray, HLC, {"n_bars": 13}, spans(14), "TA-Lib EMA", fades=True),
    swing(
        oscillators_average.mass_index,
        HL,
        {"n_bars": 9, "sum_bars": 25},
        lambda p: 17 * p["n_bars"] + p["sum_bars"],
        "spy_mass_index_25.txt",
        fades=True,
    ),
    swing(
        oscillators_average.stc,
        X,
        {"fast_bars": 23, "slow_bars": 50, "cycle_bars": 10},
        lambda p: 18 * p["slow_bars"] + 2 * p["cycle_bars"] + 80,
        "spy_stc.txt",
        fades=True,
    ),
    swing(
        oscillators_share.laguerre_rsi,
        X,
        {"damping": 0.5},
        lambda p: ceil(42.0 / -log(p["damping"])),
        TWIN,
        fades=True,
    ),
    swing(oscillators_range.raw_stochastic, HLC, {"n_bars": 14}, n_bars(), "TA-Lib STOCHF"),
    swing(
        oscillators_range.stochastic,
        HLC,
        {"k_bars": 14, "smooth_bars": 3, "d_bars": 3},
        lambda p: sum(p.values()) - 2,
        "spy_with_stoch12k3.txt; TA-Lib STOCH",
    ),
    swing(
        oscillators_range.premier_stochastic,
        HLC,
        {"k_bars": 8, "smooth_bars": 5},
        lambda p: p["k_bars"] + 17 * p["smooth_bars"],
        "spy_pso.csv",
        fades=True,
    ),
    swing(
        oscillators_range.stochastic_momentum,
        HLC,
        {"range_bars": 13, "long_bars": 25, "short_bars": 2, "signal_bars": 9},
        lambda p: p["range_bars"] + chained(p["long_bars"], p["short_bars"], p["signal_bars"]),
        TWIN,
        fades=True,
    ),
    swing(
        oscillators_range.fisher, HL, {"n_bars": 10}, n_bars(80), "spy_with_fisher.txt", fades=True
    ),
    swing(oscillators_bar.bop, OHLC, {}, always(1), "spy_bop.txt"),
    swing(
        oscillators_bar.ultimate,
        HLC,
        {"short_bars": 7, "middle_bars": 14, "long_bars": 28},
        lambda p: max(p.values()) + 1,
        "spy_ultosc.txt",
    ),
    swing(oscillators_bar.relative_vigor, OHLC, {"n_bars": 10}, n_bars(6), "spy_rvi.txt"),
    swing(oscillators_bar.demarker, HL, {"n_bars": 14}, n_bars(1), "eurusd60_dem.txt"),
    swing(oscillators_bar.intraday_momentum, ("open", "close"), {"n_bars": 14}, n_bars(), TWIN),
)
