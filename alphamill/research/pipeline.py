"""The whole path: bars -> sweep -> gates -> walk-forward -> winners, as one call."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from alphamill.backtest.engine import Result
from alphamill.backtest.metrics import periods_per_year
from alphamill.core.clock import Clock
from alphamill.core.errors import DataError
from alphamill.core.identity import canonical_json, digest
from alphamill.data.catalog import Catalog
from alphamill.data.ingest import Ingested, ingest
from alphamill.data.raw import Source
from alphamill.research import results, winners
from alphamill.research.cells import joined
from alphamill.research.chain import compared
from alphamill.research.chance import chance_test
from alphamill.research.factory import judge, limits_for, rerun
from alphamill.research.heatmap import heatmap
from alphamill.research.outcome import (
    Candidate,
    Failure,
    FunnelStep,
    Refusal,
    RunOutcome,
    Trials,
    Winner,
    grid_lines,
)
from alphamill.research.plan import Plan
from alphamill.research.prepare import Prepared, date_of, prepare
from alphamill.research.rebuilt import ASKED, asked
from alphamill.research.sealed import still_sealed
from alphamill.research.sweep import SweepRun, sweep
from alphamill.validation.gates import Verdict, stamped
from alphamill.validation.ledger import Ledger
from alphamill.validation.splits import Windows
from alphamill.validation.statistics import noise_sharpe
from alphamill.validation.thresholds import GATES
from alphamill.validation.trials import null_variance
from alphamill.workshop.parallel import Executor, executor
from alphamill.workshop.progress import Progress


@dataclass(frozen=True)
class Judged:
    """A finished sweep with its candidates and winners."""

    prepared: Prepared
    sweep: SweepRun
    candidates: tuple[Candidate, ...]
    winners: tuple[Winner, ...]
    trials_ever: int
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Return what was not run, what failed, and what never traded, each with the reason."""
        return (
            *self.prepared.refused,
            *self.sweep.refused,
            *raised(self.sweep),
            *never_traded(self.candidates),
        )


def never_traded(candidates: Sequence[Candidate]) -> tuple[Refusal, ...]:
    """Return the candidates none of whose cells ever traded: silence would look like a verdict."""
    return tuple(
        Refusal(c.symbol, c.strategy_name, f"never traded in any of its {c.n_cells:,} cells")
        for c in candidates
        if c.metrics["total_trades"] == 0
    )


def raised(run: SweepRun) -> tuple[Refusal, ...]:
    """Return the rules that raised, once for each instrument, with the first reason."""
    asked: Counter[tuple[str, str]] = Counter()
    for task in run.tasks:
        asked[task.symbol, task.strategy] += len(task.params)
    failed: dict[tuple[str, str], list[Failure]] = {}
    for failure in run.failed:
        failed.setdefault((failure.symbol, failure.strategy), []).append(failure)
    return tuple(
        Refusal(
            *key,
            f"FAILED in {len(those):,} of its {asked[key]:,} parameter sets, first with "
            f"{canonical_json(dict(those[0].params))}: {those[0].reason}",
        )
        for key, those in failed.items()
    )


def run(
    plan: Plan,
    source: Source,
    workspace: Path,
    *,
    n_workers: int,
    progress: Progress,
    clock: Clock,
) -> RunOutcome:
    """Run the whole path and return what the report shows.

    Bars go from ``source`` into the workspace's catalog, the last part of each history is sealed,
    everything is chosen in the discovery window, and the winners' manifest is written.
    """
    catalog = Catalog(workspace)
    begun = clock.now_ns()
    taken = ingest(
        source,
        plan.symbols,
        plan.timeframe,
        catalog,
        overrides=plan.instruments,
        clock=clock,
        progress=progress,
    )
    stages = {"ingest": (clock.now_ns() - begun) / 1e9}
    with executor(n_workers) as work:
        done = research(plan, workspace, work, progress=progress, clock=clock)
        winners.write_manifest(workspace / "winners_manifest.json", done.winners, clock.now_ns())
        return _outcome(plan, done, taken, {**stages, **done.stages}, n_workers)


