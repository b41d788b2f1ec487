"""The chance test: how good the best cell would look on the same market without memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alphamill.backtest.metrics import periods_per_year
from alphamill.core.identity import digest
from alphamill.core.market import Bars, Ints, bar_columns
from alphamill.core.params import Params
from alphamill.indicators.memo import memo
from alphamill.research.cells import in_sample, joined
from alphamill.research.outcome import Candidate
from alphamill.research.plan import Plan
from alphamill.research.rules import UserFile, rule_of
from alphamill.research.sweep import Ground, SweepRun, run_grid
from alphamill.validation.gates import Verdict
from alphamill.validation.permutation import p_value, permuted_bars
from alphamill.validation.splits import quarter_blocks
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.workshop.parallel import Executor
from alphamill.workshop.progress import Progress

MAX_P = 0.05
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
    """Return the candidates, those still standing with one more verdict: against permuted markets.

    Each one's whole grid is run again on ``plan.permutations`` markets whose bars come in
    another order, so the search itself is charged. One permuted market serves all of an
    instrument; a rule over two series sees both in the same new order, so that what happened
    together still does. Who failed an earlier gate is not asked: the answer could not save it, and
    it costs more than all gates before it. Nothing is added where the plan asks for no
    permutations.
    """
    standing = [who for who in candidates if who.failed_gate is None]
    if plan.permutations == 0 or not standing:
        return tuple(candidates)
    grids: dict[str, dict[str, Grid]] = {}
    verdicts: dict[tuple[str, str], Verdict] = {}
    for who in standing:
        grid = _grid(run, who)
        apart = _apart(grounds, who.symbol, grid)
        if apart:
            verdicts[_key(who)] = Verdict("chance", False, 0.0, 1.0 - MAX_P, apart)
        else:
            grids.setdefault(who.symbol, {})[who.strategy_name] = grid
    draws = [
        Draw(symbol, int(digest(plan.seed, symbol, k)[:16], 16), grids[symbol])
        for symbol in grids
        for k in range(plan.permutations)
    ]
    progress.start("chance test", len(draws))
    read = {s for of in grids.values() for grid in of.values() for s in grid.others.values()}
    handle = executor.put({symbol: grounds[symbol] for symbol in {*grids, *read}})
    found: dict[tuple[str, str], list[float]] = {}
    for draw, best in zip(draws, executor.map(best_on_noise, draws, handle), strict=True):
        for strategy, value in best.items():
            found.setdefault((draw.symbol, strategy), []).append(value)
        progress.advance(1, draw.symbol)
    for key, values in found.items():
        verdicts[key] = _verdict(_best(run, grounds[key[0]], key), values)
    progress.finish()
    return tuple(
        replace(who, verdicts=(*who.verdicts, verdicts[_key(who)]))
        if _key(who) in verdicts
        else who
        for who in candidates
    )


def best_on_noise(grounds: Mapping[str, Ground], draw: Draw) -> dict[str, float]:
    """Return each strategy's best annualised Sharpe over its grid on one permuted market.

    Infinite where the rule raised: what it would have made of this market is not known, and what is
    not known must not speak for it.
    """
    ground = grounds[draw.symbol]
    drawn = replace(ground, bars=permuted(ground.bars, np.random.default_rng(draw.seed)))
    n, per_year = ground.sessions.size, periods_per_year(ground.sessions)
    best: dict[str, float] = {}
    with memo(ground.memo_bytes):
        for name, grid in draw.grids.items():
            there: tuple[Ground, ...] = (drawn,)
            if grid.others:
                partners = (grounds[symbol] for symbol in grid.others.values())
                there = together((ground, *partners), draw.seed)
            strategy = rule_of(name, grid.file)
            _, found, raised = run_grid(strategy, grid.params, there[0], there[1:])
            sums = (blocks.sum(axis=1).T for _, blocks, _ in found)
            ratios = [
                sharpe_from_sums(total, squares, n, per_year).max() for total, squares in sums
            ]
            best[name] = float(np.inf) if raised else float(np.max(ratios))
    return best


def permuted(bars: Bars, rng: np.random.Generator) -> Bars:
    """Return bars in another order; calendar columns stay, volume goes with its bar.

    What an adjustment changed at each moment stays too: percents and points are of traded prices.
    """
    drawn = permuted_bars(
        bars.open, bars.high, bars.low, bars.close, rng, additive=bars.adjusted == "add"
    )
    close, flat = drawn.close, bars.closes_only
    raw_close = close
    if bars.adjusted == "add":
        raw_close = close + (bars.raw_close - bars.close)
    elif bars.adjusted == "ratio":
        raw_close = close * (bars.raw_close / bars.close)
    return replace(
        bars,
        open=close if flat else drawn.open,
        high=close if flat else drawn.high,
        low=close if flat else drawn.low,
        close=close,
        raw_close=raw_close,
        volume=bars.volume[drawn.source],
    )


def together(grounds: Sequence[Ground], seed: int) -> tuple[Ground, ...]:
    """Return several instruments whose common bars come in one and the same new order."""
    common = _common([ground.bars for ground in grounds])
    drawn = []
    for ground in grounds:
        kept = np.isin(ground.bars.close_ns, common)
        bars = replace(ground.bars, **{n: getattr(ground.bars, n)[kept] for n in bar_columns()})
        # The same seed and length give the same order.
        bars = permuted(bars, np.random.default_rng(seed))
        sessions = np.unique(bars.session)
        blocks = quarter_blocks(sessions)
        drawn.append(replace(ground, bars=bars, sessions=sessions, blocks=blocks))
    return tuple(drawn)


def _common(series: Sequence[Bars]) -> Ints:
    common = series[0].close_ns
    for other in series[1:]:
        common = np.intersect1d(common, other.close_ns)
    return common


def _apart(grounds: Mapping[str, Ground], symbol: str, grid: Grid) -> str | None:
    """Return why two series cannot be permuted together, or None when they can."""
    bars, others = grounds[symbol].bars, [grounds[s].bars for s in grid.others.values()]
    share = _common([bars, *others]).size / len(bars)
    if share >= MIN_COMMON:
        return None
    return (
        f"not asked: {share:.0%} of its bars close together with those of "
        f"{' and '.join(grid.others.values())}, and to put both in one new order takes "
        f"{MIN_COMMON:.0%}"
    )


def _grid(run: SweepRun, who: Candidate) -> Grid:
    parts = list(run.parts(*_key(who)))
    task = next(t for t in run.tasks if (t.symbol, t.strategy) == _key(who))
    return Grid(tuple(p for part in parts for p in part.params), task.others, task.file)


def _key(who: Candidate) -> tuple[str, str]:
    return who.symbol, who.strategy_name


def _best(run: SweepRun, ground: Ground, key: tuple[str, str]) -> float:
    n, per_year = ground.sessions.size, periods_per_year(ground.sessions)
    return float(in_sample(joined(list(run.parts(*key))), n, per_year).max())


def _verdict(actual: float, draws: Sequence[float]) -> Verdict:
    p = p_value(actual, np.array(draws))
    detail = (
        f"best of its grid {actual:.2f}; on {len(draws)} permuted markets the best was "
        f"{np.median(draws):.2f} in the middle and {np.max(draws):.2f} at most"
    )
    n_raised = int(np.isinf(draws).sum())
    if n_raised:
        detail += f"; the rule raised on {n_raised} of them, which counts against it"
    # A gate passes where the score reaches the threshold, so the score is 1 - p.
    return Verdict("chance", p <= MAX_P, 1.0 - p, 1.0 - MAX_P, f"p {p:.3f}; {detail}")
