"""The page of a run: what survived, what fell at which gate, and what it all rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from alphamill.backtest.engine import Result
from alphamill.backtest.metrics import STARTING_EQUITY, drawdown_frac
from alphamill.report import story
from alphamill.report.charts import (
    Curve,
    dumbbell,
    equity_with_drawdown,
    price_detail,
    price_overview,
    sparkline,
)
from alphamill.report.figures import Pair, Row, against_luck, bars_in_rows, funnel, heatmap
from alphamill.report.gates import family_p_values, gate_rows
from alphamill.report.scales import days_of
from alphamill.report.svg import WIDE
from alphamill.report.templating import rendered
from alphamill.report.wording import money, number, plural
from alphamill.research.outcome import Candidate, Heatmap, RunOutcome
from alphamill.workshop.files import write_atomic

N_NEAREST = 5
# A picture holds as many lines as there are colours to tell apart; a table as many rows as the
# eye takes in. The rest is in the table of every candidate.
N_CURVES = 6
N_ROWS = (10, 40)


def write_page(outcome: RunOutcome, path: Path) -> Path:
    """Write one self-contained page that shows ``outcome``; return its path."""
    write_atomic(path, rendered("page.html.j2", page_context(outcome)))
    return path


@dataclass(frozen=True)
class Line:
    """One candidate as a row of a table; ``stamp`` is empty where it is no winner."""

    rank: int
    candidate: Candidate
    name: str
    stamp: str
    failed: str
    metrics: Mapping[str, float]
    oos_total: float
    oos_drawdown: float
    sharpes: tuple[float, float]  # lowest and highest of the table: the dumbbells' common axis

    @property
    def spark(self) -> Markup:
        label = f"out-of-sample equity of {self.name}"
        return sparkline(self.candidate.oos_pnl, label)

    @property
    def dumbbell(self) -> Markup:
        c = self.candidate
        return dumbbell(c.in_sample_sharpe, c.oos_sharpe, *self.sharpes)


def page_context(outcome: RunOutcome) -> dict[str, object]:
    """Return what the template shows."""
    winners = [w.candidate for w in outcome.winners]
    n_rows = min(max(N_ROWS[0], story.n_survived(outcome)), N_ROWS[1])
    shown = winners[:n_rows] or story.nearest(outcome.candidates, N_NEAREST)
    drawn = shown[:N_CURVES]
    best = outcome.best
    return {
        "outcome": outcome,
        "verdict": story.verdict(outcome),
        "lines": story.three_lines(outcome),
        "survived": story.n_survived(outcome),
        "funnel": _funnel(outcome),
        "gates": gate_rows(outcome.candidates),
        "p_values": family_p_values(outcome.candidates),
        "shown": _lines(outcome, shown),
        "everyone": _lines(outcome, story.nearest(outcome.candidates, len(outcome.candidates))),
        "n_more": max(len(winners) - n_rows, 0),
        "n_drawn": len(drawn),
        "legend": _legend(outcome, drawn),
        "equity": _equity(outcome, drawn),
        "meaning": story.meaning(outcome),
        "doubt": story.doubt(outcome),
        "luck": _luck(outcome, drawn),
        "best": best,
        "best_name": story.name_of(best) if best is not None else "",
        "best_stamp": story.standing(outcome, best) if best is not None else "",
        "heatmap": landscape(outcome.heatmap, best),
        "costs": cost_bars(outcome.best_result),
        "trades": _trades(outcome),
        "n_trades": len(outcome.best_result.trades) if outcome.best_result is not None else 0,
        "identity": {"run": outcome.run_id, **outcome.identity},
        "windows": _windows(outcome.windows),
        "stages": _stages(outcome.stages),
        "account": number(STARTING_EQUITY, 0),
        "gate_words": story.gate_words,
    }


def _lines(outcome: RunOutcome, candidates: Sequence[Candidate]) -> list[Line]:
    stamps = {story.key_of(w.candidate): story.stamp_of(w) for w in outcome.winners}
    sharpes = np.array([s for c in candidates for s in (c.in_sample_sharpe, c.oos_sharpe)])
    sharpes = sharpes[np.isfinite(sharpes)]
    low, high = float(sharpes.min(initial=0.0)), float(sharpes.max(initial=0.0))
    return [
        Line(
            rank=i,
            candidate=c,
            name=story.name_of(c),
            stamp=stamps.get(story.key_of(c), ""),
            failed=story.gate_words(c.failed_gate or ""),
            metrics=c.metrics,
            oos_total=float(c.oos_pnl.sum()),
            oos_drawdown=drawdown_frac(np.cumsum(c.oos_pnl)),
            sharpes=(low, high),
        )
        for i, c in enumerate(candidates, 1)
    ]


def _funnel(outcome: RunOutcome) -> Markup:
    steps = story.funnel_steps(outcome)
    words = ", ".join(f"{s.label} {s.count:,} {s.unit}" for s in steps)
    return funnel(steps, f"From all trials to winners: {words}", WIDE)


def _legend(outcome: RunOutcome, shown: Sequence[Candidate]) -> list[tuple[str, str, str]]:
    entries = [
        (f"c-{i}", str(i + 1), f"{story.name_of(c)} ({story.standing(outcome, c)})")
        for i, c in enumerate(shown)
    ]
    together = _survivors(outcome)
    if len(together) > 1:
        entries.insert(0, ("c-all", "Σ", f"the {len(together)} survivors together, one unit each"))
    return entries


def _equity(outcome: RunOutcome, shown: Sequence[Candidate]) -> Markup:
    curves = [
        Curve(
            f"{story.name_of(c)} ({story.standing(outcome, c)})",
            days_of(c.sessions),
            np.cumsum(c.oos_pnl),
            f"c-{i}",
            str(i + 1),
        )
        for i, c in enumerate(shown)
    ]
    # Only what passed is summed: a sum of the refused would be a picked portfolio.
    if len(_survivors(outcome)) > 1:
        curves.insert(0, _together(_survivors(outcome)))
    ends = ", ".join(f"{c.name} {money(float(c.pnl[-1]))}" for c in curves if c.pnl.size)
    label = f"Stitched out-of-sample profit and loss over time with drawdown; at the end: {ends}"
    return equity_with_drawdown(curves, label, WIDE)


def _survivors(outcome: RunOutcome) -> list[Candidate]:
    return [w.candidate for w in outcome.winners if w.survived]


def _together(shown: Sequence[Candidate]) -> Curve:
    days, where = np.unique(
        days_of(np.concatenate([c.sessions for c in shown])), return_inverse=True
    )
    pnl = np.bincount(where, np.concatenate([c.oos_pnl for c in shown]), days.size)
    return Curve("the survivors together", days, np.cumsum(pnl), "c-all", "Σ")


def _luck(outcome: RunOutcome, shown: Sequence[Candidate]) -> Markup:
    luck = outcome.trials.expected_best_noise_sharpe
    pairs = []
    for c in shown:
        said = story.standing(outcome, c)
        note = "" if said == "proven" else said
        pairs.append(Pair(story.name_of(c), c.in_sample_sharpe, c.oos_sharpe, note))
    words = ", ".join(
        f"{p.label} {p.note} {number(p.in_sample)} in, {number(p.out_of_sample)} out of sample"
        for p in pairs
    )
    label = f"Sharpe ratios against the {number(luck)} that luck alone reaches: {words}"
    return against_luck(pairs, luck, label, WIDE)


def landscape(found: Heatmap | None, best: Candidate | None) -> Markup | None:
    """Return the picture of a grid with a candidate's own cell dotted, None without a grid."""
    if found is None or not found.sharpe.size:
        return None
    label = f"In-sample Sharpe over {found.x_name} and {found.y_name}"
    axes = (found.x_name, found.x_values), (found.y_name, found.y_values)
    return heatmap(found.sharpe, *axes, label, _where(found, best))


