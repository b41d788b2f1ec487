"""What a run means, in sentences: the verdict, the three lines, the nearest and the reasons."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from alphamill.backtest.engine import Result
from alphamill.backtest.metrics import drawdown_frac, max_drawdown
from alphamill.backtest.state import OPEN_AT_END
from alphamill.core.market import Ints
from alphamill.report.figures import Step
from alphamill.report.scales import days_of
from alphamill.report.wording import UNKNOWN, money, number, percent, plural
from alphamill.research.outcome import Candidate, RunOutcome, Winner

NOTHING = "Nothing survived, and that is a result"
NOTHING_RAN = "Nothing could be run, so nothing was asked"


def n_survived(outcome: RunOutcome) -> int:
    """Return how many winners no gate refused; carried ones do not count."""
    return sum(w.survived for w in outcome.winners)


def verdict(outcome: RunOutcome) -> str:
    """Return the one sentence of the run."""
    survived, asked = n_survived(outcome), len(outcome.candidates)
    if not asked:
        return NOTHING_RAN
    if not survived:
        return NOTHING
    text = f"{survived:,} of {plural(asked, 'candidate')} passed every gate"
    waits = any(w.stamp == "provisional" for w in outcome.winners)
    return f"{text} that was asked" if waits else text


def three_lines(outcome: RunOutcome) -> tuple[tuple[str, str], ...]:
    """Return what survived, what to expect and what it took, each as (heading, sentences)."""
    return (
        ("What survived", _survived(outcome)),
        ("What to expect", _expected(outcome)),
        ("What it took", _took(outcome)),
    )


def gate_words(gate: str) -> str:
    """Return a gate's name as it is printed."""
    return gate.replace("_", " ")


def name_of(candidate: Candidate) -> str:
    """Return strategy and instrument."""
    return f"{candidate.strategy_name} on {candidate.symbol}"


def key_of(candidate: Candidate) -> tuple[str, str, int]:
    """Return what tells candidates apart; there is one a strategy and series."""
    return candidate.symbol, candidate.timeframe, candidate.strategy_id


def stamp_of(winner: Winner) -> str:
    """Return "proven", "provisional" with what it waits for, or "unproven" with who said no."""
    gate = winner.candidate.failed_gate
    waits = winner.candidate.waits_for
    if gate is None and waits is not None:
        return f"{winner.stamp}: {gate_words(waits)} waits"
    return winner.stamp if gate is None else f"{winner.stamp}: {gate_words(gate)}"


def standing(outcome: RunOutcome, candidate: Candidate) -> str:
    """Return a candidate's stamp when it is a winner, else the gate that it failed.

    Who failed none and is no winner was not among the best that were carried on.
    """
    for winner in outcome.winners:
        if key_of(winner.candidate) == key_of(candidate):
            return stamp_of(winner)
    gate = candidate.failed_gate
    return f"failed: {gate_words(gate)}" if gate else "not carried"


def nearest(candidates: Sequence[Candidate], n: int = 5) -> list[Candidate]:
    """Return those that came furthest: gates passed before the first no, then Sharpe."""
    return sorted(candidates, key=lambda c: c.distance)[:n]


def fell_at(outcome: RunOutcome) -> list[tuple[str, int]]:
    """Return (gate, how many candidates it was the first to refuse) in the order of the gates."""
    counts = Counter(c.failed_gate for c in outcome.candidates if c.failed_gate)
    order = dict.fromkeys(v.gate for c in outcome.candidates for v in c.verdicts)
    return [(gate, counts[gate]) for gate in order if counts[gate]]


def funnel_steps(outcome: RunOutcome) -> list[Step]:
    """Return the stations with true widths within each unit and what each one lost."""
    most: dict[str, int] = {}
    for step in outcome.funnel:
        most[step.unit] = max(most.get(step.unit, 1), step.count)
    steps: list[Step] = []
    for step in outcome.funnel:
        before = steps[-1] if steps else None
        same = before is not None and before.unit == step.unit
        lost = before.count - step.count if before is not None and same else None
        share = step.count / most[step.unit]
        steps.append(Step(gate_words(step.label), step.count, step.unit, share, lost))
    return steps


def meaning(outcome: RunOutcome) -> list[str]:
    """Return what it means that nothing survived, one paragraph each."""
    if not outcome.candidates:
        return [
            "No strategy found a series that it can read. The refusals below say what each lacks."
        ]
    trials = outcome.trials
    luck = number(trials.expected_best_noise_sharpe)
    said = [
        f"Of {plural(trials.this_run, 'cell')} tried, the best would be expected to show an "
        f"in-sample Sharpe of {luck} if every one of them were noise. "
        + _best_against_luck(outcome)
    ]
    where = "; ".join(f"{gate_words(gate)} refused {n:,}" for gate, n in fell_at(outcome))
    if where:
        said.append(f"First refusals by gate: {where}.")
    said.append(
        "No gate gave way to make a winner, and the sealed part of history stays unread. "
        "A different idea, a longer history or lower costs can change this answer; "
        "running the same grid again cannot."
    )
    return said


