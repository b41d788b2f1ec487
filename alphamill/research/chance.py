"""The chance test: how good the same search would look on the same market without memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alphamill.backtest.lanes import Tally
from alphamill.backtest.metrics import periods_per_year
from alphamill.core.identity import digest
from alphamill.core.params import Params
from alphamill.indicators.memo import memo
from alphamill.research.cells import joined
from alphamill.research.factory import limits_for
from alphamill.research.outcome import Candidate
from alphamill.research.permuted import common_stamps, last_training_bar, permuted, together
from alphamill.research.plan import Plan
from alphamill.research.rules import UserFile, rule_of
from alphamill.research.sweep import Ground, SweepRun, run_grid
from alphamill.validation.gates import Verdict, chance_gate, stamped
from alphamill.validation.splits import walk_forward
from alphamill.validation.walk import BlockSums, walk_forward_gate
from alphamill.workshop.parallel import Executor
from alphamill.workshop.progress import Progress

# Bars that two series must share to be put in one order; those they do not share are left out.
MIN_COMMON = 0.9


@dataclass(frozen=True)
class Grid:
    """One candidate's parameter sets, and what its rule reads besides."""

    params: tuple[Params, ...]
    others: Mapping[str, str]
    file: UserFile | None


@dataclass(frozen=True)
class Draw:
    """One permuted market and the whole grids to run on it."""

    symbol: str
    seed: int
    grids: Mapping[str, Grid]


def chance_test(
    plan: Plan,
    run: SweepRun,
    grounds: Mapping[str, Ground],
    candidates: Sequence[Candidate],
    executor: Executor,
    progress: Progress,
) -> tuple[Candidate, ...]:
    """Return the candidates, each with one more verdict: against permuted markets.

    Each one's whole grid is run again on ``plan.permutations`` markets whose bars come in
    another order, so the search itself is charged. One permuted market serves all of an
    instrument; a rule over two series sees both in the same new order, so that what happened
    together still does. Whom a gate that decides has failed is not asked: the answer could not
    save it, and it costs more than all gates before it.
    """
    grids: dict[str, dict[str, Grid]] = {}
    verdicts: dict[tuple[str, str], Verdict] = {}
    for who in candidates:
        grid = _grid(run, who) if plan.permutations and not who.failed_gate else None
        why = _not_asked(plan, grounds, who, grid)
        if grid is None or why:
            verdicts[who.pair] = Verdict("chance", False, np.nan, np.nan, why, asked=False)
        else:
            grids.setdefault(who.symbol, {})[who.strategy_name] = grid
    draws = [
        Draw(symbol, int(digest(plan.seed, symbol, k)[:16], 16), grids[symbol])
        for symbol in grids
        for k in range(plan.permutations)
    ]
    progress.start("chance test", len(draws))
    handle = executor.put((replace(plan, strategies=()), grounds))
    found: dict[tuple[str, str], list[float]] = {}
    for draw, best in zip(draws, executor.map(best_on_noise, draws, handle), strict=True):
        for strategy, value in best.items():
            found.setdefault((draw.symbol, strategy), []).append(value)
        progress.advance(1, draw.symbol)
    progress.finish()
    for key, values in found.items():
        ground, part = grounds[key[0]], joined(list(run.parts(*key)))
        cells = Tally(part.cells, part.blocks, part.entries, np.zeros((0, part.cells.size)))
        limits = limits_for(plan, ground).chance
        verdicts[key] = chance_gate(best_of(plan, ground, [cells]), np.array(values), limits)
    return tuple(
        who.told(stamped(verdicts[who.pair], limits_for(plan, grounds[who.symbol])))
        for who in candidates
    )


def best_on_noise(given: tuple[Plan, Mapping[str, Ground]], draw: Draw) -> dict[str, float]:
    """Return how good each strategy's search looks on one permuted market.

    Infinite where the rule raised: what it would have made of this market is not known, and what is
    not known must not speak for it.
    """
    plan, grounds = given
    ground, n_train = grounds[draw.symbol], plan.train_quarters
    first = last_training_bar(ground.bars, ground.sessions, ground.blocks, n_train)
    bars = permuted(ground.bars, np.random.default_rng(draw.seed), plan.null, first)
    drawn = replace(ground, bars=bars)
    best: dict[str, float] = {}
    with memo(ground.memo_bytes):
        for name, grid in draw.grids.items():
            there: tuple[Ground, ...] = (drawn,)
            if grid.others:
                partners = (grounds[symbol] for symbol in grid.others.values())
                there = together((ground, *partners), draw.seed, plan.null, n_train)
            strategy = rule_of(name, grid.file)
            _, found, raised = run_grid(strategy, grid.params, there[0], there[1:])
            best[name] = float(np.inf) if raised else best_of(plan, there[0], found)
    return best


def best_of(plan: Plan, ground: Ground, found: Sequence[Tally]) -> float:
    """Return what a search makes of its cells: the best annualised Sharpe among them.

    Where only the test segment is permuted: that of the stitched walk-forward, whose training is
    what it was.
    """
    sums = BlockSums(
        np.concatenate([one.blocks[:, :, 0] for one in found]),
        np.concatenate([one.blocks[:, :, 1] for one in found]),
        np.concatenate([one.entries for one in found]).astype(np.int64),
        ground.blocks.n_sessions,
        periods_per_year(ground.sessions),
    )
    if plan.null != "test":
        return float(sums.sharpe(slice(None)).max())
    folds = walk_forward(len(ground.blocks), plan.train_quarters, plan.test_quarters)
    return walk_forward_gate(sums, folds, limits_for(plan, ground).walk_forward).stitched_sharpe


def _not_asked(plan: Plan, grounds: Mapping[str, Ground], who: Candidate, grid: Grid | None) -> str:
    """Return why a candidate is not asked; empty where it is."""
    if plan.permutations == 0:
        return "no permuted market was asked for; set sweep.permutations"
    if who.failed_gate or grid is None:
        return f"{who.failed_gate} said no, and the answer could not change that"
    bars, others = grounds[who.symbol].bars, [grounds[s].bars for s in grid.others.values()]
    share = common_stamps([bars, *others]).size / len(bars)
    if share >= MIN_COMMON:
        return ""
    return (
        f"{share:.0%} of its bars close together with those of "
        f"{' and '.join(grid.others.values())}, and to put both in one new order takes "
        f"{MIN_COMMON:.0%}"
    )


def _grid(run: SweepRun, who: Candidate) -> Grid:
    parts = list(run.parts(*who.pair))
    task = next(t for t in run.tasks if (t.symbol, t.strategy) == who.pair)
    return Grid(tuple(p for part in parts for p in part.params), task.others, task.file)
