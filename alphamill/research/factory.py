"""The factory: from a sweep's cells to one judged candidate a strategy and instrument.

Here each candidate meets the gates that need nothing but itself; `chain` asks the others.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from alphamill.backtest.engine import Result, backtest
from alphamill.backtest.legs import backtest_legs
from alphamill.backtest.metrics import (
    Metrics,
    daily_pnl,
    periods_per_year,
    sharpe,
    summary,
)
from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.core.strategy import Strategy
from alphamill.research.cells import Part, joined, read_part
from alphamill.research.evidence import Evidence, gather
from alphamill.research.outcome import Candidate
from alphamill.research.plan import Plan
from alphamill.research.rules import UserFile, rule_of
from alphamill.research.sweep import Ground, SweepRun, legs, signals, targets
from alphamill.validation.drawdown import drawdown_gate
from alphamill.validation.gates import (
    Verdict,
    basic,
    deflated_gate,
    stamped,
    validity_gate,
)
from alphamill.validation.overfitting import overfitting_gate
from alphamill.validation.plateau import plateau_gate
from alphamill.validation.regime import regime_gate
from alphamill.validation.splits import Fold, walk_forward
from alphamill.validation.stress import stress_gate
from alphamill.validation.thresholds import Thresholds, thresholds
from alphamill.validation.walk import NO_CELL, BlockSums, WalkForward, walk_forward_gate
from alphamill.workshop.parallel import Executor
from alphamill.workshop.progress import Progress


@dataclass(frozen=True)
class Question:
    """One candidate to be judged: where its cells are stored, and its rule if it is a user's."""

    symbol: str
    strategy: str
    parts: tuple[Path, ...]
    file: UserFile | None
    trials_ever: int


def judge(
    plan: Plan,
    run: SweepRun,
    grounds: Mapping[str, Ground],
    trials_ever: int,
    executor: Executor,
    progress: Progress,
) -> tuple[Candidate, ...]:
    """Return one candidate for each strategy and instrument that has cells, in plan order.

    Every candidate meets every gate, also after a failure, so that its report is whole.
    """
    files = {(task.symbol, task.strategy): task.file for task in run.tasks}
    questions = [
        Question(*pair, run.paths(*pair), file, trials_ever) for pair, file in files.items()
    ]
    progress.start("gates", len(questions))
    # Rules do not travel to the workers; they are found there by name.
    handle = executor.put((replace(plan, strategies=()), grounds))
    found: list[Candidate] = []
    for question, candidate in zip(questions, executor.map(answer, questions, handle), strict=True):
        # Where the rule raised for all parameter sets there is nothing to judge.
        if candidate is not None:
            found.append(candidate)
        progress.advance(1, f"{question.symbol} {question.strategy}")
    progress.finish()
    return tuple(found)


def answer(given: tuple[Plan, Mapping[str, Ground]], question: Question) -> Candidate | None:
    """Return one candidate of stored cells; None where there are none."""
    plan, grounds = given
    part = joined([read_part(path) for path in question.parts])
    if not part.cells.size:
        return None
    strategy = rule_of(question.strategy, question.file)
    return judged(replace(plan, strategies=(strategy,)), grounds, part, question.trials_ever)


def rerun(strategy: Strategy, grounds: Mapping[str, Ground], part: Part, cell: int) -> Result:
    """Return the whole backtest of one stored cell."""
    params, stack = part.params_of(cell)
    ground, others = grounds[part.symbol], [grounds[symbol] for symbol in part.others.values()]
    if strategy.others:
        return backtest_legs(legs(ground, *others), targets(strategy, ground, others, params))
    said = signals(strategy, ground, params)
    return backtest(ground.bars, said, stack, ground.instrument, levels=strategy.levels)


def block_sums(ground: Ground, part: Part) -> BlockSums:
    """Return the stored block sums of a candidate's cells as the gates take them."""
    return BlockSums(
        part.blocks[:, :, 0],
        part.blocks[:, :, 1],
        part.entries.astype(np.int64),
        ground.blocks.n_sessions,
        periods_per_year(ground.sessions),
    )


def limits_for(plan: Plan, ground: Ground) -> Thresholds:
    """Return the gates' thresholds for one instrument's length of history."""
    years = ground.sessions.size / periods_per_year(ground.sessions)
    return thresholds(plan.gate_preset, len(ground.bars), years, plan.gates, plan.decides)


