"""The passport of one strategy on one instrument: all that a stored run knows of it, and more."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alphamill.backtest.engine import Result
from alphamill.backtest.metrics import periods_per_year
from alphamill.backtest.state import REASONS
from alphamill.core.clock import Clock
from alphamill.core.strategy import Sides
from alphamill.research.cells import Part
from alphamill.research.evidence import Evidence, gather
from alphamill.research.evidence import as_json as evidence_as_json
from alphamill.research.factory import block_sums, limits_for
from alphamill.research.finalists import FinalistNulls, finalist_nulls
from alphamill.research.finalists import as_json as nulls_as_json
from alphamill.research.heatmap import heatmap
from alphamill.research.outcome import Candidate, Heatmap
from alphamill.research.rebuilt import last_judged, rebuilt
from alphamill.research.sweep import Ground
from alphamill.validation.ledger import Ledger
from alphamill.validation.splits import walk_forward
from alphamill.validation.walk import walk_forward_gate


@dataclass(frozen=True, eq=False)
class Passport:
    """One judged candidate with everything that speaks for and against it.

    Attributes
    ----------
    run_id, project : str
    candidate : Candidate
        With the verdicts of its run and the stitched out-of-sample P&L.
    stamp : str or None
        As the winner that it is; None where it is none.
    idea : str
        Why it should pay: the hypothesis.
    sides : "long" or "both"
    identity : mapping
        What the figures rest on: run, data, code, seed, first and last trade date.
    evidence : Evidence
        Gathered anew, with the ledger's count of today.
    nulls : FinalistNulls
        Of the chosen cell; they cost too much to be asked of every candidate.
    heatmap : Heatmap or None
    result : Result
        The chosen cell's backtest over the discovery window.
    """

    run_id: str
    project: str
    candidate: Candidate
    stamp: str | None
    idea: str
    sides: Sides
    identity: Mapping[str, str]
    evidence: Evidence
    nulls: FinalistNulls
    heatmap: Heatmap | None
    result: Result


def passport(
    workspace: Path, symbol: str, strategy: str, clock: Clock, run: str | None = None
) -> Passport:
    """Return the passport of a candidate from the run that judged it last, or from ``run``.

    Parameters
    ----------
    workspace : Path
        Read only: nothing is swept, no gate is asked again, and the seal stays closed.
    symbol, strategy : str
        The strategy by name or number.
    clock : Clock
        For the ledger, whose trials are counted.
    run : str, optional
        A run's id.

    Raises
    ------
    SettingsError
        For a run, symbol or strategy that is not there, with the nearest that is.
    DataError
        When the run's bars or the code have changed so that its figures cannot be had again.
    """
    again = rebuilt(workspace, *last_judged(workspace / "runs", symbol, strategy, run))
    ground, part, plan, who = again.ground, again.part, again.plan, again.stored.candidate
    folds = walk_forward(len(ground.blocks), plan.train_quarters, plan.test_quarters)
    walked = walk_forward_gate(
        block_sums(ground, part), folds, limits_for(plan, ground).walk_forward
    )
    trials = _trials(workspace / "ledger.db", clock, part)
    return Passport(
        run_id=again.folder.name,
        project=again.meta["project"],
        candidate=who,
        stamp=again.stored.stamp,
        idea=plan.strategies[0].idea,
        sides=plan.sides,
        identity=_identity(again.meta, ground),
        evidence=gather(plan, again.grounds, part, walked, who.cell, trials, plan.seed),
        nulls=finalist_nulls(plan.strategies[0], again.grounds, part, who.cell, plan.seed),
        heatmap=heatmap(part, ground.sessions.size, periods_per_year(ground.sessions)),
        result=again.result,
    )


def as_json(found: Passport) -> dict[str, Any]:
    """Return a passport as plain JSON values; docs/passport.md says what each one means."""
    who, chart = found.candidate, found.heatmap
    return {
        "symbol": who.symbol,
        "timeframe": who.timeframe,
        "strategy_id": who.strategy_id,
        "strategy_name": who.strategy_name,
        "archetype": who.archetype,
        "hypothesis": found.idea,
        "sides": found.sides,
        "run_id": found.run_id,
        "project": found.project,
        "identity": dict(found.identity),
        "stamp": found.stamp,
        "failed_gate": who.failed_gate,
        "waits_for": who.waits_for,
        "verdicts": [_finite(asdict(v)) for v in who.verdicts],
        "n_cells": who.n_cells,
        "params": dict(who.params),
        "metrics": _finite(who.metrics),
        "out_of_sample": {
            "sharpe_ratio": who.oos_sharpe if math.isfinite(who.oos_sharpe) else None,
            "sessions": who.sessions.tolist(),
            "pnl": who.oos_pnl.tolist(),
        },
        "evidence": evidence_as_json(found.evidence),
        "nulls": nulls_as_json(found.nulls),
        "heatmap": None
        if chart is None
        else {
            "x": chart.x_name,
            "y": chart.y_name,
            "x_values": list(chart.x_values),
            "y_values": list(chart.y_values),
            "sharpe": [[v if math.isfinite(v) else None for v in row] for row in chart.sharpe],
        },
        "trades": _trades(found.result),
    }


def _trades(result: Result) -> list[dict[str, Any]]:
    t, session = result.trades, result.bars.session
    return [
        {
            "side": int(t.side[i]),
            "entry_session": int(session[t.entry_bar[i]]),
            "entry_price": float(t.entry_price[i]),
            "exit_session": int(session[t.exit_bar[i]]),
            "exit_price": float(t.exit_price[i]),
            "pnl": float(t.pnl[i]),
            "reason": REASONS[int(t.reason[i])],
        }
        for i in range(len(t))
    ]


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()
    }


def _trials(path: Path, clock: Clock, part: Part) -> int:
    ledger = Ledger(path, clock)
    n_ever = ledger.count()
    ledger.close()
    # A ledger that was moved away counts fewer than are looked at right now.
    return max(n_ever, part.cells.size)


def _identity(meta: Mapping[str, Any], ground: Ground) -> dict[str, str]:
    return {
        "run": meta["run_id"],
        "data": ground.data_hash[:16],
        "code": meta["code_version"],
        "seed": str(meta["seed"]),
        "sessions": f"{ground.sessions[0]} to {ground.sessions[-1]}",
    }
