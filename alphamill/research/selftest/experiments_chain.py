"""K1 to K4: the shipped chain of gates on noise, and on markets with a planted edge.

What is kept of a market are patterns: of a candidate, the gates that it passed, bit k for gate k
of `MEASURED`, whether they decide or inform. So every gate is asked of every candidate, the two
that a run asks only of who is still standing included, and the size and power of any other choice
of deciding gates follow without a new run (`alphamill.validation.calibration`).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from alphamill.core.identity import digest
from alphamill.indicators.memo import memo
from alphamill.research.chain import judge_market
from alphamill.research.chance import Draw, Grid, best_of, best_on_noise
from alphamill.research.factory import limits_for
from alphamill.research.outcome import Candidate
from alphamill.research.plan import Plan
from alphamill.research.selftest.experiments import (
    Experiment,
    Judged,
    Record,
    Repeats,
    fewest_hits,
    share,
    sized,
)
from alphamill.research.selftest.markets import (
    NOISE,
    PLANTED_IN,
    SEALED_YEARS,
    SEARCHED_YEARS,
    STRENGTH,
    SYMBOL,
    Noise,
    Simulated,
    ground_of,
    noise_market,
    plan_for,
    planted_market,
)
from alphamill.research.sweep import Ground, run_grid
from alphamill.validation.calibration import largest
from alphamill.validation.gates import Verdict, chance_gate
from alphamill.validation.thresholds import DECIDES, GATES

# One instrument has nobody to be compared with.
MEASURED = tuple(gate for gate in GATES if gate != "multi_symbol")
Preset = Literal["calibrated", "seed"]

# What a record holds: candidates that survive, the least p of the luck test at which one would,
# and the largest patterns of the market (of a planted one: the planted rule's).
SURVIVORS, NEEDED_P, PATTERNS = 0, 1, 2
DRAWS, PERMUTATIONS = 1_000, 19
FOUND = {1.0: 0.05, 1.5: 0.50, 2.0: 0.90}
KINDS: dict[Noise, str] = {
    "iid": "normal returns",
    "garch": "GARCH(1,1)",
    "t4": "Student t4 tails",
    "drift": "10 % drift a year",
    "season": "intraday season, hourly bars",
}


def pattern(candidate: Candidate) -> int:
    """Return the gates that were passed as one number, bit k for gate k of `MEASURED`."""
    passed = {verdict.gate for verdict in candidate.verdicts if verdict.passed}
    return sum(1 << k for k, gate in enumerate(MEASURED) if gate in passed)


def survives(passed: int, preset: Preset) -> bool:
    """Return whether a pattern holds every gate that decides.

    Examples
    --------
    >>> survives((1 << len(MEASURED)) - 1, "calibrated"), survives(0, "calibrated")
    (True, False)
    """
    return all(passed >> MEASURED.index(gate) & 1 for gate in DECIDES[preset])


def p_to_survive(candidate: Candidate) -> float:
    """Return the p-value of the luck test where every other deciding gate passed, and 1 else."""
    said = {verdict.gate: verdict for verdict in candidate.verdicts}
    others = all(said[gate].passed for gate in DECIDES["calibrated"] - {"luck"})
    p = said["luck"].p_value
    return p if others and not math.isnan(p) else 1.0


def judged_by_chain(market: Simulated, number: int, preset: Preset) -> tuple[Candidate, ...]:
    """Return what every gate says of every candidate of a market, the order of gates kept."""
    hourly = market.bars.timeframe != "1d"
    plan = plan_for(
        market,
        gate_preset=preset,
        draws=DRAWS,
        permutations=PERMUTATIONS,
        null="slots" if hourly else "bars",
        # The seal opens for whom no deciding gate has failed; here it is to open for everyone.
        decides=("validity",),
    )
    searched, whole = ground_of(market), ground_of(market, whole=True)
    found = judge_market(plan, {SYMBOL: searched}, number, {SYMBOL: whole})
    chance = against_chance(plan, searched, number)
    return tuple(_with(candidate, chance[candidate.strategy_name]) for candidate in found)


def against_chance(plan: Plan, ground: Ground, number: int) -> dict[str, Verdict]:
    """Return the verdict of the chance gate on each strategy, whatever else was said of it."""
    grids = {s.name: Grid(tuple(s.cells()), {}, None) for s in plan.strategies}
    seeds = [int(digest(number, "chance", k)[:16], 16) for k in range(plan.permutations)]
    given = plan, {SYMBOL: ground}
    drawn = [best_on_noise(given, Draw(SYMBOL, seed, grids)) for seed in seeds]
    limits, told = limits_for(plan, ground).chance, {}
    with memo(ground.memo_bytes):
        for strategy in plan.strategies:
            _, cells, _ = run_grid(strategy, grids[strategy.name].params, ground, ())
            luck = np.array([best[strategy.name] for best in drawn])
            told[strategy.name] = chance_gate(best_of(plan, ground, cells), luck, limits)
    return told


def one_noise(kind: Noise, preset: Preset, number: int) -> Record:
    """Return the record of a noise market."""
    return _record(judged_by_chain(noise_market(kind, number), number, preset), preset)


def one_planted(sharpe: float, preset: Preset, number: int) -> Record:
    """Return the record of a planted market: of the planted rule's candidate alone."""
    found = judged_by_chain(planted_market(sharpe, number), number, preset)
    return _record([c for c in found if c.strategy_name == PLANTED_IN], preset)