def doubt(outcome: RunOutcome) -> str:
    """Return how the survivors compare with luck alone; empty where there is none."""
    those = [w.candidate for w in outcome.winners if w.survived]
    luck = outcome.trials.expected_best_noise_sharpe
    if not those or not np.isfinite(luck):
        return ""
    n_above = sum(c.in_sample_sharpe > luck for c in those)
    whose = (
        "The one survivor" if len(those) == 1 else f"Of {len(those)} survivors, {n_above or 'none'}"
    )
    if len(those) == 1:
        whose += " reaches" if n_above else " does not reach"
    else:
        whose += " reach" if n_above > 1 else " reaches"
    return (
        f"{whose} in sample the {number(luck)} that the best of as many noise trials would show. "
        "A gate lets a share of noise through, and the more is asked, the more of it comes."
    )


def _best_against_luck(outcome: RunOutcome) -> str:
    found = [c.in_sample_sharpe for c in outcome.candidates if np.isfinite(c.in_sample_sharpe)]
    if not found:
        return "No candidate traded enough to have a Sharpe."
    best, luck = max(found), outcome.trials.expected_best_noise_sharpe
    verb = "does not reach that" if best < luck else "lies above that, yet did not hold"
    return f"The best candidate's {number(best)} {verb}."


def _survived(outcome: RunOutcome) -> str:
    survived = [w for w in outcome.winners if w.survived]
    carried = [w for w in outcome.winners if not w.survived]
    if survived:
        text = f"{_listed([name_of(w.candidate) for w in survived])}."
        if any(w.stamp == "provisional" for w in survived):
            text += " Provisional until the sealed end is looked at: alphamill holdout."
    elif outcome.candidates:
        close = nearest(outcome.candidates, 1)[0]
        gate = gate_words(close.failed_gate or "no gate")
        text = (
            f"None of {plural(len(outcome.candidates), 'candidate')}. Nearest was "
            f"{name_of(close)}, refused by {gate}."
        )
    else:
        text = "No candidate was run; see what was refused and why."
    if carried:
        names = _listed([f"{name_of(w.candidate)} ({stamp_of(w)})" for w in carried], 2)
        text += f" Carried on all the same: {names}."
    return text


def _expected(outcome: RunOutcome) -> str:
    best = outcome.best
    if best is None:
        return "Nothing: there is no candidate to expect anything of."
    curve = np.cumsum(best.oos_pnl)
    text = (
        f"{name_of(best)} ({standing(outcome, best)}), out of sample: "
        f"Sharpe {number(best.oos_sharpe)} after {number(best.in_sample_sharpe)} in sample, "
        f"drawdown {money(max_drawdown(curve))} ({percent(drawdown_frac(curve))} of the account)"
    )
    rate = trades_a_year(outcome.best_result) if outcome.best_result is not None else None
    text += f", {number(rate, 0 if rate >= 10 else 1)} trades a year." if rate is not None else "."
    return text if n_survived(outcome) else f"Nothing to trade from this run. {text}"


def _took(outcome: RunOutcome) -> str:
    t = outcome.trials
    text = f"{plural(t.this_run, 'trial')} in this run, {t.new:,} of them new, {t.ever:,} ever"
    luck = number(t.expected_best_noise_sharpe)
    text += (
        "." if luck == UNKNOWN else f"; the best of as many noise trials would show Sharpe {luck}."
    )
    if t.deflated_sharpe is not None:
        text += f" The best one's deflated Sharpe is {number(t.deflated_sharpe)}."
    share = outcome.best.metrics.get("cost_share") if outcome.best is not None else None
    if share is not None and np.isfinite(share):
        text += f" Costs took {percent(share)} of the best one's gross wins and losses."
    return text


def trades_a_year(result: Result) -> float | None:
    """Return closed trades a year of the bars they were found in; None without bars."""
    if not len(result.bars):
        return None
    closed = int((result.trades.reason != OPEN_AT_END).sum())
    return closed / years_of(result.bars.session)


def years_of(sessions: Ints) -> float:
    """Return calendar years from the first to the last trade date, one day at least."""
    days = days_of(sessions[[0, -1]])
    return float(days[1] - days[0] + 1) / 365.25


def _listed(names: Sequence[str], at_most: int = 4) -> str:
    shown = list(names[:at_most])
    if len(names) > at_most:
        shown.append(f"{len(names) - at_most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
