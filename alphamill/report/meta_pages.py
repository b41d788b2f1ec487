"""The pages of a meta-labelling run, made of what it returned."""

from collections.abc import Mapping, Sequence
from typing import Any

from alphamill.learning.criteria import Limits, table
from alphamill.learning.result_fields import Learned
from alphamill.report.meta import MetaPage
from alphamill.report.meta_overview import LeftOut, MetaLine, MetaOverview
from alphamill.report.wording import number
from alphamill.research.metalabel.layout import Layout
from alphamill.research.metalabel.pipeline import Told
from alphamill.research.metalabel.record import Record


def page_of(told: Told) -> MetaPage | None:
    """Return the page of a winner that was validated; None for one that was not."""
    lesson, bundle, found, record = told.lesson, told.bundle, told.found, told.record
    if lesson is None or bundle is None or found is None or record.verdict is None:
        return None
    facts, identity = record.facts or {}, bundle.identity
    learned = Learned(lesson.cpcv_sharpe, lesson.deflated_sharpe, bundle.threshold, bundle.features)
    return MetaPage(
        project=str(facts["project"]),
        run_id=str(facts["run_id"]),
        primary=record.primary,
        verdict=record.verdict,
        uplift=found.uplift,
        learned=learned,
        threshold_origin=identity.threshold_origin,
        windows=facts["windows"],
        paths=found.paths,
        spans=lesson.spans,
        null=found.null,
        reliability=found.reliability,
        effects=found.effects,
        trials=lesson.trials,
        facts={
            "trials it was deflated by": f"{lesson.n_trials:,}",
            "signals with a label": f"{lesson.n_signals:,}",
            "independent labels": f"about {number(lesson.n_independent, 0)}",
            "looks at this window": f"{found.n_looks} (the permutation's limit is divided by them)",
        },
        identity={
            "bars": identity.bars[:16],
            "features": identity.features[:16],
            "labels": identity.labels[:16],
            "cross-validation": identity.cv_plan[:16],
            "search": lesson.identity[:16],
            **{name: text for name, text in sorted(identity.versions.items())},
        },
        dropped=[*_dropped_rows(told), *lesson.left_out.items()],
    )


def overview_of(records: Sequence[Record], layout: Layout, limits: Limits) -> MetaOverview:
    """Return the page over all winners that were validated below an output folder."""
    judged = [record for record in records if record.verdict is not None]
    newest: Mapping[str, Any] = next((r.facts for r in judged if r.facts), {})
    return MetaOverview(
        project=str(newest.get("project", "")),
        run_id=str(newest.get("run_id", "")),
        lines=[_line(record, layout) for record in judged],
        left_out=[
            LeftOut(record.primary, str(record.row["status"]), str(record.row["reason"]))
            for record in records
            if record.verdict is None
        ],
        criteria=table(limits),
        max_p=limits.max_p,
        windows={name: tuple(span) for name, span in newest.get("windows", {}).items()},
    )


def _line(record: Record, layout: Layout) -> MetaLine:
    facts, page = record.facts or {}, layout.page(record.key)
    assert record.verdict is not None
    assert record.uplift is not None
    return MetaLine(
        primary=record.primary,
        verdict=record.verdict,
        uplift=record.uplift,
        p_value=_number(facts.get("p_value")),
        cpcv_uplift=_number(facts.get("cpcv_uplift")),
        deflated_sharpe=_number(facts.get("deflated_sharpe")),
        page=page.name if page.is_file() else "",
    )


def _dropped_rows(told: Told) -> list[tuple[str, str]]:
    lesson, found = told.lesson, told.found
    assert lesson is not None
    assert found is not None
    unknown = lesson.n_signals - lesson.at.size
    rows = []
    if unknown:
        rows.append((f"{unknown:,} training signals", "a feature is not known; live, no trade"))
    if found.n_unknown:
        rows.append(
            (f"{found.n_unknown:,} validation signals", "a feature is not known: vetoed, as live")
        )
    return rows


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
