"""Passports made by hand: refused, provisional, proven, and hostile ones."""

import math
from dataclasses import replace

import numpy as np

from alphamill.research.evidence import (
    Deflated,
    Evidence,
    GridOverfitting,
    Power,
    SharpeRange,
    TrackRecord,
    WindowRow,
)
from alphamill.research.finalists import FinalistNulls, NoiseRow
from alphamill.research.outcome import Candidate
from alphamill.research.passport import Passport
from alphamill.validation.bootstrap import MeanTest
from alphamill.validation.drawdown import DrawdownBands
from alphamill.validation.gates import Verdict
from alphamill.validation.plateau import Plateau
from alphamill.validation.regime import RegimeRow
from alphamill.validation.statistics import Interval, Moments
from alphamill.validation.stress import Stressed
from alphamill.validation.trials import EffectiveTrials

from .samples import HOSTILE, candidate, landscape, result

NAN = math.nan


def said(luck: bool = False, looked: bool = False, word: str = "") -> tuple[Verdict, ...]:
    """Return the verdicts of six gates, three of which decide."""
    return (
        Verdict("basic", True, 5.0, 5.0, f"all five hold{word}"),
        Verdict("regime", False, 1.0, 2.0, f"up calm 0.81{word}", decides=False),
        Verdict("chance", False, NAN, NAN, f"no market asked for{word}", False, asked=False),
        Verdict("luck", luck, 0.7, 0.95, f"p 0.3000 of 1,120 cells{word}", p_value=0.3),
        Verdict("cost_stress", True, 0.4, 0.0, f"costs x2 0.40{word}", decides=False),
        Verdict("holdout", looked, 0.1, 0.0, f"seal closed{word}", asked=looked),
    )


def judged(**given: bool) -> Candidate:
    """Return a candidate with those verdicts, its cell at length 14 and entry 30."""
    return candidate("SPX", 21, "momentum_roc", (1.1, 0.62), said(**given))


def evidence() -> Evidence:
    """Return figures that can each be told apart on the page."""
    levels = (0.5, 0.9, 0.95)
    return Evidence(
        cell=3,
        n_sessions=2_400,
        periods_per_year=252.0,
        sharpe=SharpeRange(1.10, Interval(0.41, 1.73), 1.02),
        windows=(
            WindowRow(20120301, 20130228, 35, 1.42, 0.19),
            WindowRow(20130301, 20140228, -1, NAN, 0.0),
        ),
        regimes=(
            RegimeRow("up calm", 575, 1.43, 5_386.0),
            RegimeRow("up wild", 714, -0.16, -664.0),
            RegimeRow("down calm", 0, NAN, 0.0),
            RegimeRow("down wild", 598, 1.48, 24_126.0),
        ),
        plateau=Plateau(1.10, 26, 0.83, -0.40, 0.77, ("length=14 (highest)",)),
        stress=(
            Stressed("as charged", 1.10, 57_104.0),
            Stressed("costs x2", 0.61, 31_200.0),
            Stressed("costs x3", -0.12, -6_000.0),
            Stressed("one more tick", 0.97, 50_100.0),
        ),
        by_trade_order=DrawdownBands(6_006.0, levels, np.array([5_708.0, 8_383.0, 9_331.0]), 0.45),
        by_blocks=DrawdownBands(6_007.0, levels, np.array([5_850.0, 8_829.0, 10_277.0]), 0.47),
        trade_mean=MeanTest(0.0123, Interval(705.0, 1_995.0)),
        shape=Moments(0.3, 5.0),
        deflated=Deflated(0.64, 0.93, 43_111, 0.29, EffectiveTrials(30_609.0, 12)),
        track_record=TrackRecord(9.5, 2.3, math.inf),
        overfitting=GridOverfitting(0.15, Interval(0.18, 0.85), 0.04, 10, 712),
        power=(Power(0.5, 0.001), Power(1.0, 0.09), Power(1.5, 0.59), Power(2.0, 0.97)),
        ambiguous_bar_share=0.034,
        cost_share=0.061,
    )


def nulls() -> FinalistNulls:
    noise = (NoiseRow(0.1, 0.88, 1.05, 1.21, 40), NoiseRow(0.25, 0.31, 0.72, 1.08, 40))
    return FinalistNulls(0.034, 0.052, noise, 499)


def refused() -> Passport:
    """Return the passport of a candidate that luck refused and nobody carried on."""
    return Passport(
        run_id="3f9c2e",
        project="sample",
        candidate=judged(),
        stamp=None,
        idea="What rises goes on rising.",
        sides="long",
        identity={"run": "3f9c2e", "data": "9d1e" * 4, "code": "c0ffee", "seed": "7"},
        evidence=evidence(),
        nulls=nulls(),
        heatmap=landscape(),
        result=result(),
    )


def carried() -> Passport:
    return replace(refused(), stamp="unproven")


def provisional() -> Passport:
    return replace(refused(), candidate=judged(luck=True), stamp="provisional")


def proven() -> Passport:
    return replace(refused(), candidate=judged(luck=True, looked=True), stamp="proven")


def hostile() -> Passport:
    """Return a passport whose every word tries to become markup."""
    bad = replace(
        judged(), symbol=HOSTILE, strategy_name=HOSTILE, archetype=HOSTILE, timeframe=HOSTILE,
        params={HOSTILE: HOSTILE}, verdicts=said(word=HOSTILE),
    )  # fmt: skip
    told = replace(
        evidence(),
        plateau=replace(evidence().plateau, edges=(HOSTILE,)),
        regimes=(RegimeRow(HOSTILE, 5, 0.1, 1.0),),
        stress=(Stressed(HOSTILE, 0.1, 1.0),),
    )
    return replace(
        refused(), candidate=bad, idea=HOSTILE, project=HOSTILE, run_id=HOSTILE, evidence=told,
        identity={HOSTILE: HOSTILE}, heatmap=replace(landscape(), x_name=HOSTILE, y_name=HOSTILE),
    )  # fmt: skip


def idle() -> Passport:
    """Return a passport of which most is not known: no trade, no map, no gate."""
    nothing = replace(
        evidence(),
        windows=(),
        plateau=Plateau(0.0, 0, NAN, NAN, NAN, ()),
        overfitting=GridOverfitting(NAN, Interval(NAN, NAN), NAN, 0, 0),
        trade_mean=MeanTest(1.0, Interval(-math.inf, math.inf)),
    )
    still = replace(
        judged(), verdicts=(), oos_pnl=np.zeros(0), sessions=np.zeros(0, dtype=np.int64),
        oos_sharpe=NAN,
    )  # fmt: skip
    unknown = FinalistNulls(1.0, NAN, (NoiseRow(0.1, -math.inf, -math.inf, 0.0, 40),), 499)
    return replace(
        refused(), candidate=still, evidence=nothing, nulls=unknown, heatmap=None,
        result=result(60, 60),
    )  # fmt: skip
