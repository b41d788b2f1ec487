"""The page of an allocation study, which asks whether any weights are better than equal ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from alphamill.backtest.metrics import STARTING_EQUITY
from alphamill.core.market import Floats, Ints
from alphamill.portfolio.allocate.clusters import tree
from alphamill.portfolio.allocate.contributions import Risk, risk_of
from alphamill.portfolio.allocate.evaluate import BENCHMARK, Comparison, Row
from alphamill.portfolio.allocate.walk import Walk
from alphamill.report.charts import Curve, equity_with_drawdown
from alphamill.report.figures_bands import Span, spans_in_rows
from alphamill.report.figures_tree import Leaves, correlations
from alphamill.report.scales import days_of
from alphamill.report.svg import WIDE
from alphamill.report.templating import rendered
from alphamill.report.wording import date, number, percent, signed
from alphamill.workshop.files import write_atomic

# A difference that luck reaches less often than this is called one.
SELDOM = 0.05
# As many lines as there are colours to tell apart, and the benchmark.
N_CURVES = 6


def write_allocation(found: Comparison, title: str, path: Path) -> Path:
    """Write one self-contained page about a comparison of allocators; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, rendered("allocation.html.j2", allocation_context(found, title)))
    return path


def allocation_context(found: Comparison, title: str) -> dict[str, object]:
    """Return what the template shows."""
    sessions, plan = found.sessions, found.plan
    drawn = _drawn(found)
    return {
        "title": title,
        "verdict": verdict(found),
        "luck": luck_sentence(found),
        "found": found,
        "plan": plan,
        "terms": plan.terms,
        "level": percent(plan.level, 0),
        "span": f"{date(int(sessions[0]))} to {date(int(sessions[-1]))}",
        "years": sessions.size / found.per_year,
        "n_decisions": found.rows[0].walk.decided.size,
        "rows": found.rows,
        "equity": _equity(found, drawn),
        "legend": [(f"c-{i}", str(i + 1), row.name) for i, row in enumerate(drawn)],
        "sharpes": _sharpes(found),
        "differences": _differences(found),
        "paths": _paths(found),
        "picture": _correlations(found),
        "holdings": _holdings(found),
        "falls": falls(found),
        "fallbacks": told_fallbacks(found),
        "notes": found.market.notes,
    }


def verdict(found: Comparison) -> str:
    """Return the answer in a few words."""
    luck = found.luck
    if luck is None:
        return "Nothing was compared with equal weight"
    if luck.p_value <= SELDOM and luck.difference > 0:
        return f"{words_of(luck.best)} beat equal weight by more than luck"
    return "Nothing beat equal weight by more than luck"


def luck_sentence(found: Comparison) -> str:
    """Return what the best of all compared owes to their number."""
    luck = found.luck
    if luck is None:
        return "Equal weight alone was asked: there is nothing to charge."
    return (
        f"The best of {luck.n_compared} compared, {words_of(luck.best)}, has a Sharpe ratio "
        f"{signed(luck.difference)} against equal weight's; the best of as many shows "
        f"{signed(luck.expected)} on average when none is better (p {number(luck.p_value, 3)})."
    )


def words_of(name: str) -> str:
    """Return an allocator's name for a sentence."""
    return name.replace("_", " ")


@dataclass(frozen=True)
class Fall:
    """A fall of the benchmark and what the others did meanwhile."""

    first: str
    last: str
    returns: tuple[float, ...]  # one a row of the comparison


def falls(found: Comparison, n: int = 5) -> list[Fall]:
    """Return the deepest falls of equal weight, peak to bottom, and what every row returned."""
    wealth = np.append(1.0, np.cumprod(1.0 + found.row(BENCHMARK).walk.net))
    spans = _deepest(wealth, n)
    sessions = found.sessions
    return [
        Fall(
            date(int(sessions[max(peak - 1, 0)])),
            date(int(sessions[bottom - 1])),
            tuple(float(np.prod(1.0 + row.walk.net[peak:bottom]) - 1.0) for row in found.rows),
        )
        for peak, bottom in spans
    ]


def told_fallbacks(found: Comparison) -> list[tuple[str, str, int, str]]:
    """Return (allocator, what happened, how often, when last), walk-forward."""
    told: dict[tuple[str, str], list[int]] = {}
    for row in found.rows:
        for d, fallback in zip(row.walk.decided.tolist(), row.walk.fallbacks, strict=True):
            if fallback is not None:
                words = f"{words_of(fallback.used)} instead: {fallback.reason}"
                if fallback.used == fallback.wanted:
                    words = fallback.reason
                told.setdefault((row.name, words), []).append(d)
    sessions = found.market.sessions
    return [
        (name, words, len(rows), date(int(sessions[rows[-1]])))
        for (name, words), rows in told.items()
    ]


