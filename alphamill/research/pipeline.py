"""The whole path: bars -> sweep -> gates -> walk-forward -> winners, as one call."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.metrics import daily_pnl, periods_per_year, sharpe
from alphamill.core.clock import Clock
from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json, digest
from alphamill.data.calendar import schedule
from alphamill.data.catalog import Catalog
from alphamill.data.ingest import Ingested, ingest
from alphamill.data.instruments import instrument
from alphamill.data.raw import Source
from alphamill.research import results, winners
from alphamill.research.cells import Part, joined
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
from alphamill.research.sweep import Ground, SweepRun, memo_bytes, sweep
from alphamill.validation.ledger import Ledger
from alphamill.validation.splits import Windows, quarter_blocks, windows
from alphamill.validation.statistics import deflated_sharpe, moments, noise_sharpe
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Progress

ACCOUNT_CURRENCY = "USD"


@dataclass(frozen=True)
class Prepared:
    """What the sweep may see of each instrument, and what was left out."""

    grounds: Mapping[str, Ground]
    windows: Mapping[str, Windows]
    refused: tuple[Refusal, ...]


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
    done = research(plan, workspace, n_workers=n_workers, progress=progress, clock=clock)
    winners.write_manifest(workspace / "winners_manifest.json", done.winners, clock.now_ns())
    return _outcome(plan, done, taken, {**stages, **done.stages}, n_workers)


def research(
    plan: Plan, workspace: Path, *, n_workers: int, progress: Progress, clock: Clock
) -> Judged:
    """Sweep and judge what the catalog already holds, and store the verdicts with the run."""
    prepared = prepare(plan, Catalog(workspace), n_workers)
    if not prepared.grounds:
        why = "; ".join(f"{r.symbol}: {r.reason}" for r in prepared.refused)
        raise DataError(f"no series can be swept. {why}. Ingest a longer or another series.")
    ledger = Ledger(workspace / "ledger.db", clock)
    stages: dict[str, float] = {}
    with executor(n_workers) as work:
        begun = clock.now_ns()
        swept = sweep(plan, prepared.grounds, workspace / "runs", ledger, work, progress)
        stages["sweep"] = (clock.now_ns() - begun) / 1e9
        took = {"workers": n_workers, "runtime_seconds": stages["sweep"]}
        results.write_meta(swept.folder, {**_meta(plan, prepared, swept, begun), **took})
        begun = clock.now_ns()
        candidates = judge(plan, swept, prepared.grounds, progress)
        stages["gates"] = (clock.now_ns() - begun) / 1e9
        begun = clock.now_ns()
        candidates = chance_test(plan, swept, prepared.grounds, candidates, work, progress)
        stages["chance test"] = (clock.now_ns() - begun) / 1e9
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


def prepare(plan: Plan, catalog: Catalog, n_workers: int = 1) -> Prepared:
    """Return each instrument's discovery window, and seal the last part of its history."""
    grounds: dict[str, Ground] = {}
    cut: dict[str, Windows] = {}
    refused: list[Refusal] = []
    known = {(e.symbol, e.timeframe): e for e in catalog.entries()}
    for symbol in plan.symbols:
        entry = known.get((symbol, plan.timeframe))
        if entry is None:
            refused.append(Refusal(symbol, "all", f"the catalog holds no {plan.timeframe} bars"))
            continue
        what = instrument(symbol, plan.instruments.get(symbol))
        if what.currency != ACCOUNT_CURRENCY:
            why = (
                f"its P&L falls due in {what.currency}, the account is in {ACCOUNT_CURRENCY} and "
                f"no rate is given; instruments: {{{symbol}: {{currency: {ACCOUNT_CURRENCY}}}}} in "
                "the project file takes it at par"
            )
            refused.append(Refusal(symbol, "all", why))
            continue
        days = schedule(what.calendar, entry.first_session, entry.last_session).session
        cut[symbol] = windows(days, plan.windows or None)
        sealed = catalog.seal(symbol, plan.timeframe, cut[symbol].sealed.first)
        first, last = cut[symbol].discovery.first, cut[symbol].discovery.last
        if sealed <= last:
            raise SettingsError(
                f"{symbol}: its bars are sealed from {_date(sealed)} on by an earlier project, and "
                f"windows.discovery ends {_date(last)}. Let it end before the seal, or open the "
                "seal on purpose; a look is logged and charged."
            )
        bars = catalog.read(symbol, plan.timeframe, first, last)
        sessions = np.unique(bars.session)
        blocks = quarter_blocks(sessions)
        if len(blocks) <= plan.train_quarters:
            why = (
                f"insufficient history: its discovery window has {len(blocks)} quarters and the "
                f"walk-forward needs more than {plan.train_quarters}"
            )
            refused.append(Refusal(symbol, "all", why))
            continue
        grounds[symbol] = Ground(
            bars,
            what,
            sessions,
            blocks,
            plan.exits,
            plan.sides,
            catalog.content_hash(symbol, plan.timeframe, first, last),
            memo_bytes(plan, len(bars), n_workers),
        )
    return Prepared(grounds, cut, tuple(refused))


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
        shown = rerun(strategy, grounds, part, _cell(part, best))
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
        trials=_trials(done, best, shown),
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
    for gate in ("basic", "walk_forward", "chance"):
        if any(v.gate == gate for c in done.candidates for v in c.verdicts):
            left = [c for c in left if any(v.gate == gate and v.passed for v in c.verdicts)]
            steps.append(FunnelStep(gate, len(left), "candidates"))
    proven = sum(w.stamp == "proven" for w in done.winners)
    return (*steps, FunnelStep("winners", proven, "candidates"))


def _cell(part: Part, who: Candidate) -> int:
    for row in range(part.cells.size):
        if part.cell(row) == dict(who.params):
            return row
    raise DataError(f"{who.symbol} {who.strategy_name}: its cell is not in the stored sweep.")


def _trials(done: Judged, best: Candidate | None, shown: Result | None) -> Trials:
    swept = done.sweep
    noise, deflated = 0.0, None
    if best is not None and shown is not None:
        ground = done.prepared.grounds[best.symbol]
        per_year, n = periods_per_year(ground.sessions), ground.sessions.size
        daily = daily_pnl(shown)[1]
        # Under no edge a per-period Sharpe varies by its sampling error; the spread of net
        # Sharpes in a sweep is mostly cost drag and would be no measure of luck.
        variance = 1.0 / (n - 1.0)
        noise = noise_sharpe(swept.n_cells, variance) * math.sqrt(per_year)
        deflated = deflated_sharpe(
            sharpe(daily, 1.0), n, done.trials_ever, variance, moments(daily)
        )
    return Trials(swept.n_cells, swept.n_new_trials, done.trials_ever, noise, deflated)


def _dates(cut: Windows) -> dict[str, str]:
    return {w.name: f"{_date(w.first)} to {_date(w.last)}" for w in cut.all()}


def _date(session: int) -> str:
    return f"{session // 10000:04d}-{session // 100 % 100:02d}-{session % 100:02d}"
