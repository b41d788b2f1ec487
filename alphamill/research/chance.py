"""The chance test: how good the best cell would look on the same market without memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alphamill.backtest.metrics import periods_per_year
from alphamill.backtest.table import market_of
from alphamill.core.identity import digest
from alphamill.core.market import Bars
from alphamill.core.params import Value
from alphamill.indicators.memo import memo
from alphamill.research.cells import in_sample
from alphamill.research.outcome import Candidate
from alphamill.research.plan import Plan
from alphamill.research.sweep import Ground, SweepRun, tallied
from alphamill.strategies import find
from alphamill.validation.gates import Verdict
from alphamill.validation.permutation import p_value, permuted_bars
from alphamill.validation.statistics import sharpe_from_sums
from alphamill.workshop.parallel import Executor
from alphamill.workshop.progress import Progress

MAX_P = 0.05


@dataclass(frozen=True)
class Draw:
    """One permuted market and the whole grids to run on it."""

    symbol: str
    seed: int
    grids: Mapping[str, tuple[Mapping[str, Value], ...]]


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
    instrument. Who failed an earlier gate is not asked: the answer could not save it, and it costs
    more than all gates before it. Nothing is added where the plan asks for no permutations.
    """
    standing = [who for who in candidates if who.failed_gate is None]
    if plan.permutations == 0 or not standing:
        return tuple(candidates)
    grids: dict[str, dict[str, tuple[Mapping[str, Value], ...]]] = {}
    for who in standing:
        sets = [t.params for t in run.tasks if (t.symbol, t.strategy) == _key(who)]
        grids.setdefault(who.symbol, {})[who.strategy_name] = tuple(p for s in sets for p in s)
    draws = [
        Draw(symbol, int(digest(plan.seed, symbol, k)[:16], 16), grids[symbol])
        for symbol in grids
        for k in range(plan.permutations)
    ]
    progress.start("chance test", len(draws))
    handle = executor.put({symbol: grounds[symbol] for symbol in grids})
    found: dict[tuple[str, str], list[float]] = {_key(who): [] for who in standing}
    for draw, best in zip(draws, executor.map(best_on_noise, draws, handle), strict=True):
        for strategy, value in best.items():
            found[draw.symbol, strategy].append(value)
        progress.advance(1, draw.symbol)
    actual = {_key(who): _best(run, grounds[who.symbol], who) for who in standing}
    progress.finish()
    return tuple(
        replace(who, verdicts=(*who.verdicts, _verdict(actual[key], found[key])))
        if (key := _key(who)) in found
        else who
        for who in candidates
    )


def best_on_noise(grounds: Mapping[str, Ground], draw: Draw) -> dict[str, float]:
    """Return each strategy's best annualised Sharpe over its grid on one permuted market."""
    ground = grounds[draw.symbol]
    bars = permuted(ground.bars, np.random.default_rng(draw.seed))
    drawn = replace(ground, bars=bars)
    market = market_of(
        bars,
        ground.stacks,
        ground.instrument,
        ground.blocks.of_session,
        short=ground.sides == "both",
    )
    n, per_year = ground.sessions.size, periods_per_year(ground.sessions)
    best: dict[str, float] = {}
    with memo(ground.memo_bytes):
        for name, sets in draw.grids.items():
            strategy, ratios = find(name), []
            for params in sets:
                signals = strategy.signals(bars, params, ground.sides)
                blocks = tallied(drawn, market, signals, strategy.levels)[1]
                total, squares = blocks.sum(axis=1).T
                ratios.append(sharpe_from_sums(total, squares, n, per_year).max())
            best[name] = float(np.max(ratios))
    return best


def permuted(bars: Bars, rng: np.random.Generator) -> Bars:
    """Return bars in another order; calendar columns stay, volume goes with its bar."""
    drawn = permuted_bars(
        bars.open, bars.high, bars.low, bars.close, rng, additive=bars.adjusted == "add"
    )
    close = drawn.close
    flat = bars.closes_only
    return replace(
        bars,
        open=close if flat else drawn.open,
        high=close if flat else drawn.high,
        low=close if flat else drawn.low,
        close=close,
        raw_close=close,
        volume=bars.volume[drawn.source],
    )


def _key(who: Candidate) -> tuple[str, str]:
    return who.symbol, who.strategy_name


def _best(run: SweepRun, ground: Ground, who: Candidate) -> float:
    n, per_year = ground.sessions.size, periods_per_year(ground.sessions)
    ratios = [in_sample(part, n, per_year).max() for part in run.parts(*_key(who))]
    return float(np.max(ratios))


def _verdict(actual: float, draws: Sequence[float]) -> Verdict:
    p = p_value(actual, np.array(draws))
    detail = (
        f"best of its grid {actual:.2f}; on {len(draws)} permuted markets the best was "
        f"{np.median(draws):.2f} in the middle and {np.max(draws):.2f} at most"
    )
    # A gate passes where the score reaches the threshold, so the score is 1 - p.
    return Verdict("chance", p <= MAX_P, 1.0 - p, 1.0 - MAX_P, f"p {p:.3f}; {detail}")