def research(
    plan: Plan, workspace: Path, work: Executor, *, progress: Progress, clock: Clock
) -> Judged:
    """Sweep and judge what the catalog already holds, and store the verdicts with the run."""
    prepared = prepare(plan, Catalog(workspace), work)
    if not prepared.grounds:
        why = "; ".join(f"{r.symbol}: {r.reason}" for r in prepared.refused)
        raise DataError(f"no series can be swept. {why}. Ingest a longer or another series.")
    ledger = Ledger(workspace / "ledger.db", clock, plan.machine)
    stages: dict[str, float] = {}
    begun = clock.now_ns()
    swept = sweep(plan, prepared.grounds, workspace / "runs", ledger, work, progress)
    stages["sweep"] = (clock.now_ns() - begun) / 1e9
    took = {
        "workers": work.n_workers,
        "runtime_seconds": stages["sweep"],
        # Rows that are cut off at the end of a chain show only against a head kept elsewhere.
        "ledger_head": ledger.head(),
    }
    results.write_meta(swept.folder, {**_meta(plan, prepared, swept, begun), **took})
    begun = clock.now_ns()
    candidates = judge(plan, swept, prepared.grounds, ledger.count(), work, progress)
    candidates = compared(plan, prepared.grounds, candidates, swept.luck)
    stages["gates"] = (clock.now_ns() - begun) / 1e9
    begun = clock.now_ns()
    candidates = chance_test(plan, swept, prepared.grounds, candidates, work, progress)
    stages["chance test"] = (clock.now_ns() - begun) / 1e9
    candidates = _with_holdout(plan, prepared, candidates, winners.looked_before(swept.folder))
    identity = {
        symbol: (swept.run_id, ground.data_hash, swept.code_version)
        for symbol, ground in prepared.grounds.items()
    }
    finalists = winners.finalists(candidates, plan.top_n, plan.carry_unproven)
    chosen = winners.winners(finalists, plan.carry_unproven, identity)
    judged = Judged(prepared, swept, candidates, chosen, ledger.count(), stages)
    winners.store(swept.folder, chosen, candidates, clock.now_ns(), judged.refused, swept.failed)
    ledger.close()
    return judged


def _with_holdout(
    plan: Plan,
    prepared: Prepared,
    candidates: Sequence[Candidate],
    before: Mapping[winners.Cell, Verdict],
) -> tuple[Candidate, ...]:
    """Return the candidates with what the sealed end said of the same cell, if it was looked at."""
    told = []
    for who in candidates:
        said = before.get(winners.cell_name(who))
        if said is None:
            said = still_sealed(plan, prepared.grounds, who)
        told.append(who.told(stamped(said, limits_for(plan, prepared.grounds[who.symbol]))))
    return tuple(told)


def _meta(plan: Plan, prepared: Prepared, swept: SweepRun, begun_ns: int) -> dict[str, Any]:
    series = {}
    for symbol, ground in prepared.grounds.items():
        series[symbol] = {
            "first": int(ground.sessions[0]),
            "last": int(ground.sessions[-1]),
            "n_bars": len(ground.bars),
            "n_sessions": int(ground.sessions.size),
            "periods_per_year": periods_per_year(ground.sessions),
            "data_hash": ground.data_hash,
            "basic": asdict(limits_for(plan, ground).basic),
        }
    return {
        "run_id": swept.run_id,
        "begun_ns": begun_ns,
        "project": plan.project,
        "timeframe": plan.timeframe,
        "strategies": {s.name: s.number for s in plan.strategies},
        "n_cells": swept.n_cells,
        "n_failed_sets": len(swept.failed),
        "grids": {g.name: [g.declared, g.run] for g in swept.grids},
        "code_version": swept.code_version,
        "seed": plan.seed,
        "series": series,
        ASKED: asked(plan),
    }


