"""Outcomes and results made by hand: a success, nothing survived, hostile words, no trades."""

from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.exits import ExitStack
from alphamill.backtest.metrics import summary
from alphamill.backtest.state import OPEN_AT_END, RULE, STOP, TARGET, TIME
from alphamill.core.market import Bars, Instrument, Ints, Trades
from alphamill.data.raw import Finding
from alphamill.research.outcome import (
    Candidate,
    FunnelStep,
    Heatmap,
    Refusal,
    RunOutcome,
    Trials,
    Winner,
)
from alphamill.validation.gates import Verdict

INDEX = Instrument("SPX", "S&P 500", "index", "XNYS", 0.01, 1.0, "USD", 100_000.0, slippage_bps=1.0)
HOSTILE = '<script>alert("x")</script>'
GATES = ("basic", "walk_forward", "permutation", "stability")


def weekdays(n: int, first: str = "2009-01-05") -> Ints:
    """Return ``n`` weekdays yyyymmdd."""
    days = np.busday_offset(np.datetime64(first), np.arange(n), roll="forward")
    text = np.datetime_as_string(days, unit="D")
    return np.array([int(t.replace("-", "")) for t in text])


def daily_bars(n: int = 2_400, seed: int = 3, closes_only: bool = False) -> Bars:
    """Return a seeded random walk with candles of one percent."""
    rng = np.random.default_rng(seed)
    close = 900.0 * np.exp(np.cumsum(rng.normal(0.0004, 0.01, n)))
    open_ = np.append(close[:1], close[:-1]) * np.exp(rng.normal(0, 0.002, n))
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.004, n)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.004, n)))
    sessions = weekdays(n)
    text = [f"{d // 10000}-{d // 100 % 100:02d}-{d % 100:02d}" for d in sessions.tolist()]
    stamps = np.array(text, dtype="datetime64[ns]").astype(np.int64) + 21 * 3_600 * 10**9
    zeros, ones = np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    prices = (close,) * 4 if closes_only else (open_, high, low, close)
    return Bars(
        "SPX", "1d", stamps, *prices, np.full(n, 1e6), sessions, ones, zeros + 570, zeros, zeros,
        close, closes_only=closes_only,
    )  # fmt: skip


def result(n: int = 2_400, every: int = 24, closes_only: bool = False) -> Result:
    """Return a trade every so many bars, held 2 to 15 bars, some short, one open at the end."""
    bars = daily_bars(n, closes_only=closes_only)
    rng = np.random.default_rng(5)
    entry = np.arange(every, n - 16, every)
    held = rng.integers(2, 16, entry.size)
    leave = entry + held - 1
    side = np.where(rng.random(entry.size) < 0.8, 1, -1)
    paid, got = bars.open[entry], bars.close[leave]
    units = 100_000.0 / paid
    fees, slippage = np.full(entry.size, 8.0), units * paid * 2e-4
    pnl = side * units * (got - paid) - fees - slippage
    reason = np.where(pnl > 0, TARGET, STOP)
    reason[held > 12], reason[held == 7] = TIME, RULE
    if entry.size:
        reason[-1] = OPEN_AT_END
    mae = np.minimum(pnl - rng.exponential(500, entry.size), 0.0)
    mfe = np.maximum(pnl + rng.exponential(500, entry.size), 0.0)
    trades = Trades(
        entry - 1, entry, leave, side, units, paid, got, pnl, fees, slippage, mae, mfe, held,
        reason, np.zeros(entry.size, dtype=bool),
    )  # fmt: skip
    booked = np.zeros(n)
    np.add.at(booked, leave, pnl)
    return Result(bars, INDEX, ExitStack(), trades, np.cumsum(booked))


def no_trades() -> Result:
    """Return a backtest whose rule never spoke."""
    return result(n=60, every=60)


def verdicts(*scores: float) -> tuple[Verdict, ...]:
    """Return one verdict a gate; every gate asks for 0.5."""
    return tuple(
        Verdict(g, s >= 0.5, s, 0.5, f"{g} says {s}") for g, s in zip(GATES, scores, strict=False)
    )


def candidate(
    symbol: str,
    number: int,
    name: str,
    sharpes: tuple[float, float],
    said: tuple[Verdict, ...],
    metrics: Mapping[str, float] | None = None,
) -> Candidate:
    """Return a candidate whose out-of-sample P&L has about the Sharpe it claims."""
    rng = np.random.default_rng(number)
    n = 1_500
    pnl = rng.normal(0.0, 600.0, n)
    pnl += sharpes[1] * 600.0 / 15.87 - pnl.mean()
    return Candidate(
        symbol=symbol,
        timeframe="1d",
        strategy_id=number,
        strategy_name=name,
        archetype="trend" if number % 2 else "reversion",
        n_cells=720,
        params={"length": 14, "entry": 30, "stop_loss_atr": 1.5, "max_bars_held": 20, "x": None},
        metrics=metrics or measured(),
        in_sample_sharpe=sharpes[0],
        oos_sharpe=sharpes[1],
        sessions=weekdays(n, "2012-03-01"),
        oos_pnl=pnl,
        verdicts=said,
    )


def measured() -> dict[str, float]:
    """Return the figures of one backtest, as a candidate carries them."""
    return {k: v for k, v in asdict(summary(result(600))).items() if isinstance(v, (int, float))}


