"""Pictures of counts and spreads: funnel, heatmap, rows of bars or dots, histogram, scatter."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from markupsafe import Markup

from alphamill.core.market import Floats
from alphamill.core.params import Value
from alphamill.report.scales import Scale, fitted, round_ticks
from alphamill.report.svg import (
    NARROW,
    both,
    box,
    dot,
    finite_range,
    line,
    num,
    picture,
    text,
    value_axis,
)
from alphamill.report.wording import money, number, plain_value, plural, short, signed


@dataclass(frozen=True)
class Step:
    """One station of the funnel; ``share`` is its width, 0 to 1 of the first of its unit."""

    label: str
    count: int
    unit: str
    share: float
    lost: int | None  # against the step before; None where the unit changes


def funnel(steps: Sequence[Step], label: str, wide: float) -> Markup:
    """Return the way from all cells to the winners; widths are true within one unit."""
    return both(_funnel_across(steps, label, wide), _funnel_down(steps, label, NARROW))


def _funnel_across(steps: Sequence[Step], label: str, width: float) -> Markup:
    if not steps:
        return picture(width, 40, label, [])
    top, full = 34.0, 120.0
    mid, slot = top + full / 2, (width - 74) / max(len(steps) - 1, 1)
    parts = []
    for i, step in enumerate(steps):
        half, x = max(step.share * full / 2, 1.0), i * slot
        solid = min(slot * 0.42, 64.0)
        kind = _station(steps, i)
        parts.append(box(x, mid - half, solid, 2 * half, kind, f"{step.label}: {step.count:,}"))
        parts.append(text(x, top - 12, f"{step.count:,}", "count"))
        parts += [
            text(x, top + full + 20 + 13 * row, words, "lbl ink")
            for row, words in enumerate(_wrapped(step.label, int(slot / 6.4)))
        ]
        parts.append(text(x, top + full + 20 + 13 * 2, step.unit, "lbl note"))
        if i + 1 < len(steps):
            after = steps[i + 1]
            narrower = max(after.share * full / 2, 1.0)
            parts.append(_flow(x + solid, x + slot, mid, half, narrower, after.lost is None))
            if after.lost:
                lost = signed(-after.lost, 0)
                parts.append(text(x + (solid + slot) / 2, mid + 4, lost, "lbl lost", "middle"))
    return picture(width, top + full + 54, label, parts)


def _flow(x1: float, x2: float, mid: float, a: float, b: float, changes_unit: bool) -> str:
    bend = (x1 + x2) / 2
    kind = "flow change" if changes_unit else "flow"
    return (
        f'<path class="{kind}" d="M{num(x1)} {num(mid - a)}C{num(bend)} {num(mid - a)} '
        f"{num(bend)} {num(mid - b)} {num(x2)} {num(mid - b)}V{num(mid + b)}C{num(bend)} "
        f'{num(mid + b)} {num(bend)} {num(mid + a)} {num(x1)} {num(mid + a)}Z"/>'
    )


def _funnel_down(steps: Sequence[Step], label: str, width: float) -> Markup:
    row, left = 40.0, 190.0
    full = width - left - 4
    parts = []
    for i, step in enumerate(steps):
        y = i * row
        size = max(step.share * full, 2.0)
        parts.append(box(left + (full - size) / 2, y + 4, size, 24, _station(steps, i)))
        words = _wrapped(step.label, 18)
        parts.append(text(0, y + (20 if len(words) == 1 else 14), words[0], "lbl ink"))
        parts += [text(0, y + 27, more, "lbl ink") for more in words[1:2]]
        parts.append(text(left - 12, y + 21, f"{step.count:,}", "count", "end"))
        if i + 1 < len(steps):
            after = max(steps[i + 1].share * full, 2.0)
            centre = left + full / 2
            kind = "flow change" if steps[i + 1].lost is None else "flow"
            parts.append(
                f'<path class="{kind}" d="M{num(centre - size / 2)} {num(y + 28)}'
                f"H{num(centre + size / 2)}L{num(centre + after / 2)} {num(y + row + 4)}"
                f'H{num(centre - after / 2)}Z"/>'
            )
    return picture(width, max(len(steps) * row - 8, 20), label, parts)


def _station(steps: Sequence[Step], i: int) -> str:
    if i == len(steps) - 1:
        return "station last" if steps[i].count else "station none"
    return "station cells" if steps[i].unit == "cells" else "station"


def _wrapped(words: str, n_letters: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > n_letters:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], f"{lines[1][: max(n_letters - 1, 1)]}…"]
    return [one if len(one) <= n_letters + 4 else f"{one[: n_letters + 3]}…" for one in lines]


def heatmap(
    grid: Floats,
    x: tuple[str, Sequence[Value | None]],
    y: tuple[str, Sequence[Value | None]],
    label: str,
    chosen: tuple[int, int] | None = None,
) -> Markup:
    """Return Sharpe over two parameters: depth of colour for size, hue for sign, best framed.

    ``chosen`` (row, column) is marked by a dot.
    ``grid`` has shape (len(y values), len(x values)); NaN cells stay empty.
    """
    width, left, cell_h = 520.0, 64.0, 30.0
    n_y, n_x = grid.shape
    cell_w = min((width - left - 4) / max(n_x, 1), 84.0)
    limit = float(np.nanmax(np.abs(grid))) if np.isfinite(grid).any() else 1.0
    best = divmod(int(np.nanargmax(grid)), n_x) if np.isfinite(grid).any() else (-1, -1)
    parts = [text(left, 12, f"{x[0]} →", "lbl ink"), text(0, 12, f"{y[0]} ↓", "lbl ink")]
    # A long name of the rows would run into that of the columns, so it gets its own line.
    top = 40.0 if (len(y[0]) + 3) * 6.2 < left else 54.0
    if top > 40:
        parts[0] = text(left, 28, f"{x[0]} →", "lbl ink")
    for j, value in enumerate(x[1]):
        at = left + (j + 0.5) * cell_w
        if j % ceil(30 / cell_w) == 0:
            parts.append(text(at, top - 8, plain_value(value), anchor="middle"))
    for i, value in enumerate(y[1]):
        at = top + (i + 0.5) * cell_h
        parts.append(text(left - 8, at + 4, plain_value(value), anchor="end"))
        for j in range(n_x):
            here = (left + j * cell_w, top + i * cell_h, cell_w, cell_h)
            title = f"{x[0]} {plain_value(x[1][j])}, {y[0]} {plain_value(value)}"
            parts.append(_heat_cell(float(grid[i, j]), limit, here, title, (i, j) == best))
    if best[0] >= 0:
        parts.append(
            box(
                left + best[1] * cell_w + 1,
                top + best[0] * cell_h + 1,
                cell_w - 2,
                cell_h - 2,
                "frame",
            )
        )
    if chosen is not None:
        right, upper = left + (chosen[1] + 1) * cell_w, top + chosen[0] * cell_h
        parts.append(dot(right - 7, upper + 7, 3.0, "chosen", "the cell that would run today"))
    return picture(width, top + n_y * cell_h + 6, label, parts)


def _heat_cell(
    value: float, limit: float, here: tuple[float, float, float, float], title: str, is_best: bool
) -> str:
    left, top, width, height = here
    if value != value:
        return box(left + 0.5, top + 0.5, width - 1, height - 1, "empty", f"{title}: no cell")
    # Kept below 0.6 so that figures stay readable on the deepest colour.
    depth = 0.06 + 0.52 * abs(value) / limit if limit else 0.06
    shape = (
        f'<rect class="{"pos" if value >= 0 else "neg"}" fill-opacity="{depth:.2f}" '
        f'x="{num(left + 0.5)}" y="{num(top + 0.5)}" width="{num(width - 1)}" '
        f'height="{num(height - 1)}"/>'
    )
    if width < 26:
        return shape
    kind = "cell best" if is_best else "cell"
    return shape + text(left + width / 2, top + height / 2 + 4, number(value), kind, "middle")


@dataclass(frozen=True)
class Pair:
    """One candidate's Sharpes: what it promised and what it kept."""

    label: str
    in_sample: float
    out_of_sample: float
    note: str = ""  # written below the label: the stamp of what is not proven