def _outcome(
    plan: Plan,
    done: Judged,
    taken: Sequence[Ingested],
    stages: Mapping[str, float],
    n_workers: int,
) -> RunOutcome:
    best = _best(done)
    shown: Result | None = None
    chart = None
    if best is not None:
        grounds = done.prepared.grounds
        ground, strategy = grounds[best.symbol], plan.strategy(best.strategy_name)
        part = joined(list(done.sweep.parts(best.symbol, best.strategy_name)))
        shown = rerun(strategy, grounds, part, best.cell)
        chart = heatmap(part, ground.sessions.size, periods_per_year(ground.sessions))
    kept_out = {t.symbol for t in taken if t.refused}
    hashes = [ground.data_hash for ground in done.prepared.grounds.values()]
    return RunOutcome(
        run_id=done.sweep.run_id,
        project=plan.project,
        funnel=_funnel(done),
        candidates=done.candidates,
        winners=done.winners,
        best=best,
        best_result=shown,
        heatmap=chart,
        refused=(
            *(Refusal(t.symbol, "all", t.refused) for t in taken if t.refused),
            *(r for r in done.refused if r.symbol not in kept_out),
        ),
        quality=tuple(finding for t in taken for finding in t.findings),
        trials=_trials(done, best),
        windows={s: _dates(w) for s, w in done.prepared.windows.items()},
        identity={
            "run": done.sweep.run_id,
            "data": digest(hashes)[:16],
            "code": done.sweep.code_version,
            "seed": str(plan.seed),
        },
        budget={
            "cells": f"{done.sweep.n_cells:,} of at most {plan.max_cells:,}",
            **grid_lines(done.sweep.grids),
            "resampled histories for each instrument": f"{plan.draws:,}",
            "permuted markets for each instrument": str(plan.permutations),
            "workers": str(n_workers),
        },
        stages=stages,
        survivorship=(
            "survivorship-biased universe: a static list of today's names, no dated membership"
        ),
        failed=done.sweep.failed,
        grids=done.sweep.grids,
    )


def _best(done: Judged) -> Candidate | None:
    if done.winners:
        return done.winners[0].candidate
    traded = [c for c in done.candidates if c.metrics["total_trades"] > 0]
    return min(traded, key=lambda c: c.distance, default=None)


def _funnel(done: Judged) -> tuple[FunnelStep, ...]:
    steps = [
        FunnelStep("cells tried", done.sweep.n_cells, "cells"),
        FunnelStep("strategy on instrument", len(done.candidates), "candidates"),
    ]
    left = list(done.candidates)
    for gate in GATES:
        said = {c.pair: v for c in done.candidates for v in c.verdicts if v.gate == gate}
        if any(v.decides and v.asked for v in said.values()):
            left = [c for c in left if said[c.pair].passed]
            steps.append(FunnelStep(gate, len(left), "candidates"))
    passed = sum(w.stamp != "unproven" for w in done.winners)
    return (*steps, FunnelStep("winners", passed, "candidates"))


def _trials(done: Judged, best: Candidate | None) -> Trials:
    swept = done.sweep
    noise, deflated = 0.0, None
    if best is not None:
        sessions = done.prepared.grounds[best.symbol].sessions
        # Under no edge a per-period Sharpe varies by its sampling error; the spread of net
        # Sharpes in a sweep is mostly cost drag and would be no measure of luck.
        variance = null_variance(sessions.size)
        noise = noise_sharpe(swept.n_cells, variance) * math.sqrt(periods_per_year(sessions))
        deflated = next(v.score for v in best.verdicts if v.gate == "deflated_sharpe")
    return Trials(swept.n_cells, swept.n_new_trials, done.trials_ever, noise, deflated)


def _dates(cut: Windows) -> dict[str, str]:
    return {w.name: f"{date_of(w.first)} to {date_of(w.last)}" for w in cut.all()}
