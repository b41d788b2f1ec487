"""The page of one winner's model: what to do, then every figure that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from markupsafe import Markup

from alphamill.learning.criteria import DROP, TRADE_THE_RULE, USE_ML, Answer, MetaVerdict
from alphamill.learning.dataset import Primary
from alphamill.learning.explain import Effect
from alphamill.learning.reliability import Reliability
from alphamill.learning.result_fields import Learned, enhanced_name
from alphamill.learning.uplift import Figures, PathUplifts, Span, Uplift
from alphamill.learning.uplift_null import UpliftNull
from alphamill.report.charts import Curve, equity_with_drawdown
from alphamill.report.meta_pictures import (
    Dots,
    Named,
    calibration,
    dots_in_rows,
    named_bars,
    null_histogram,
)
from alphamill.report.scales import days_of
from alphamill.report.svg import WIDE
from alphamill.report.templating import rendered
from alphamill.report.wording import UNKNOWN, date, money, number, percent, plural, signed
from alphamill.workshop.files import write_atomic

N_EFFECTS = 15
# As many paths as there are colours to tell apart.
N_PATHS = 6


class Tried(Protocol):
    """One trial of the search; see `alphamill.learning.search.Trial`."""

    @property
    def family(self) -> str: ...

    @property
    def ending(self) -> str: ...

    @property
    def sharpe(self) -> float: ...

    @property
    def n_fits(self) -> int: ...


@dataclass(frozen=True, eq=False)
class MetaPage:
    """All that the page of one winner shows.

    Attributes
    ----------
    project, run_id : str
    primary : Primary
        The rule and its cell.
    verdict : MetaVerdict
    uplift : Uplift
        Of the validation window.
    learned : Learned
        What training says of the chosen model.
    threshold_origin : str
        How the threshold was chosen, in a sentence.
    windows : mapping of str to (first, last)
        Trade dates of the training and the validation window, under these names.
    paths : PathUplifts or None
        Of the training window; None where cross-validation left none.
    spans : sequence of (first, last)
        Trade dates of its groups.
    null : UpliftNull or None
        Of the validation window.
    reliability : Reliability or None
        Of scores out of fold.
    effects : sequence of Effect
        What moves the scores, the strongest first.
    trials : sequence of Tried
        Everything that was tried.
    facts : mapping of str to str
        More about the search, name and words: independent trials, what noise would reach, ...
    identity : mapping of str to str
        Hashes of what the model was made from.
    dropped : sequence of (str, str)
        What was left out, and why: features, rows, families of models.
    """

    project: str
    run_id: str
    primary: Primary
    verdict: MetaVerdict
    uplift: Uplift
    learned: Learned
    threshold_origin: str
    windows: Mapping[str, Span]
    paths: PathUplifts | None = None
    spans: Sequence[Span] = ()
    null: UpliftNull | None = None
    reliability: Reliability | None = None
    effects: Sequence[Effect] = ()
    trials: Sequence[Tried] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    dropped: Sequence[tuple[str, str]] = ()


def write_meta(page: MetaPage, path: Path) -> Path:
    """Write one self-contained page about one winner's model; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, rendered("meta.html.j2", meta_context(page)))
    return path


def meta_context(page: MetaPage) -> dict[str, object]:
    """Return what the template shows."""
    uplift = page.uplift
    return {
        "p": page,
        "name": name_of(page.primary),
        "headline": headline(page.primary, page.verdict.answer),
        "stamp": STAMPS[page.verdict.answer],
        "alone": uplift.baseline,
        "kept": uplift.filtered,
        "windows": {name: _span(span) for name, span in page.windows.items()},
        "side_by_side": side_by_side(uplift),
        "equity": _validation(uplift),
        "paths": _paths(page.paths),
        "path_legend": _path_legend(page.paths),
        "folds": _folds(page.paths, page.spans),
        "fold_words": _fold_words(page.paths),
        "null": _null(page.null),
        "null_words": _null_words(page.null),
        "calibration": _calibration(page),
        "calibration_words": _calibration_words(page.reliability),
        "effects": _effects(page.effects),
        "families": family_rows(page.trials),
        "tried": _tried(page),
        "figure_words": figure_words,
    }


STAMPS: Mapping[Answer, str] = {
    USE_ML: "enhanced",
    TRADE_THE_RULE: "rule kept without a model",
    DROP: "dropped",
}