def against_luck(pairs: Sequence[Pair], luck: float, label: str, wide: float) -> Markup:
    """Return Sharpes on one axis, hollow in sample and solid out of sample, luck shaded."""
    return both(_pairs(pairs, luck, label, wide), _pairs(pairs, luck, label, NARROW))


def _pairs(pairs: Sequence[Pair], luck: float, label: str, width: float) -> Markup:
    left, row, top, right = min(250.0, width * 0.36), 30.0, 26.0, 92.0
    bottom = top + row * len(pairs) + 4
    low, high = finite_range(
        np.array([luck, 0.0, *(v for p in pairs for v in (p.in_sample, p.out_of_sample))])
    )
    x = fitted(low, high, left, width - right, 0.04)
    parts = [box(x(0.0), top, x(luck) - x(0.0), bottom - top, "luck")] if luck > 0 else []
    for tick in round_ticks(x.low, x.high, 4 if width <= NARROW else 8):
        parts.append(line(x(tick), top, x(tick), bottom, "zero" if tick == 0 else "grid"))
        parts.append(text(x(tick), bottom + 15, short(tick), anchor="middle"))
    if np.isfinite(luck):
        parts.append(line(x(luck), top - 4, x(luck), bottom, "mean"))
        words = f"best of as many noise trials: {number(luck)}"
        reach = 6.0 * len(words) / 2
        at = min(max(x(luck), reach), width - reach)
        parts.append(text(at, top - 10, words, "lbl ink", "middle"))
    for i, p in enumerate(pairs):
        parts.append(_pair(p, top + 2 + row * (i + 0.5), x, int(left / 6.2), width))
    return picture(width, bottom + 22, label, parts)