def _where(found: Heatmap, best: Candidate | None) -> tuple[int, int] | None:
    """Return (row, column) of the candidate's own cell, None where the map has no such place."""
    values = best.params if best is not None else {}
    x, y = values.get(found.x_name, found), values.get(found.y_name, found)
    if x not in found.x_values or y not in found.y_values:
        return None
    return found.y_values.index(y), found.x_values.index(x)


def cost_bars(result: Result | None) -> Markup | None:
    """Return how costs lead from gross to net, None without a trade."""
    if result is None or not len(result.trades):
        return None
    t = result.trades
    fees, slippage, net = (float(v.sum()) for v in (t.fees, t.slippage, t.pnl))
    gross = net + fees + slippage
    rows = [
        Row("before costs", gross, "bar-all", words=money(gross)),
        Row("fees", gross - fees, "neg", gross, money(-fees)),
        Row("slippage", net, "neg", gross - fees, money(-slippage)),
        Row("net", net, "pos" if net > 0 else "neg", words=money(net)),
    ]
    label = f"Costs: {', '.join(f'{r.label} {r.words}' for r in rows)}"
    return bars_in_rows(rows, label)


def _trades(outcome: RunOutcome) -> dict[str, Markup] | None:
    result = outcome.best_result
    if result is None:
        return None
    found = plural(len(result.trades), "trade")
    return {
        "overview": price_overview(
            result.bars, result.trades, f"{result.bars.symbol} close with {found} below", WIDE
        ),
        "detail": price_detail(
            result.bars, result.trades, f"The last trades on {result.bars.symbol}, bar by bar", WIDE
        ),
    }


def _windows(
    windows: Mapping[str, Mapping[str, str]],
) -> tuple[list[str], list[tuple[str, list[str]]]]:
    columns = list(dict.fromkeys(name for row in windows.values() for name in row))
    return columns, [(name, [row.get(c, "–") for c in columns]) for name, row in windows.items()]


def _stages(stages: Mapping[str, float]) -> Markup:
    rows = [Row(name, s, "bar-all", words=f"{number(s, 1)} s") for name, s in stages.items()]
    words = ", ".join(f"{r.label} {r.words}" for r in rows)
    return bars_in_rows(rows, f"Seconds by stage: {words}")
