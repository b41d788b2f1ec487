"""The page over all winners: which are better with a model, which without, which dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from alphamill.learning.criteria import DROP, TRADE_THE_RULE, USE_ML, MetaVerdict, Row
from alphamill.learning.dataset import Primary
from alphamill.learning.uplift import Span, Uplift
from alphamill.report.figures import Pair, against_luck
from alphamill.report.meta import figure_words, name_of
from alphamill.report.svg import WIDE
from alphamill.report.templating import rendered
from alphamill.report.wording import date, number, plural
from alphamill.workshop.files import write_atomic

N_DRAWN = 20
NOTHING = "ML adds nothing, and that is a result"
NOBODY = "No winner could be asked"


@dataclass(frozen=True)
class MetaLine:
    """One winner that was judged; ``page`` is the way to its own page, empty without one."""

    primary: Primary
    verdict: MetaVerdict
    uplift: Uplift
    p_value: float
    cpcv_uplift: float
    deflated_sharpe: float
    page: str = ""


@dataclass(frozen=True)
class LeftOut:
    """One winner that was not judged, and why."""

    primary: Primary
    status: str
    reason: str


@dataclass(frozen=True)
class MetaOverview:
    """All that the page over all winners shows; ``criteria`` are the thresholds that were asked."""

    project: str
    run_id: str
    lines: Sequence[MetaLine]
    left_out: Sequence[LeftOut] = ()
    criteria: Sequence[Row] = ()
    max_p: float = 0.05
    windows: Mapping[str, Span] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)


def write_meta_overview(overview: MetaOverview, path: Path) -> Path:
    """Write one self-contained page about every winner's model; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, rendered("meta_overview.html.j2", overview_context(overview)))
    return path


def overview_context(overview: MetaOverview) -> dict[str, object]:
    """Return what the template shows."""
    by_answer = {
        answer: ranked([w for w in overview.lines if w.verdict.answer == answer])
        for answer in (USE_ML, TRADE_THE_RULE, DROP)
    }
    return {
        "o": overview,
        "headline": overview_headline(overview),
        "enhanced": by_answer[USE_ML],
        "kept": by_answer[TRADE_THE_RULE],
        "dropped": by_answer[DROP],
        "lines": _three_lines(overview),
        "picture": _picture(ranked(overview.lines)),
        "n_drawn": min(len(overview.lines), N_DRAWN),
        "missed": missed_counts(overview.lines),
        "windows": {k: f"{date(a)} to {date(b)}" for k, (a, b) in overview.windows.items()},
        "name_of": name_of,
        "figure_words": figure_words,
    }


def ranked(lines: Sequence[MetaLine]) -> list[MetaLine]:
    """Return winners with a model first, then by the Sharpe ratio of what would be traded."""
    return sorted(lines, key=lambda w: (not w.verdict.enhanced, -_traded(w), name_of(w.primary)))


def overview_headline(overview: MetaOverview) -> str:
    """Return the one sentence over all winners."""
    n, asked = sum(w.verdict.enhanced for w in overview.lines), len(overview.lines)
    if not asked:
        return NOBODY
    if not n:
        return NOTHING
    verb = "is" if n == 1 else "are"
    return f"{n:,} of {plural(asked, 'winner')} {verb} better with a model"


def missed_counts(lines: Sequence[MetaLine]) -> list[tuple[str, int, int]]:
    """Return (criterion, winners asked, winners that miss it) in the order of asking."""
    names = dict.fromkeys(c.name for w in lines for c in w.verdict.criteria)
    rows = []
    for name in names:
        said = [c for w in lines for c in w.verdict.criteria if c.name == name and c.asked]
        rows.append((name, len(said), sum(not c.passed for c in said)))
    return rows


def _traded(line: MetaLine) -> float:
    figures = line.uplift.filtered if line.verdict.enhanced else line.uplift.baseline
    return figures.sharpe


def _three_lines(overview: MetaOverview) -> list[tuple[str, str]]:
    lines = overview.lines
    n = {answer: sum(w.verdict.answer == answer for w in lines) for answer in _VERBS}
    found = ", ".join(f"{plural(count, 'winner')} {_VERBS[a]}" for a, count in n.items() if count)
    by_luck, reached = len(lines) * overview.max_p, sum(_reaches(w, overview) for w in lines)
    luck = (
        f"Of {plural(len(lines), 'winner')} asked, {number(by_luck)} would reach p "
        f"{number(overview.max_p)} by luck alone; {reached} did. The other criteria stand beside "
        "it."
    )
    left = (
        f"{plural(len(overview.left_out), 'winner')} could not be judged; the reasons stand below."
        if overview.left_out
        else "Every winner was judged."
    )
    return [
        ("What to trade", f"{found}." if found else "Nothing was judged, so nothing changes."),
        ("Against luck", luck if lines else "Nothing was asked, so luck had no chance either."),
        ("What was left out", left),
    ]


_VERBS = {
    USE_ML: "with a model",
    TRADE_THE_RULE: "as the rule alone",
    DROP: "not at all",
}


def _reaches(line: MetaLine, overview: MetaOverview) -> bool:
    return line.p_value <= overview.max_p


def _picture(lines: Sequence[MetaLine]) -> Markup | None:
    if not lines:
        return None
    pairs = [
        Pair(name_of(w.primary), w.uplift.baseline.sharpe, w.uplift.filtered.sharpe)
        for w in lines[:N_DRAWN]
    ]
    words = ", ".join(
        f"{p.label} {number(p.in_sample)} alone, {number(p.out_of_sample)} with the model"
        for p in pairs
    )
    # No level of luck is drawn: it differs from winner to winner.
    return against_luck(pairs, float("nan"), f"Sharpe ratios without and with: {words}", WIDE)
