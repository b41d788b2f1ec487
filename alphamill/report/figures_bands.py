"""Pictures of what is uncertain: figures in their bands, and p-values by how often they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from markupsafe import Markup

from alphamill.report.scales import Scale, fitted, round_ticks
from alphamill.report.svg import box, dot, finite_range, line, picture, text, value_axis
from alphamill.report.wording import plural, short
from alphamill.validation.discovery import Histogram


@dataclass(frozen=True)
class Span:
    """One figure and the band it lies in, or does not; ``marks`` are further levels of the band."""

    label: str
    low: float
    high: float
    value: float
    words: str
    marks: tuple[float, ...] = ()


def spans_in_rows(
    spans: Sequence[Span],
    label: str,
    reference: tuple[float, str] | None = None,
    between: tuple[float, float] | None = None,
) -> Markup:
    """Return each figure as a dot on one axis, its band shaded.

    ``reference`` is a level that all are compared with, and its words; ``between`` fixes the ends
    of the axis. What is not finite is not drawn; its words stay.
    """
    width, left, row, right, top = 520.0, 118.0, 30.0, 92.0, 24.0 if reference else 6.0
    bottom = top + row * len(spans) + 2
    drawn = [v for s in spans for v in (s.low, s.high, s.value, *s.marks)]
    low, high = finite_range(np.array([*drawn, 0.0, *([reference[0]] if reference else [])]))
    x = (
        Scale(*between, left, width - right)
        if between
        else fitted(low, high, left, width - right, 0.04)
    )
    parts = []
    for tick in round_ticks(x.low, x.high, 4):
        parts.append(line(x(tick), top, x(tick), bottom, "zero" if tick == 0 else "grid"))
        parts.append(text(x(tick), bottom + 15, short(tick), anchor="middle"))
    for i, span in enumerate(spans):
        parts.append(_span(span, top + row * (i + 0.5), x, width))
    if reference and isfinite(reference[0]):
        at = x(reference[0])
        parts.append(line(at, top - 4, at, bottom, "mean"))
        reach = 3.0 * len(reference[1])
        centre = min(max(at, reach), width - reach)
        parts.append(text(centre, top - 10, reference[1], "lbl ink", "middle"))
    return picture(width, bottom + 22, label, parts)


def _span(span: Span, y: float, x: Scale, width: float) -> str:
    parts = [
        text(0, y + 4, span.label, "lbl ink"),
        text(width, y + 4, span.words, "figure", "end"),
    ]
    if isfinite(span.low) and isfinite(span.high):
        parts.append(box(x(span.low), y - 7, max(x(span.high) - x(span.low), 1.0), 14, "band"))
    parts += [line(x(m), y - 7, x(m), y + 7, "zero") for m in span.marks if isfinite(m)]
    if isfinite(span.value):
        parts.append(dot(x(span.value), y, 5.0, "point"))
    return "".join(parts)


def p_values(found: Histogram, label: str) -> Markup:
    """Return how many p-values lie in each bin; the level at which they would lie flat is dashed.

    The first bin is coloured: those are significant at its width.
    """
    width, height = 520.0, 220.0
    top, bottom, left = 26.0, height - 40.0, 40.0
    x = Scale(0.0, 1.0, left, width - 8)
    flat = float(found.counts.sum()) / found.counts.size
    y = fitted(0.0, max(float(found.counts.max(initial=0)), flat, 1.0), bottom, top, 0.0)
    ticks = [t for t in round_ticks(0.0, y.high, 4) if t == int(t)]
    parts = [value_axis(y, ticks, left, width - 8)]
    edges = found.edges.tolist()
    for i, (count, a, b) in enumerate(
        zip(found.counts.tolist(), edges[:-1], edges[1:], strict=True)
    ):
        if count:
            words = f"p {short(round(a, 3))} to {short(round(b, 3))}: {plural(count, 'candidate')}"
            kind = "pos" if i == 0 else "bar-all"
            parts.append(box(x(a) + 0.5, y(count), x(b) - x(a) - 1, y(0.0) - y(count), kind, words))
    for tick in round_ticks(0.0, 1.0, 5):
        parts.append(text(x(tick), bottom + 15, short(tick), anchor="middle"))
    parts.append(line(left, y(flat), width - 8, y(flat), "mean"))
    parts.append(text(width - 8, y(flat) - 5, "flat: noise alone", "lbl ink", "end"))
    parts.append(text(width - 8, bottom + 31, "p-value →", "lbl", "end"))
    return picture(width, height, label, parts)