def name_of(primary: Primary) -> str:
    """Return strategy and instrument."""
    return f"{primary.strategy} on {primary.symbol}"


def headline(primary: Primary, answer: Answer) -> str:
    """Return in one sentence what its owner should do."""
    return {
        USE_ML: f"Trade {enhanced_name(primary.strategy)} on {primary.symbol}: "
        "the model earns its place",
        TRADE_THE_RULE: f"ML adds nothing: trade {name_of(primary)} as it is",
        DROP: f"Drop {name_of(primary)}: neither the rule nor its model held",
    }[answer]


@dataclass(frozen=True)
class Side:
    """One figure of the rule alone and with the model, written out."""

    name: str
    alone: str
    kept: str
    change: str = ""


def side_by_side(uplift: Uplift) -> list[Side]:
    """Return every figure of both, the years last."""
    a, b = uplift.baseline, uplift.filtered
    share = percent(b.n_trades / a.n_trades, 0) if a.n_trades else UNKNOWN
    rows = [
        Side("Sharpe ratio", number(a.sharpe), number(b.sharpe), signed(uplift.sharpe)),
        Side("net profit", money(a.net_profit), money(b.net_profit), _more(uplift.profit)),
        Side("trades", number(a.n_trades, 0), number(b.n_trades, 0), f"{share} of them"),
        Side("win rate", percent(a.win_rate), percent(b.win_rate)),
        Side("profit factor", number(a.profit_factor), number(b.profit_factor)),
        Side("deepest fall", money(a.max_drawdown), money(b.max_drawdown)),
    ]
    years = sorted({*a.pnl_by_year, *b.pnl_by_year})
    for year in years:
        one, other = a.pnl_by_year.get(year, 0.0), b.pnl_by_year.get(year, 0.0)
        rows.append(Side(f"profit {year}", money(one), money(other), _more(other - one)))
    return rows


@dataclass(frozen=True)
class FamilyRow:
    """One family of models in the search; ``best`` is NaN where no trial was judged to the end."""

    family: str
    n_trials: int
    n_complete: int
    n_pruned: int
    n_few: int
    n_fits: int
    best: float


def family_rows(trials: Sequence[Tried]) -> list[FamilyRow]:
    """Return how many trials of each family were made and how they ended, the best first."""
    rows = []
    for family in dict.fromkeys(t.family for t in trials):
        those = [t for t in trials if t.family == family]
        complete = [t.sharpe for t in those if t.ending == "complete"]
        rows.append(
            FamilyRow(
                family=family,
                n_trials=len(those),
                n_complete=len(complete),
                n_pruned=sum(t.ending == "pruned" for t in those),
                n_few=sum(t.ending == "too few trades" for t in those),
                n_fits=sum(t.n_fits for t in those),
                best=max(complete, default=float("nan")),
            )
        )
    return sorted(rows, key=lambda r: (r.best != r.best, -r.best))


def figure_words(value: float) -> str:
    """Return a criterion's figure: counts and money whole, small chances with a third digit."""
    if not np.isfinite(value) or value == round(value):
        return number(value, 0)
    return number(value, 0 if abs(value) >= 100 else 3 if abs(value) < 0.1 else 2)


def _span(span: Span) -> str:
    return f"{date(span[0])} to {date(span[1])}"


def _more(value: float) -> str:
    return f"+{money(value)}" if value > 0 else money(value)


def _curve(figures: Figures, name: str, kind: str, mark: str) -> Curve:
    return Curve(name, days_of(figures.sessions), np.cumsum(figures.daily), kind, mark)


def _validation(uplift: Uplift) -> Markup:
    kept, alone = uplift.filtered, uplift.baseline
    label = (
        f"Profit and loss of the validation window: with the model {money(kept.net_profit)}, the "
        f"rule alone {money(alone.net_profit)}; below, the drawdown with the model"
    )
    curves = [_curve(kept, "with the model", "c-0", "ML"), _curve(alone, "rule", "c-1", "")]
    return equity_with_drawdown(curves, label, WIDE)