def success() -> RunOutcome:
    """Return a run with two proven winners and one carried on unproven."""
    names = ("momentum_roc", "ibs", "rsi", "donchian", "bollinger_fade", "gap_fade", "macd")
    passed = candidate("SPX", 21, "momentum_roc", (1.10, 0.62), verdicts(0.9, 0.8, 0.97, 0.7))
    second = candidate("NDX", 40, "ibs", (0.95, 0.48), verdicts(0.9, 0.7, 0.96, 0.6))
    carried = candidate("WTI", 17, "donchian", (1.31, 0.21), verdicts(0.8, 0.6, 0.31))
    basic, walked = verdicts(0.3), verdicts(0.6, 0.2)
    series = (("SPX", basic), ("NDX", basic), ("AAPL", walked))
    others = [
        candidate(s, i * 10 + j, names[j], (0.5 - j / 9, 0.3 - i / 9 - j / 11), said)
        for i, (s, said) in enumerate(series)
        for j in range(7)
    ]
    everyone = (passed, second, carried, *others)
    ids = ("20180105-3f9c2e", "9d1e" * 16, "c0ffee" * 6)
    winners = (
        Winner(1, passed, "proven", *ids),
        Winner(2, second, "proven", *ids),
        Winner(3, carried, "unproven", *ids),
    )
    return RunOutcome(
        run_id=ids[0],
        project="sample",
        funnel=(
            FunnelStep("planned", 17_640, "cells"),
            FunnelStep("run", 17_280, "cells"),
            FunnelStep("best of each grid", 24, "candidates"),
            FunnelStep("basic", 10, "candidates"),
            FunnelStep("walk_forward", 3, "candidates"),
            FunnelStep("permutation", 2, "candidates"),
            FunnelStep("winners", 2, "candidates"),
        ),
        candidates=everyone,
        winners=winners,
        best=passed,
        best_result=result(),
        heatmap=landscape(),
        refused=(Refusal("WTI", "ibs", "ibs needs open, high and low; WTI has closes only"),),
        quality=(
            Finding(
                "D11", "repair", "SPX", "volume 0 on a trading day is unknown, not zero", 88, 3
            ),
            Finding("D17", "warn", "SPX", "open equals the previous close on 61% of days"),
        ),
        trials=Trials(17_280, 9_000, 43_111, 1.05, 0.41),
        windows={
            "SPX": {
                "discovery": "1999-01-04 to 2011-02-17",
                "ml_validation": "2011-02-18 to 2014-01-29",
                "portfolio": "2014-01-30 to 2016-12-30",
                "sealed": "2017-01-03 to 2018-12-31",
            }
        },
        identity={"data hash": ids[1], "code version": ids[2], "seed": "7"},
        budget={"cells": "17,280 of 20,000", "permutations": "99", "workers": "2"},
        stages={"ingest": 3.2, "sweep": 21.4, "gates": 9.7, "report": 0.8},
        survivorship="index series carry no survivorship; single stocks are today's survivors",
    )


def nothing_survived() -> RunOutcome:
    """Return a run of which every candidate fell, the last two at the third gate."""
    good = success()
    fallen = tuple(
        replace(c, verdicts=verdicts(0.8, 0.6, 0.2)) if i < 2 else
        replace(c, verdicts=verdicts(0.7, 0.1)) if i < 5 else replace(c, verdicts=verdicts(0.2))
        for i, c in enumerate(good.candidates)
    )  # fmt: skip
    steps = tuple(
        replace(s, count=n)
        for s, n in zip(good.funnel, (17_640, 17_280, 24, 5, 2, 0, 0), strict=True)
    )
    return replace(good, candidates=fallen, winners=(), best=fallen[0], funnel=steps, quality=())


def hostile() -> RunOutcome:
    """Return a run whose every word tries to become markup."""
    good = success()
    bad = replace(
        good.candidates[0], strategy_name=HOSTILE, symbol=HOSTILE, archetype=HOSTILE,
        timeframe=HOSTILE, params={HOSTILE: HOSTILE},
    )  # fmt: skip
    said = (Verdict(HOSTILE, False, 0.1, 0.5, HOSTILE),)
    unproven = replace(good.winners[2], candidate=replace(bad, strategy_id=99, verdicts=said))
    return replace(
        good,
        project=HOSTILE,
        run_id=HOSTILE,
        funnel=(FunnelStep(HOSTILE, 3, HOSTILE), FunnelStep("winners", 1, "candidates")),
        candidates=(bad, unproven.candidate),
        winners=(replace(good.winners[0], candidate=bad), unproven),
        best=bad,
        heatmap=replace(landscape(), x_name=HOSTILE, y_name=HOSTILE, x_values=(HOSTILE,) * 6),
        refused=(Refusal(HOSTILE, HOSTILE, HOSTILE),),
        quality=(Finding(HOSTILE, "warn", HOSTILE, HOSTILE),),
        windows={HOSTILE: {HOSTILE: HOSTILE}},
        identity={HOSTILE: HOSTILE},
        budget={HOSTILE: HOSTILE},
        stages={HOSTILE: 1.0},
        survivorship=HOSTILE,
    )


def nothing_ran() -> RunOutcome:
    """Return a run that could not start a single cell."""
    return replace(
        success(), funnel=(FunnelStep("run", 0, "cells"), FunnelStep("winners", 0, "candidates")),
        candidates=(), winners=(), best=None, best_result=None, heatmap=None,
        trials=Trials(0, 0, 43_111, float("nan"), None), windows={}, stages={},
    )  # fmt: skip


def landscape() -> Heatmap:
    """Return a hill of Sharpes with one missing cell; the top is 1.10 at length 14, entry 30."""
    x, y = (7, 10, 14, 21, 28, 42), (20, 25, 30, 35)
    grid = np.array(
        [[1.1 - 0.13 * abs(i - 2) - 0.31 * abs(j - 2) for j in range(6)] for i in range(4)]
    )
    grid[0, 5] = np.nan
    return Heatmap("length", "entry", x, y, grid)