def judged(plan: Plan, grounds: Mapping[str, Ground], part: Part, trials_ever: int) -> Candidate:
    """Return the candidate of some cells, with the verdicts that need nothing but itself."""
    ground, strategy = grounds[part.symbol], plan.strategy(part.strategy)
    sums, limits = block_sums(ground, part), limits_for(plan, ground)
    folds = walk_forward(len(ground.blocks), plan.train_quarters, plan.test_quarters)
    walked = walk_forward_gate(sums, folds, limits.walk_forward)
    # Where no cell ever traded enough to be chosen, the busiest one stands for the candidate.
    cell = walked.final_cell
    if cell == NO_CELL:
        cell = int(np.argmax(part.cells["total_trades"]))
    result = rerun(strategy, grounds, part, cell)
    measured = summary(result)
    _require_same(part, cell, measured)
    evidence = gather(plan, grounds, part, walked, cell, trials_ever, plan.seed)
    sessions, pnl = _stitched(strategy, grounds, part, walked, folds)
    verdicts = (
        _valid(result, measured, limits),
        _basic(measured, limits),
        walked.verdict,
        *_of_evidence(evidence, daily_pnl(result)[1], trials_ever, limits),
    )
    return Candidate(
        symbol=part.symbol,
        timeframe=ground.bars.timeframe,
        strategy_id=strategy.number,
        strategy_name=strategy.name,
        archetype=strategy.archetype,
        n_cells=part.cells.size,
        params=part.cell(cell),
        metrics=figures(measured),
        in_sample_sharpe=measured.sharpe_ratio,
        oos_sharpe=sharpe(pnl, sums.periods_per_year),
        sessions=sessions,
        oos_pnl=pnl,
        verdicts=tuple(stamped(verdict, limits) for verdict in verdicts),
        cell=cell,
    )


def _valid(result: Result, measured: Metrics, limits: Thresholds) -> Verdict:
    n_closed = measured.total_trades
    share = int(result.trades.ambiguous.sum()) / n_closed if n_closed else 0.0
    # Only data that were accepted come into the catalog.
    return validity_gate(measured.fees + measured.slippage, True, share, limits.validity)


def _of_evidence(
    evidence: Evidence, daily: Floats, trials_ever: int, limits: Thresholds
) -> tuple[Verdict, ...]:
    deflated, grid = evidence.deflated, evidence.overfitting
    return (
        regime_gate(evidence.regimes, limits.regime),
        plateau_gate(evidence.plateau, limits.plateau),
        drawdown_gate(evidence.by_trade_order, evidence.by_blocks, limits.drawdown),
        deflated_gate(
            sharpe(daily, 1.0),
            daily.size,
            evidence.shape,
            trials_ever,
            deflated.mean_correlation,
            deflated.trials.by_clusters,
            limits.deflated_sharpe,
        ),
        overfitting_gate(grid.pbo, grid.loss_probability, grid.band, limits.overfitting),
        stress_gate(evidence.stress, limits.cost_stress),
    )


def figures(measured: Metrics) -> dict[str, float]:
    """Return the plain numbers of a backtest's metrics by name."""
    return {k: float(v) for k, v in asdict(measured).items() if isinstance(v, (int, float))}


def _basic(measured: Metrics, limits: Thresholds) -> Verdict:
    frac = measured.max_drawdown_pct / 100
    return basic({**figures(measured), "max_drawdown_frac": frac}, limits.basic)


def _stitched(
    strategy: Strategy,
    grounds: Mapping[str, Ground],
    part: Part,
    walked: WalkForward,
    folds: list[Fold],
) -> tuple[Ints, Floats]:
    """Return trade dates and P&L of the test windows, each by the cell chosen before it."""
    pieces: list[tuple[Ints, Floats]] = []
    ground = grounds[part.symbol]
    for cell, runs in _runs(walked.chosen.tolist(), folds):
        daily: Floats = np.zeros(ground.sessions.size)
        if cell != NO_CELL:
            daily = daily_pnl(rerun(strategy, grounds, part, cell))[1]
        for fold in runs:
            tested = slice(*ground.blocks.edges[[fold.test_start, fold.test_stop]])
            pieces.append((ground.sessions[tested], daily[tested]))
    pieces.sort(key=lambda piece: int(piece[0][0]))
    return np.concatenate([s for s, _ in pieces]), np.concatenate([p for _, p in pieces])


def _runs(chosen: list[int], folds: list[Fold]) -> Iterator[tuple[int, list[Fold]]]:
    """Yield each distinct cell once with the folds that chose it."""
    for cell in dict.fromkeys(chosen):
        yield cell, [fold for c, fold in zip(chosen, folds, strict=True) if c == cell]


def _require_same(part: Part, cell: int, measured: Metrics) -> None:
    """Refuse stored results that a fresh run does not confirm."""
    stored = part.cells[cell]
    same = measured.total_trades == stored["total_trades"] and math.isclose(
        measured.total_pnl, stored["total_pnl"], rel_tol=1e-9, abs_tol=1e-6
    )
    if not same:
        raise DataError(
            f"{part.symbol} {part.strategy}: the stored cell {cell} has "
            f"{stored['total_trades']} trades and P&L {stored['total_pnl']!r}, a fresh run gives "
            f"{measured.total_trades} and {measured.total_pnl!r}. Delete this run's folder and "
            "sweep again."
        )