def _pair(pair: Pair, y: float, x: Scale, n_letters: int, width: float) -> str:
    name = pair.label if len(pair.label) <= n_letters else f"{pair.label[: n_letters - 1]}…"
    figures = f"{number(pair.in_sample)} → {number(pair.out_of_sample)}"
    parts = [
        text(0, y - 2 if pair.note else y + 4, name, "lbl ink"),
        text(0, y + 10, pair.note, "lbl lost") if pair.note else "",
        text(width, y + 4, figures, "figure", "end"),
    ]
    if np.isfinite(pair.in_sample) and np.isfinite(pair.out_of_sample):
        parts += [
            line(x(pair.in_sample), y, x(pair.out_of_sample), y, "held"),
            dot(x(pair.in_sample), y, 4.5, "hollow"),
            dot(x(pair.out_of_sample), y, 5.0, "pos" if pair.out_of_sample > 0 else "neg"),
        ]
    return "".join(parts)


@dataclass(frozen=True)
class Row:
    """One line of a row picture: what it is, where it stands, how it looks."""

    label: str
    value: float
    kind: str
    start: float = 0.0
    words: str = ""


def bars_in_rows(rows: Sequence[Row], label: str, width: float = 520.0) -> Markup:
    """Return horizontal bars from ``start`` to ``value``, each with its words at the right."""
    left, row, right = 118.0, 26.0, 92.0
    ends = np.array([v for r in rows for v in (r.value, r.start)] or [0.0])
    low, high = finite_range(ends, np.zeros(1))
    x = fitted(low, high, left, width - right, 0.0)
    parts = [line(x(0.0), 2, x(0.0), row * len(rows) + 2, "zero")] if rows else []
    for i, r in enumerate(rows):
        a, b = sorted((x(r.start), x(r.value)))
        y = row * i + 4
        parts.append(text(0, y + 14, r.label, "lbl ink"))
        parts.append(box(a, y + 2, max(b - a, 1.0), row - 8, r.kind))
        parts.append(text(width, y + 14, r.words, "figure", "end"))
    return picture(width, max(row * len(rows) + 6, 12), label, parts)


def histogram(values: Floats, label: str, n_bins: int = 41) -> Markup:
    """Return how often each result came; bins are equal and one edge lies at zero."""
    width, height = 520.0, 240.0
    if not values.size:
        return picture(width, 60, label, [text(width / 2, 34, "no trades", "lbl", "middle")])
    top, bottom = 12.0, height - 26.0
    # The outer half percent on each side is gathered in the last bins, or one outlier would
    # squeeze all others into a single bar.
    low, high = (float(v) for v in np.quantile(values, (0.005, 0.995)))
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low or 1.0) / (n_bins - 1)
    first = np.floor(low / step)
    edges = (first + np.arange(n_bins + 1)) * step
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    x = Scale(float(edges[0]), float(edges[-1]), 40.0, width - 8)
    y = fitted(0.0, float(counts.max()), bottom, top + 14, 0.0)
    parts = [value_axis(y, [t for t in round_ticks(0, y.high, 4) if t == int(t)], 40, width - 8)]
    for count, a, b in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        title = f"{short(round(a, 2))} to {short(round(b, 2))}: {plural(count, 'trade')}"
        kind = "pos" if a > -step / 2 else "neg"
        if count:
            tall = y(0) - y(count)
            parts.append(box(x(a) + 0.5, y(count), x(b) - x(a) - 1, tall, kind, title))
    for tick in round_ticks(x.low, x.high, 6):
        parts.append(text(x(tick), bottom + 15, short(tick), anchor="middle"))
    mean = float(values.mean())
    if edges[0] <= mean <= edges[-1]:
        parts.append(line(x(mean), top, x(mean), bottom, "mean"))
        parts.append(text(x(mean) + 5, top + 9, f"mean {money(mean)}", "lbl ink"))
    return picture(width, height, label, parts)


def scatter(worst: Floats, best: Floats, pnl: Floats, label: str) -> Markup:
    """Return each trade's worst excursion (across) against its best (up), coloured by result."""
    width, height = 520.0, 300.0
    if not pnl.size:
        return picture(width, 60, label, [text(width / 2, 34, "no trades", "lbl", "middle")])
    top, bottom, left = 10.0, height - 38.0, 52.0
    x = fitted(min(float(worst.min()), -1e-9), 0.0, left, width - 8, 0.02)
    y = fitted(0.0, max(float(best.max()), 1e-9), bottom, top, 0.02)
    parts = [value_axis(y, round_ticks(0.0, y.high, 5), left, width - 8)]
    for tick in round_ticks(x.low, 0.0, 6):
        parts.append(line(x(tick), top, x(tick), bottom, "grid"))
        parts.append(text(x(tick), bottom + 14, short(tick), anchor="middle"))
    parts.append(text(width - 8, bottom + 30, "worst excursion before the exit →", "lbl", "end"))
    parts.append(text(left + 4, top + 10, "best excursion ↑", "lbl"))
    # Trades on the same pixel are one dot, so a hundred thousand trades stay a small picture.
    spots = np.unique(
        np.column_stack([np.round(x.many(worst)), np.round(y.many(best)), pnl > 0]), axis=0
    )
    for at, up, won in spots.tolist():
        parts.append(dot(at, up, 2.6, "faint pos" if won else "faint neg"))
    return picture(width, height, label, parts)
