"""The two verbs: ``inspect`` says what is wrong, ``admit`` mends what may be mended or refuses."""

from collections import Counter
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Instrument
from alphamill.data.quality.limits import ACCEPTABLE, LIMITS, Limits
from alphamill.data.quality.repairs import REPAIRS, distrust_opens
from alphamill.data.quality.rows import ROW_RULES
from alphamill.data.quality.series import SERIES_RULES, frequency, length
from alphamill.data.quality.table import Known, Table
from alphamill.data.raw import Finding, RawSeries

_ON_THE_WAY_IN = {
    "D03": "byte-order mark, line ends, decimal commas or blank lines were normalised",
    "D14": "stamps are counts since 1970 whose unit was found by their size",
}


def inspect(
    raw: RawSeries,
    instrument: Instrument,
    *,
    expected_sessions: NDArray[np.int64] | None = None,
    now_ns: int | None = None,
    reference_median: float | None = None,
    accepted: Collection[str] = (),
    limits: Limits = LIMITS,
) -> list[Finding]:
    """Return all that the rules notice, refusals first, without raising for bad data.

    Parameters
    ----------
    raw : RawSeries
        As a source delivered it. A column ``line`` (1-based line of the file) makes messages name
        the row of the file; without it they name the bar.
    instrument : Instrument
        Its tick, asset class and time zone decide several rules.
    expected_sessions : int64 array or None
        Trade dates (yyyymmdd) of the exchange calendar over at least the series' span.
    now_ns : int or None
        The present, UTC nanoseconds; None skips the rule about bars still forming.
    reference_median : float or None
        A close of the right size, to find prices scaled by a power of ten.
    accepted : collection of str
        Rules of ``limits.ACCEPTABLE`` that the operator overrules for this series; their refusals
        become warnings.
    limits : Limits
        Thresholds.

    Returns
    -------
    list of Finding
    """
    known = _known(expected_sessions, now_ns, reference_median, accepted, limits)
    return _judge(raw, instrument, known)[1]


def admit(
    raw: RawSeries,
    instrument: Instrument,
    *,
    expected_sessions: NDArray[np.int64] | None = None,
    now_ns: int | None = None,
    reference_median: float | None = None,
    accepted: Collection[str] = (),
    limits: Limits = LIMITS,
) -> tuple[RawSeries, list[Finding]]:
    """Return the mended series and all findings; parameters as in ``inspect``.

    The returned frame is sorted, has no two bars with one stamp, and lacks the column ``line``;
    its ``repairs`` count every repair by rule, those of the source included.

    Raises
    ------
    DataError
        When any rule refuses, naming file, row, column, value and remedy of the first.
    """
    known = _known(expected_sessions, now_ns, reference_median, accepted, limits)
    table, findings = _judge(raw, instrument, known)
    refused = [f for f in findings if f.severity == "refuse"]
    if refused:
        others = sorted({f.rule for f in refused[1:]} - {refused[0].rule})
        more = f" Also refused by {', '.join(others)}." if others else ""
        raise DataError(f"{refused[0].message}{more} [{refused[0].rule}]")
    counts: Counter[str] = Counter()
    for finding in findings:
        if finding.severity == "repair":
            counts[finding.rule] += finding.count
    return table.to_raw(dict(counts)), findings


def _known(
    expected_sessions: NDArray[np.int64] | None,
    now_ns: int | None,
    reference_median: float | None,
    accepted: Collection[str],
    limits: Limits,
) -> Known:
    for rule in accepted:
        if rule not in ACCEPTABLE:
            raise SettingsError(
                f"only the judgements {sorted(ACCEPTABLE)} can be accepted, received {rule!r}. "
                "Correct the data instead."
            )
    return Known(expected_sessions, now_ns, reference_median, accepted, limits)


def _judge(raw: RawSeries, instrument: Instrument, known: Known) -> tuple[Table, list[Finding]]:
    table = Table.of(raw, instrument)
    found = [
        table.note(rule, "repair", _ON_THE_WAY_IN.get(rule, "was mended by the source"), count=n)
        for rule, n in raw.repairs.items()
    ]
    # Infinite prices are named by their own rule; what they do to arithmetic is no news.
    with np.errstate(all="ignore"):
        found += frequency(table, known)
        for mend in REPAIRS:
            table, more = mend(table, known)
            found += more
        found += length(table, known)
        for rule in ROW_RULES:
            found += rule(table, known)
        if not _refused(found):
            table, more = distrust_opens(table, known)
            found += more
            for rule in SERIES_RULES:
                found += rule(table, known)
    found = [_accept(f) if f.rule in known.accepted else f for f in found]
    return table, sorted(found, key=lambda f: f.severity != "refuse")


def _refused(found: list[Finding]) -> bool:
    return any(f.severity == "refuse" for f in found)


def _accept(finding: Finding) -> Finding:
    if finding.severity != "refuse":
        return finding
    return Finding(
        finding.rule,
        "warn",
        finding.symbol,
        f"{finding.message} Accepted by the operator.",
        finding.row,
        finding.count,
    )
