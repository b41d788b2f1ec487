"""Pages about models made by hand: enhanced, rule kept, dropped, hostile, and bare."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from alphamill.backtest.metrics import max_drawdown, periods_per_year, sharpe
from alphamill.core.market import Floats, Ints
from alphamill.learning.criteria import judged, table
from alphamill.learning.dataset import Primary
from alphamill.learning.explain import Effect
from alphamill.learning.reliability import reliability
from alphamill.learning.result_fields import Learned
from alphamill.learning.uplift import Figures, PathUplifts, Uplift
from alphamill.learning.uplift_null import UpliftNull
from alphamill.report.meta import MetaPage
from alphamill.report.meta_overview import LeftOut, MetaLine, MetaOverview

from .samples import HOSTILE, weekdays

TRAINING, VALIDATION = weekdays(3_000, "2010-01-04"), weekdays(520, "2022-01-03")
FEATURES = tuple(f"feature_number_{i}_of_a_long_name" for i in range(20))
CELL = {"rsi_length": 2, "rsi_oversold": 10, "rsi_overbought": 65, "stop_loss_atr": 1.5}


def primary(symbol: str = "ES", strategy: str = "rsi2") -> Primary:
    return Primary(symbol, "15m", strategy, 21, CELL)


def figures(sessions: Ints, ratio: float, n_trades: int, seed: int) -> Figures:
    """Return figures of daily P&L that has the Sharpe ratio asked for."""
    daily = np.random.default_rng(seed).normal(0.0, 400.0, sessions.size)
    per_year = periods_per_year(sessions)
    daily += ratio * daily.std(ddof=1) / math.sqrt(per_year) - daily.mean()
    years = sessions // 10_000
    return Figures(
        n_trades=n_trades,
        win_rate=0.57 if n_trades else math.nan,
        net_profit=float(daily.sum()),
        sharpe=sharpe(daily, per_year),
        profit_factor=1.42 if n_trades else math.nan,
        max_drawdown=max_drawdown(np.cumsum(daily)),
        pnl_by_year={int(y): float(daily[years == y].sum()) for y in np.unique(years)},
        daily=daily,
        sessions=sessions,
    )


def paths() -> PathUplifts:
    rng = np.random.default_rng(4)
    baseline = figures(TRAINING, 0.8, 5_234, 1)
    added = rng.normal(0.3, 0.4, (4, 5))
    tried = tuple(figures(TRAINING, 0.9 + i / 10, 2_000, 10 + i) for i in range(4))
    return PathUplifts(baseline, tried, 4_000.0 * added, added)


class Trial(NamedTuple):
    family: str
    ending: str
    sharpe: float
    n_fits: int = 10


def null(observed: float = 1.3) -> UpliftNull:
    draws: Floats = np.random.default_rng(5).normal(0.0, 0.5, 1_000)
    return UpliftNull(1_234, 487, 9_000.0, observed, 4_000.0 * draws, draws)


def page(uplift: Uplift, found: UpliftNull, who: Primary | None = None) -> MetaPage:
    """Return a page with everything on it."""
    rng = np.random.default_rng(6)
    score = rng.uniform(0.35, 0.7, 2_000)
    endings = [("complete", 1.4), ("pruned", 0.0), ("too few trades", 0.0), ("complete", 1.1)]
    return MetaPage(
        project="sample",
        run_id="20240105-3f9c2e",
        primary=who or primary(),
        verdict=judged(uplift, found.p_sharpe, paths().median_sharpe),
        uplift=uplift,
        learned=Learned(1.4, 0.87, 0.55, FEATURES),
        threshold_origin="Median of the thresholds that ten outer splits chose on inner scores.",
        windows={"training": (20100104, 20211231), "validation": (20220103, 20231229)},
        paths=paths(),
        spans=tuple((20100104 + 20_000 * g, 20111230 + 20_000 * g) for g in range(5)),
        null=found,
        reliability=reliability(score, rng.random(2_000) < score),
        effects=[Effect(n, 0.04 / (i + 1), (1, -1, 0)[i % 3]) for i, n in enumerate(FEATURES)],
        trials=[
            *(Trial("random forest", *end) for end in endings),
            Trial("logistic", "complete", 0.9),
            Trial("boosted", "pruned", 0.0, 4),
        ],
        facts={"independent trials": "212", "best of as many noise trials": "0.71"},
        identity={"bars": "9d1e" * 16, "features": "c0ff" * 16, "labels": "ee" * 32},
        dropped=[("vix_close", "not computable live"), ("x_7", "correlates 0.93 with x_2")],
    )


def enhanced() -> MetaPage:
    alone, kept = figures(VALIDATION, 1.1, 1_234, 21), figures(VALIDATION, 2.6, 487, 25)
    return page(Uplift(alone, kept), null(2.2))


def rule_kept() -> MetaPage:
    alone, kept = figures(VALIDATION, 1.1, 1_234, 21), figures(VALIDATION, 1.2, 480, 23)
    return page(Uplift(alone, kept), null(0.1))


def dropped() -> MetaPage:
    alone, kept = figures(VALIDATION, -0.6, 900, 24), figures(VALIDATION, -0.2, 12, 25)
    return page(Uplift(alone, kept), null(0.4))


def hostile() -> MetaPage:
    """Return a page whose every word is markup and whose names are long."""
    word = HOSTILE * 3
    whole = rule_kept()
    criteria = tuple(replace(c, name=word, told=word) for c in whole.verdict.criteria)
    return replace(
        whole,
        project=word,
        run_id=word,
        primary=Primary(word, word, word, 9, {word: word}),
        verdict=replace(whole.verdict, criteria=criteria, told=word),
        threshold_origin=word,
        windows={word: (20220103, 20231229)},
        learned=whole.learned._replace(features=(word,)),
        effects=[Effect(word, 0.1, 1)],
        trials=[Trial(word, "complete", 1.0)],
        facts={"noise": word},
        identity={"bars": "a" * 400},
        dropped=[(word, word)],
    )


def bare() -> MetaPage:
    """Return a page about a model that let nothing through and of which little is known."""
    silent = figures(VALIDATION, 0.0, 0, 1)
    silent = replace(
        silent,
        daily=0.0 * silent.daily,
        net_profit=0.0,
        pnl_by_year={2022: 0.0, 2023: 0.0},
        max_drawdown=0.0,
    )
    uplift = Uplift(figures(VALIDATION, -0.5, 40, 2), silent)
    return MetaPage(
        project="sample",
        run_id="r",
        primary=primary(),
        verdict=judged(uplift, math.nan, math.nan),
        uplift=uplift,
        learned=Learned(math.nan, math.nan, 0.75, ()),
        threshold_origin="",
        windows={},
    )


def overview() -> MetaOverview:
    """Return two enhanced, two kept, one dropped and two that were not judged."""
    better = Uplift(figures(VALIDATION, 1.5, 900, 31), figures(VALIDATION, 3.1, 300, 37))
    worse = Uplift(figures(VALIDATION, 2.8, 800, 31), figures(VALIDATION, 1.2, 20, 33))
    made = [
        (enhanced(), "ES", "rsi2"),
        (rule_kept(), "NQ", "turtle"),
        (dropped(), "CL", "gap_fill"),
        (page(better, null(2.4)), "GC", "ibs"),
        (page(worse, null(0.4)), "6E", "macd"),
    ]
    return MetaOverview(
        project="sample",
        run_id="20240105-3f9c2e",
        lines=[
            MetaLine(
                primary(symbol, name),
                p.verdict,
                p.uplift,
                p.null.p_sharpe,
                p.paths.median_sharpe,
                0.87,
                f"{symbol}_{name}.html",
            )
            for p, symbol, name in made
        ],
        left_out=[
            LeftOut(primary("HG", "doji"), "skipped", "41 signals in training, needs 300"),
            LeftOut(primary("SI", "vwap"), "failed", "no group of its own for each of 5 folds"),
        ],
        criteria=table(),
        windows={"training": (20100104, 20211231), "validation": (20220103, 20231229)},
        identity={"code": "c0ffee"},
    )


def nothing_enhanced() -> MetaOverview:
    whole = overview()
    return replace(whole, lines=[w for w in whole.lines if not w.verdict.enhanced])


def nobody() -> MetaOverview:
    return replace(overview(), lines=[], criteria=())
