"""The gates that look beyond one candidate, and the whole chain in memory.

`factory` asks each candidate what it can answer alone. Here it is set beside every cell tried on
its instrument (luck), every family of the run (fdr) and the same rule elsewhere (multi_symbol);
what is asked of few (chance) or once (holdout) is asked in `chance` and `sealed`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from alphamill.core.market import Floats
from alphamill.research.cells import Part, joined
from alphamill.research.factory import judged, limits_for
from alphamill.research.luck import luck_of
from alphamill.research.outcome import Candidate
from alphamill.research.plan import Plan
from alphamill.research.sealed import look, still_sealed
from alphamill.research.sweep import Ground, run_task, tasks_of
from alphamill.validation.consistency import multi_symbol_gate
from alphamill.validation.discovery import adjusted
from alphamill.validation.gates import Tried, Verdict, fdr_gate, luck_gate, stamped
from alphamill.validation.maximum import Judgement, Maximum, merged
from alphamill.validation.maximum import judged as judged_maximum
from alphamill.validation.thresholds import Thresholds

Key = tuple[str, str]


class _Family(NamedTuple):
    """What a candidate's own cells show beside luck, of themselves and of all on the instrument."""

    alone: Judgement
    among_all: Floats  # p of each of its cells
    n_cells: int
    n_draws: int


def compared(
    plan: Plan,
    grounds: Mapping[str, Ground],
    candidates: Sequence[Candidate],
    luck: Callable[[str, str], Maximum | None],
) -> tuple[Candidate, ...]:
    """Return the candidates with the verdicts of luck, fdr and multi_symbol.

    Parameters
    ----------
    luck : callable
        Symbol, strategy -> the maximum over its cells; None where the plan asks for no draws.
    """
    families = _families(candidates, luck)
    q = dict(zip(families, adjusted(_p_values(families)), strict=True)) if families else {}
    told = []
    for who in candidates:
        limits = limits_for(plan, grounds[who.symbol])
        verdicts = (
            *_against_luck(who, families, q, limits),
            _elsewhere(who, candidates, limits),
        )
        told.append(who.told(*(stamped(verdict, limits) for verdict in verdicts)))
    return tuple(told)


def judge_market(
    plan: Plan,
    grounds: Mapping[str, Ground],
    seed: int,
    whole: Mapping[str, Ground] | None = None,
) -> tuple[Candidate, ...]:
    """Sweep and judge some instruments in memory: no file, no ledger, nothing permuted.

    What a run does with stored parts, for simulated markets. The cells tried are all the trials
    that are charged.

    Parameters
    ----------
    plan : Plan
    grounds : mapping
        Symbol -> ground of the discovery window; resampled histories are drawn here.
    seed : int
    whole : mapping, optional
        Symbol -> ground that goes on behind it. What follows is the sealed end, which is looked at
        once for each candidate that no gate has failed.
    """
    plan = replace(plan, seed=seed)
    lucky = {
        symbol: replace(ground, luck=luck_of(ground.bars, ground.instrument, plan.draws, seed))
        for symbol, ground in grounds.items()
    }
    tasks, _ = tasks_of(plan, lucky)
    found: dict[Key, list[Part]] = {}
    for task in tasks:
        found.setdefault((task.symbol, task.strategy), []).append(run_task(lucky, task))
    parts = {pair: joined(own) for pair, own in found.items()}
    n_trials = sum(part.cells.size for part in parts.values())
    alone = [judged(plan, lucky, part, n_trials) for part in parts.values() if part.cells.size]
    told = compared(plan, lucky, alone, lambda *pair: parts[pair].luck)
    if whole is None:
        return tuple(who.told(still_sealed(plan, lucky, who)) for who in told)
    return tuple(
        who.told(still_sealed(plan, lucky, who))
        if who.failed_gate
        else who.told(_looked(plan, lucky, whole, parts[who.pair], who.cell))
        for who in told
    )


def _looked(
    plan: Plan, grounds: Mapping[str, Ground], whole: Mapping[str, Ground], part: Part, cell: int
) -> Verdict:
    """Return the first look at all that follows the discovery window; nothing else saw it."""
    after = int(grounds[part.symbol].sessions[-1]) + 1
    return look(plan, grounds, whole, part, cell, n_looks=1, first=after)


def _families(
    candidates: Sequence[Candidate], luck: Callable[[str, str], Maximum | None]
) -> dict[Key, _Family]:
    found = {key: maximum for key in (who.pair for who in candidates) if (maximum := luck(*key))}
    families: dict[Key, _Family] = {}
    for symbol in dict.fromkeys(symbol for symbol, _ in found):
        own = {key: maximum for key, maximum in found.items() if key[0] == symbol}
        whole = judged_maximum(merged(own.values()))
        ends = np.cumsum([maximum.statistic.size for maximum in own.values()])
        for (key, maximum), among_all in zip(
            own.items(), np.split(whole.p_value, ends[:-1]), strict=True
        ):
            families[key] = _Family(
                judged_maximum(maximum), among_all, whole.statistic.size, maximum.largest.size
            )
    return families


def _p_values(families: Mapping[Key, _Family]) -> Floats:
    return np.array([family.alone.best_p for family in families.values()])


def _against_luck(
    who: Candidate, families: Mapping[Key, _Family], q: Mapping[Key, float], limits: Thresholds
) -> tuple[Verdict, Verdict]:
    family = families.get(who.pair)
    if family is None:
        why = "no resampled history was asked for; set gates.draws"
        return (
            Verdict("luck", False, np.nan, 1.0 - limits.luck.max_p, why, asked=False),
            Verdict("fdr", False, np.nan, 1.0 - limits.fdr.max_q, why, asked=False),
        )
    best, chosen = float(family.among_all.min()), float(family.among_all[who.cell])
    tried = Tried(family.n_cells, len({symbol for symbol, _ in families}), family.n_draws)
    return (
        luck_gate(best, chosen, tried, limits.luck),
        fdr_gate(
            family.alone.best_p, float(q[who.pair]), len(families), family.n_draws, limits.fdr
        ),
    )


def _elsewhere(who: Candidate, candidates: Sequence[Candidate], limits: Thresholds) -> Verdict:
    same = [c for c in candidates if c.strategy_name == who.strategy_name]
    return multi_symbol_gate(
        {c.symbol: c.oos_sharpe for c in same},
        {c.symbol: c.metrics["max_drawdown_pct"] / 100.0 for c in same},
        limits.multi_symbol,
    )
