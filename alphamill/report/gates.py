"""What every gate said over all candidates: counts, p-values and how many finds may be false."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from markupsafe import Markup

from alphamill.core.market import Floats
from alphamill.report.figures_bands import p_values
from alphamill.report.wording import UNKNOWN, percent
from alphamill.research.outcome import Candidate
from alphamill.validation.discovery import false_discovery_estimate, null_share, p_histogram

FAMILIES = "fdr"
LEVEL = 0.05


@dataclass(frozen=True)
class GateRow:
    """One gate over all candidates.

    ``first`` counts those to whom it was the first gate that decides and said no; ``left`` is who
    is still in after it, None where it informs.
    """

    gate: str
    decides: bool
    passed: int
    failed: int
    not_asked: int
    first: int
    left: int | None


def gate_rows(candidates: Sequence[Candidate]) -> list[GateRow]:
    """Return every gate in the order in which it was asked."""
    order = dict.fromkeys(v.gate for c in candidates for v in c.verdicts)
    first = Counter(c.failed_gate for c in candidates)
    rows, left = [], len(candidates)
    for gate in order:
        said = [v for c in candidates for v in c.verdicts if v.gate == gate]
        decides = any(v.decides for v in said)
        left -= first[gate]
        n_asked = sum(v.asked for v in said)
        n_passed = sum(v.asked and v.passed for v in said)
        rows.append(
            GateRow(
                gate,
                decides,
                n_passed,
                n_asked - n_passed,
                len(candidates) - n_asked,
                first[gate],
                left if decides else None,
            )
        )
    return rows


@dataclass(frozen=True)
class PValues:
    """The p-values of the families: the picture, and what it says."""

    picture: Markup
    words: str


def family_p_values(candidates: Sequence[Candidate]) -> PValues | None:
    """Return the p-value of each family by itself, None where none was asked.

    A family is a strategy on an instrument, charged for all of its own cells.
    """
    p: Floats = np.array(
        [v.p_value for c in candidates for v in c.verdicts if v.gate == FAMILIES and v.asked],
        dtype=np.float64,
    )
    p = p[np.isfinite(p)]
    if not p.size:
        return None
    n_found = int(np.count_nonzero(p <= LEVEL))
    false = false_discovery_estimate(p, LEVEL)
    shown = percent(false, 0) if isfinite(false) else UNKNOWN
    words = (
        f"{n_found:,} of {p.size:,} p-values lie at or below {percent(LEVEL, 0)}; "
        f"{p.size * LEVEL:.1f} would by luck alone. "
        f"Estimated share of candidates with nothing to find: {percent(null_share(p), 0)}; "
        f"of false ones among the {n_found:,} found: {shown}."
    )
    return PValues(p_values(p_histogram(p), f"Histogram of p-values: {words}"), words)
