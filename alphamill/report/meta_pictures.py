"""Pictures of a model: what folds add, whether scores mean what they say, what moves them, luck."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from alphamill.core.market import Floats
from alphamill.learning.reliability import Bin
from alphamill.report.scales import Scale, fitted, round_ticks
from alphamill.report.svg import box, dot, finite_range, line, picture, text, value_axis
from alphamill.report.wording import number, percent, plural, short, signed

_WIDTH = 520.0


@dataclass(frozen=True)
class Dots:
    """One line of figures on a common axis; the middle one is written at its right."""

    label: str
    values: tuple[float, ...]
    of_all: bool = False  # drawn full instead of pale: it counts more


def dots_in_rows(rows: Sequence[Dots], label: str) -> Markup:
    """Return figures as dots, gains and losses by colour, with each row's middle as a stroke."""
    if not rows:
        return _nothing(label, "no folds to draw")
    left, row, right, top = 150.0, 28.0, 64.0, 6.0
    bottom = top + row * len(rows) + 2
    low, high = finite_range(np.array([v for r in rows for v in r.values]), np.zeros(1))
    x = fitted(low, high, left, _WIDTH - right, 0.05)
    parts = []
    for tick in round_ticks(x.low, x.high, 5):
        parts.append(line(x(tick), top, x(tick), bottom, "zero" if tick == 0 else "grid"))
        parts.append(text(x(tick), bottom + 15, short(tick), anchor="middle"))
    for i, r in enumerate(rows):
        parts.append(_dots(r, top + row * (i + 0.5), x))
    return picture(_WIDTH, bottom + 22, label, parts)


def _dots(row: Dots, y: float, x: Scale) -> str:
    known = [v for v in row.values if np.isfinite(v)]
    middle = float(np.median(known)) if known else float("nan")
    parts = [
        text(0, y + 4, row.label, "lbl ink"),
        text(_WIDTH, y + 4, signed(middle), "figure", "end"),
    ]
    for value in known:
        kind = "pos" if value > 0 else "neg"
        parts.append(dot(x(value), y, 4.5, kind if row.of_all else f"{kind} faint", signed(value)))
    if known:
        parts.append(line(x(middle), y - 9, x(middle), y + 9, "line c-all"))
    return "".join(parts)


def calibration(bins: Sequence[Bin], threshold: float, label: str) -> Markup:
    """Return won share against score with the interval of each bin; the diagonal is honesty."""
    if not bins:
        return _nothing(label, "no scored rows")
    width, height = _WIDTH, 320.0
    left, top, bottom = 46.0, 12.0, height - 40.0
    ends = np.array([v for b in bins for v in (b.mean_score, b.low, b.high)] + [threshold])
    low, high = finite_range(ends)
    # One range for both axes: the diagonal then lies where score and share are equal.
    x = fitted(low, high, left, width - 10)
    y = Scale(x.low, x.high, bottom, top)
    ticks = round_ticks(x.low, x.high, 6)
    parts = [_percent_axis(y, ticks, left, width - 10)]
    for tick in ticks:
        parts.append(text(x(tick), bottom + 15, percent(tick, 0), anchor="middle"))
    parts.append(line(x(x.low), y(x.low), x(x.high), y(x.high), "mean"))
    parts.append(line(x(threshold), top, x(threshold), bottom, "line thin c-0"))
    parts.append(_beside(x(threshold), top + 9, f"trades from {number(threshold)}", width))
    for b in bins:
        at = x(b.mean_score)
        words = (
            f"scored {percent(b.mean_score)}, won {percent(b.won)} of {plural(b.n, 'signal')} "
            f"(95%: {percent(b.low)} to {percent(b.high)})"
        )
        parts.append(line(at, y(b.low), at, y(b.high), "held"))
        parts.append(dot(at, y(b.won), 4.5, "point", words))
    parts.append(text(width - 10, bottom + 32, "score of the model →", "lbl", "end"))
    parts.append(text(left + 4, top + 9, "won ↑", "lbl"))
    return picture(width, height, label, parts)


