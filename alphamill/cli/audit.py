"""`alphamill audit`: whether anything reads the future, and the line that is likely to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, note, table
from alphamill.cli.options import AsJson

if TYPE_CHECKING:
    from alphamill.validation.audit_subject import Finding, Report, Subject

COLUMNS = ("subject", "column", "checks", "bar", "UTC", "found", "likely line")
EVERY = "all"
NO_LINE = "no line of its own file shows it"
PAST_ONLY = "Row t may read rows up to t only: mend the line."
REMEDIES = {
    "repeat": "Two calls must say the same: seed what draws at random, keep no state.",
    "start-up": "A memory that is too short must be declared longer, if no row reads ahead.",
}


def audit(
    file: Annotated[
        Path | None,
        typer.Argument(help="A Python file of strategies or functions; the library otherwise."),
    ] = None,
    strategies: Annotated[
        list[str] | None, typer.Option(help="Only these: --strategies 21 40, names or numbers.")
    ] = None,
    indicators: Annotated[
        list[str] | None, typer.Option(help="Only these: --indicators sma rsi.")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(help="Only these: --features rsi_14 ES_hourly_return, or all of them: all."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer cuts, defaults only: seconds, for a first look.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take the future away, or change it, and see whether anything notices."""
    from alphamill.core.errors import GateError
    from alphamill.research.audits import audited
    from alphamill.validation.audit_subject import QUICK, Effort
    from alphamill.workshop.progress import Console

    named = {"strategies": strategies, "indicators": indicators, "features": features}
    asked = {option: names for option, names in named.items() if names}
    subjects = _of_file(file, asked, quick) if file else _of_library(asked, quick)
    reports = list(audited(subjects, QUICK if quick else Effort(), Console()))
    answer([_payload(report) for report in reports], as_json, lambda: _shown(reports))
    for text in _notes(reports) if not as_json else ():
        note(text)
    failed = _names(r for r in reports if r.findings)
    unasked = _names(r for r in reports if not r.n_compared and not r.findings)
    if failed or unasked:
        parts = [f"{len(failed)} failed the audit ({_list(failed)})"] if failed else []
        parts += [f"{len(unasked)} could not be asked ({_list(unasked)})"] if unasked else []
        told = {REMEDIES.get(f.check, PAST_ONLY) for r in reports for f in r.findings}
        raise GateError(" ".join([f"{' and '.join(parts)}.", *sorted(told)]))


def _of_file(file: Path, asked: Mapping[str, list[str]], quick: bool) -> list["Subject"]:
    from alphamill.core.errors import SettingsError
    from alphamill.research.audit_files import file_subjects

    if asked:
        raise SettingsError(
            f"give a file or names of the library, received both {str(file)!r} and "
            f"{[name for names in asked.values() for name in names]}. Run the command twice."
        )
    return list(file_subjects(file, quick))


def _of_library(asked: Mapping[str, list[str]], quick: bool) -> list["Subject"]:
    """Return what was named of each kind, all kinds where nothing was."""
    from alphamill.indicators.table import INDICATORS
    from alphamill.indicators.table import find as find_indicator
    from alphamill.research.audits import feature_subjects, indicator_subject, strategy_subjects
    from alphamill.strategies import STRATEGIES, find

    is_whole = not asked
    rules = STRATEGIES if is_whole else [find(name) for name in asked.get("strategies", ())]
    rows = INDICATORS if is_whole else [find_indicator(n) for n in asked.get("indicators", ())]
    names = asked.get("features", [])
    found = [subject for rule in rules for subject in strategy_subjects(rule, quick)]
    found += map(indicator_subject, rows)
    return [*found, *feature_subjects(None if is_whole or names == [EVERY] else names)]


def _shown(reports: Sequence["Report"]) -> Any:
    from rich.console import Group
    from rich.markup import escape

    rows = []
    for kind in dict.fromkeys(report.subject.kind for report in reports):
        own = [report for report in reports if report.subject.kind == kind]
        failed = len(_names(r for r in own if r.findings))
        n_compared = sum(report.n_compared for report in own)
        rows.append((kind, len(_names(own)), len(own), n_compared, failed))
    summary = table("Audit", ("kind", "subjects", "calls", "values compared", "failed"), rows)
    found = [tuple(map(escape, row)) for row in _folded(reports)]
    return Group(summary, "", table("What was found", COLUMNS, found)) if found else summary


def _folded(reports: Iterable["Report"]) -> Iterable[tuple[str, ...]]:
    """Yield a row for each column of a subject, its checks and parameter sets together."""
    together: dict[tuple[str, str], list[Finding]] = {}
    for report in reports:
        for finding in report.findings:
            together.setdefault((report.subject.name, finding.column), []).append(finding)
    for (name, column), findings in together.items():
        first = findings[0]
        lines = [str(finding.line) for finding in findings if finding.line]
        yield (
            name,
            column,
            ", ".join(dict.fromkeys(finding.check for finding in findings)),
            f"{first.row:,} of {first.ground}",
            first.moment,
            first.said,
            max(lines, key=Counter(lines).__getitem__) if lines else NO_LINE,
        )


def _notes(reports: Sequence["Report"]) -> Iterable[str]:
    """Yield what could not be tried, each reason once, with whom it concerns."""
    whom: dict[str, list[Report]] = {}
    for report in reports:
        for text in report.notes:
            whom.setdefault(text, []).append(report)
    for text, own in whom.items():
        yield f"{_list(_names(own))}: {text}"


def _names(reports: Iterable["Report"]) -> list[str]:
    return list(dict.fromkeys(report.subject.name for report in reports))


def _list(names: Sequence[str], n_shown: int = 5) -> str:
    more = f" and {len(names) - n_shown} more" if len(names) > n_shown else ""
    return ", ".join(names[:n_shown]) + more


def _payload(report: "Report") -> dict[str, Any]:
    return {
        "kind": report.subject.kind,
        "name": report.subject.name,
        "params": report.subject.params,
        "passed": not report.findings and report.n_compared > 0,
        "values_compared": report.n_compared,
        "findings": [_finding(finding) for finding in report.findings],
        "not_tried": report.notes,
        "start_up": [{"bars": n, "difference": off} for n, off in report.start_up],
    }


def _finding(finding: "Finding") -> dict[str, Any]:
    line = finding.line
    return {
        "check": finding.check,
        "column": finding.column,
        "market": finding.ground,
        "bar": finding.row,
        "closed_utc": finding.moment,
        "found": finding.said,
        "hits": finding.n_hits,
        "tried": finding.n_tried,
        "line": line and {"file": line.file, "number": line.number, "text": line.text},
        "reads": line.via if line else (),
    }