def _paths(found: PathUplifts | None) -> Markup | None:
    if found is None:
        return None
    drawn = found.paths[:N_PATHS]
    curves = [_curve(found.baseline, "the rule alone", "c-all", "")]
    curves += [_curve(p, f"path {i + 1}", f"c-{i}", str(i + 1)) for i, p in enumerate(drawn)]
    ends = ", ".join(f"{c.name} {money(float(c.pnl[-1]))}" for c in curves)
    label = f"Profit and loss of the training window, out of fold; at the end: {ends}"
    return equity_with_drawdown(curves, label, WIDE)


def _path_legend(found: PathUplifts | None) -> list[tuple[str, str, str]]:
    if found is None:
        return []
    paths = [
        (f"c-{i}", str(i + 1), f"path {i + 1}: Sharpe {number(p.sharpe)}")
        for i, p in enumerate(found.paths[:N_PATHS])
    ]
    return [("c-all", "", f"the rule alone: Sharpe {number(found.baseline.sharpe)}"), *paths]


def _folds(found: PathUplifts | None, spans: Sequence[Span]) -> Markup | None:
    if found is None:
        return None
    columns = found.group_sharpe.T.tolist()
    names = [f"{date(a)[:7]} to {date(b)[:7]}" for a, b in spans]
    names += [f"group {g + 1}" for g in range(len(names), len(columns))]
    rows = [Dots(name, tuple(column)) for name, column in zip(names, columns, strict=True)]
    rows.append(Dots("whole paths", tuple(found.sharpe.tolist()), of_all=True))
    words = "; ".join(f"{r.label}: {', '.join(signed(v) for v in r.values)}" for r in rows)
    return dots_in_rows(rows, f"Sharpe ratio that the model adds, by group: {words}")


def _fold_words(found: PathUplifts | None) -> str:
    if found is None:
        return ""
    low, high = found.quantiles((0.05, 0.95)).tolist()
    return (
        f"In the middle {signed(found.median_sharpe)}, from {signed(low)} to {signed(high)} in 90% "
        f"of {plural(found.group_sharpe.size, 'fold')}; above 0 in {percent(found.share_above, 0)}."
    )


def _null(found: UpliftNull | None) -> Markup | None:
    if found is None:
        return None
    label = f"Sharpe ratio added by the score at other times: {_null_words(found)}"
    return null_histogram(found.sharpe_draws, found.sharpe, label)


def _null_words(found: UpliftNull | None) -> str:
    if found is None:
        return ""
    return (
        f"{found.n_kept:,} of {plural(found.n_signals, 'signal')} are kept, here and in each of "
        f"{plural(found.sharpe_draws.size, 'draw')}. Chance of as much added Sharpe ratio: p "
        f"{number(found.p_sharpe, 4)}; of as much added profit: p {number(found.p_profit, 4)}."
    )


def _calibration(page: MetaPage) -> Markup | None:
    found = page.reliability
    if found is None:
        return None
    words = ", ".join(f"{percent(b.mean_score, 0)} won {percent(b.won, 0)}" for b in found.bins)
    return calibration(found.bins, page.learned.threshold, f"Score and won share: {words}")


def _calibration_words(found: Reliability | None) -> str:
    if found is None:
        return ""
    said = "may be read as probabilities" if found.is_calibrated else "are ranks, not probabilities"
    return (
        "Out of fold, with 95% intervals. Mean distance from the dashed line "
        f"{number(found.ece, 3)}, by chance alone {number(found.noise, 3)}; Brier score "
        f"{number(found.brier, 3)}; {percent(found.base_rate)} of signals won. These scores {said}."
    )


def _effects(effects: Sequence[Effect]) -> Markup:
    rows = [Named(e.feature, e.size, e.direction) for e in effects[:N_EFFECTS]]
    words = ", ".join(f"{r.name} {number(r.size, 4)}" for r in rows)
    return named_bars(rows, f"Mean absolute SHAP value by feature: {words}")


def _tried(page: MetaPage) -> list[tuple[str, str]]:
    counted = [
        ("trials", number(len(page.trials), 0)),
        ("of them given up early", number(sum(t.ending == "pruned" for t in page.trials), 0)),
        ("models fitted", number(sum(t.n_fits for t in page.trials), 0)),
        ("Sharpe out of fold", number(page.learned.cpcv_sharpe)),
        ("deflated Sharpe", f"{number(page.learned.deflated_sharpe)} (probability above luck)"),
    ]
    return [*counted, *page.facts.items()]