def _percent_axis(scale: Scale, ticks: Sequence[float], left: float, right: float) -> str:
    parts = []
    for tick in ticks:
        parts.append(line(left, scale(tick), right, scale(tick), "grid"))
        parts.append(text(left - 6, scale(tick) + 3.5, percent(tick, 0), anchor="end"))
    return "".join(parts)


@dataclass(frozen=True)
class Named:
    """One bar with a long name; ``direction`` 1, -1 or 0 colours and words it."""

    name: str
    size: float
    direction: int


def named_bars(rows: Sequence[Named], label: str) -> Markup:
    """Return sizes as bars, the name written above each, for names may be long."""
    if not rows:
        return _nothing(label, "nothing to explain")
    row, right = 34.0, 78.0
    x = fitted(0.0, max(r.size for r in rows) or 1.0, 0.0, _WIDTH - right, 0.0)
    parts = []
    for i, r in enumerate(rows):
        y = row * i
        kind = {1: "pos", -1: "neg"}.get(r.direction, "tick")
        said = {1: "higher → likelier", -1: "higher → less likely"}.get(r.direction, "either way")
        parts.append(text(0, y + 12, _fitting(r.name), "lbl ink"))
        parts.append(text(_WIDTH, y + 12, said, "lbl", "end"))
        parts.append(box(0, y + 17, max(x(r.size), 1.0), 11, f"{kind} faint"))
        parts.append(text(_WIDTH, y + 27, short(round(r.size, 4)), "figure", "end"))
    return picture(_WIDTH, row * len(rows) + 2, label, parts)


def _fitting(name: str, n_letters: int = 40) -> str:
    return name if len(name) <= n_letters else f"{name[: n_letters - 1]}…"


def null_histogram(draws: Floats, observed: float, label: str, n_bins: int = 36) -> Markup:
    """Return how often luck made each uplift, with the observed one as a firm line."""
    drawn = draws[np.isfinite(draws)]
    if not drawn.size or not np.isfinite(observed):
        return _nothing(label, "too few signals to move the scores against")
    height = 240.0
    top, bottom, left = 26.0, height - 40.0, 40.0
    low, high = finite_range(drawn, np.array([observed]))
    # One edge lies at the observed uplift: what is coloured is exactly what reached it.
    step = (high - low or 1.0) / n_bins
    edges = observed + np.arange(np.floor((low - observed) / step), n_bins + 2) * step
    edges = edges[: np.searchsorted(edges, high, side="right") + 1]
    counts, _ = np.histogram(drawn, edges)
    x = fitted(float(edges[0]), float(edges[-1]), left, _WIDTH - 8, 0.03)
    y = fitted(0.0, float(counts.max()), bottom, top, 0.0)
    ticks = [t for t in round_ticks(0.0, y.high, 4) if t == int(t)]
    parts = [value_axis(y, ticks, left, _WIDTH - 8)]
    for count, a, b in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            kind = "neg" if a >= observed else "bar-all"
            words = f"{signed(a)} to {signed(b)}: {plural(count, 'draw')}"
            parts.append(box(x(a) + 0.5, y(count), x(b) - x(a) - 1, y(0) - y(count), kind, words))
    for tick in round_ticks(x.low, x.high, 6):
        parts.append(text(x(tick), bottom + 15, short(tick), anchor="middle"))
    parts.append(line(x(observed), top - 6, x(observed), bottom, "line c-all"))
    parts.append(_beside(x(observed), top - 8, f"the model: {signed(observed)}", _WIDTH))
    parts.append(text(_WIDTH - 8, bottom + 31, "Sharpe ratio added →", "lbl", "end"))
    return picture(_WIDTH, height, label, parts)


def _beside(at: float, y: float, words: str, width: float) -> str:
    """Return words right of a line, or left of it where they would leave the picture."""
    room = 8.0 * len(words)
    if at + 5 + room > width:
        return text(at - 5, y, words, "lbl ink", "end")
    return text(at + 5, y, words, "lbl ink")


def _nothing(label: str, words: str) -> Markup:
    return picture(_WIDTH, 60, label, [text(_WIDTH / 2, 34, words, "lbl", "middle")])