def judge_noise(records: Sequence[Record], whole: bool) -> Judged:
    hits, n = sum(record[SURVIVORS] > 0 for record in records), len(records)
    return sized(hits, n, whole, " markets have a survivor")


def judge_planted(sharpe: float, records: Sequence[Record], whole: bool) -> Judged:
    hits, n = sum(record[SURVIVORS] > 0 for record in records), len(records)
    least = FOUND[sharpe] if whole else fewest_hits(FOUND[sharpe], n) / n
    return share(hits, n, least=least, what=" planted edges found")


def judge_compared(records: Sequence[Record], whole: bool) -> Judged:
    hits, n = sum(record[SURVIVORS] > 0 for record in records), len(records)
    return replace(share(hits, n, what=" planted edges found"), passed=None)


def judge_alone(records: Sequence[Record], whole: bool) -> Judged:
    alone = {gate: sum(_holds(record, k) for record in records) for k, gate in enumerate(MEASURED)}
    n = len(records)
    judged = sized(alone["luck"], n, whole, " markets pass luck")
    others = ", ".join(f"{gate} {hits / n:.0%}" for gate, hits in alone.items() if gate != "luck")
    return replace(judged, told=f"{judged.told}; some candidate of a market passes {others}")


def _record(candidates: Sequence[Candidate], preset: Preset) -> Record:
    patterns = [pattern(candidate) for candidate in candidates]
    survivors = sum(survives(passed, preset) for passed in patterns)
    needed = min(map(p_to_survive, candidates), default=1.0)
    return [survivors, needed, *largest(patterns)]


def _holds(record: Record, gate: int) -> bool:
    return any(int(passed) >> gate & 1 for passed in record[PATTERNS:])


def _with(candidate: Candidate, verdict: Verdict) -> Candidate:
    kept = tuple(v for v in candidate.verdicts if v.gate != verdict.gate)
    return replace(candidate, verdicts=kept).told(verdict)


def _noise(kind: Noise, identity: str, preset: Preset = "calibrated") -> Experiment:
    documents = ", the seed documents' gates" if preset == "seed" else ""
    return Experiment(
        identity,
        f"noise markets, the whole chain on 100 cells: {KINDS[kind]}{documents}",
        "at most 5 % have a survivor (99 % bound 6.6 %)",
        Repeats(*((2, 20) if identity == "K1" else (0, 0)), 1_000),
        partial(one_noise, kind, preset),
        judge_noise,
        2,
    )


def _planted(sharpe: float) -> Experiment:
    return Experiment(
        f"K3-{sharpe}",
        f"planted Sharpe ratio {sharpe}, the whole chain on 100 cells, {SEARCHED_YEARS:g} years "
        f"searched and {SEALED_YEARS:g} sealed",
        f"at least {FOUND[sharpe]:.0%} found",
        Repeats(*((2, 20) if sharpe == 2.0 else (0, 0)), 200),
        partial(one_planted, sharpe, "calibrated"),
        partial(judge_planted, sharpe),
        2,
    )


def _compared(sharpe: float) -> Experiment:
    return Experiment(
        f"K3-seed-{sharpe}",
        f"the same, planted {sharpe}, the seed documents' gates",
        "nothing; for comparison",
        Repeats(0, 0, 200),
        partial(one_planted, sharpe, "seed"),
        judge_compared,
        2,
    )


CHAIN = (
    _noise("iid", "K1"),
    *(_noise(kind, f"K2-{kind}") for kind in NOISE if kind != "iid"),
    *(_planted(sharpe) for sharpe in STRENGTH),
    Experiment(
        "K4-gates",
        "each gate alone on the noise markets of K1",
        "luck: at most 6.6 % of markets",
        Repeats(2, 20, 1_000),
        judge=judge_alone,
        records_of="K1",
    ),
    _noise("iid", "K1-seed", "seed"),
    *(_compared(sharpe) for sharpe in STRENGTH),
)