def _deepest(wealth: Floats, n: int) -> list[tuple[int, int]]:
    """Return (peak, bottom) of the deepest falls that do not overlap, deepest first."""
    peak = np.maximum.accumulate(wealth)
    depth = 1.0 - wealth / peak
    # A fall lasts from the day after a peak until the next one.
    begins = np.flatnonzero((depth[1:] > 0) & (depth[:-1] == 0))
    ends = [*begins[1:].tolist(), wealth.size - 1]
    found = []
    for begin, end in zip(begins.tolist(), ends, strict=True):
        bottom = begin + int(np.argmax(depth[begin : end + 1]))
        found.append((float(depth[bottom]), begin, bottom))
    return [(begin, bottom) for _, begin, bottom in sorted(found, reverse=True)[:n]]


def _drawn(found: Comparison) -> list[Row]:
    others = [row for row in found.rows if row.name != BENCHMARK]
    return sorted(others, key=lambda row: -row.figures.sharpe)[:N_CURVES]


def _equity(found: Comparison, drawn: Sequence[Row]) -> Markup:
    days = days_of(found.sessions)
    benchmark = found.row(BENCHMARK)
    rows = [(benchmark, "c-all", "="), *((r, f"c-{i}", str(i + 1)) for i, r in enumerate(drawn))]
    curves = [Curve(row.name, days, _profit(row.walk.net), kind, mark) for row, kind, mark in rows]
    ends = ", ".join(f"{c.name} {number(float(c.pnl[-1]), 0)}" for c in curves)
    label = f"Profit of {number(STARTING_EQUITY, 0)} over time, after costs; at the end: {ends}"
    return equity_with_drawdown(curves, label, WIDE)


def _profit(net: Floats) -> Floats:
    return np.asarray(STARTING_EQUITY * (np.cumprod(1.0 + net) - 1.0), dtype=np.float64)


def _sharpes(found: Comparison) -> Markup:
    spans = [
        Span(
            _label(row.name),
            row.sharpe_interval.low,
            row.sharpe_interval.high,
            row.figures.sharpe,
            number(row.figures.sharpe),
        )
        for row in found.rows
    ]
    said = ", ".join(f"{row.name} {number(row.figures.sharpe)}" for row in found.rows)
    return spans_in_rows(spans, f"Sharpe ratios with their intervals: {said}")


def _differences(found: Comparison) -> Markup:
    pairs = [(row, row.difference) for row in found.rows if row.difference is not None]
    spans = [
        Span(
            _label(row.name),
            d.sharpe_interval.low,
            d.sharpe_interval.high,
            d.sharpe,
            signed(d.sharpe),
        )
        for row, d in pairs
    ]
    reference = None
    if found.luck is not None:
        reference = (found.luck.expected, f"best by luck: {number(found.luck.expected)}")
    said = ", ".join(f"{row.name} {signed(d.sharpe)}" for row, d in pairs)
    label = f"Sharpe ratios less that of equal weight, with their intervals: {said}"
    return spans_in_rows(spans, label, reference)


def _paths(found: Comparison) -> Markup:
    spans = [
        Span(
            _label(row.name),
            min(row.paths.sharpe),
            max(row.paths.sharpe),
            row.paths.median,
            number(row.paths.median),
        )
        for row in found.rows
    ]
    said = ", ".join(f"{row.name} {number(row.paths.median)}" for row in found.rows)
    return spans_in_rows(spans, f"Sharpe ratios over combinatorial paths, the middle one: {said}")


def _label(name: str) -> str:
    words = words_of(name)
    return words if len(words) <= 18 else f"{words[:17]}…"


def _correlations(found: Comparison) -> Markup | None:
    returns = found.market.returns.iloc[found.first :]
    moves = returns.columns[(returns.notna().all() & (returns.max() > returns.min()))]
    if len(moves) < 2:
        return None
    grown = tree(returns[moves].to_numpy())
    names = [str(name) for name in moves]
    classes = [found.market.classes.get(name, "") for name in names]
    label = "Correlations of daily returns, alike ones side by side: " + ", ".join(
        names[i] for i in grown.order.tolist()
    )
    return correlations(Leaves(grown, tuple(names), tuple(classes)), label)


@dataclass(frozen=True)
class Holding:
    """One name in the last decision of every row: weight and share of the variance."""

    name: str
    of: str
    weights: tuple[float, ...]
    risks: tuple[float, ...]


def _holdings(found: Comparison) -> dict[str, object]:
    risks = [_last_risk(found, row.walk) for row in found.rows]
    targets = [row.walk.targets[-1] for row in found.rows]
    names = found.market.names
    return {
        "decided": date(int(found.market.sessions[_last(found.rows[0].walk.decided)])),
        "rows": [
            Holding(
                name,
                found.market.classes.get(name, ""),
                tuple(float(t[i]) for t in targets),
                tuple(float(r.contributions[i]) for r in risks),
            )
            for i, name in enumerate(names)
        ],
        "cash": [1.0 - float(t.sum()) for t in targets],
        "diversification": [r.diversification for r in risks],
    }


def _last(rows: Ints) -> int:
    return int(rows[-1])


def _last_risk(found: Comparison, walked: Walk) -> Risk:
    d = _last(walked.decided)
    seen = found.market.returns.iloc[d + 1 - found.plan.window : d + 1]
    return risk_of(walked.targets[-1], seen.to_numpy())
