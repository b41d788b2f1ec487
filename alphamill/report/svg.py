"""SVG by hand: a few marks whose colours are style-sheet classes, so pictures follow the theme."""

from collections.abc import Iterable

import numpy as np
from markupsafe import Markup, escape

from alphamill.core.market import Floats
from alphamill.report.scales import Scale
from alphamill.report.wording import short

NARROW, WIDE = 440.0, 960.0


def picture(width: float, height: float, label: str, parts: Iterable[str]) -> Markup:
    """Return one picture with its words for those who cannot see it.

    ``parts`` are marks of this module, whose every text went through ``escape``.
    """
    body = "".join(parts)
    return Markup(
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        f"{body}</svg>"
    )


def both(wide: Markup, narrow: Markup) -> Markup:
    """Return the two drawings of one picture; the style sheet shows the one that fits."""
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(wide, narrow)


def num(value: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a straight line."""
    return f'<path class="{kind}" d="M{num(x1)} {num(y1)}L{num(x2)} {num(y2)}"/>'


def text(x: float, y: float, words: object, kind: str = "lbl", anchor: str = "start") -> str:
    """Return escaped words."""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{num(x)}" y="{num(y)}"{where}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> str:
    """Return a rectangle, with words on hover when ``title`` is given."""
    where = (
        f'<rect class="{kind}" x="{num(x)}" y="{num(y)}" '
        f'width="{num(max(width, 0))}" height="{num(max(height, 0))}"'
    )
    return f"{where}/>" if not title else f"{where}><title>{escape(title)}</title></rect>"


def curve(x: Floats, y: Floats, kind: str, to_zero: float | None = None) -> str:
    """Return a line through the points, or an area down to ``to_zero``."""
    if not x.size:
        return ""
    points = "L".join(f"{num(a)} {num(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    if to_zero is None:
        return f'<path class="{kind}" d="M{points}"/>'
    first, last = num(float(x[0])), num(float(x[-1]))
    base = num(to_zero)
    return f'<path class="{kind}" d="M{first} {base}L{points}L{last} {base}Z"/>'


def value_axis(scale: Scale, ticks: Iterable[float], left: float, right: float) -> str:
    """Return horizontal grid lines with their figures left of them; zero is drawn firmer."""
    parts = []
    for tick in ticks:
        y = scale(tick)
        parts.append(line(left, y, right, y, "zero" if tick == 0 else "grid"))
        parts.append(text(left - 6, y + 3.5, short(tick), anchor="end"))
    return "".join(parts)


def time_axis(scale: Scale, ticks: Iterable[tuple[int, str]], top: float, bottom: float) -> str:
    """Return dates below the picture, each with a faint line through it."""
    parts = []
    for at, label in ticks:
        x = scale(at)
        parts.append(line(x, top, x, bottom, "grid"))
        parts.append(text(x, bottom + 14, label, anchor="middle"))
    return "".join(parts)


def triangle(x: float, y: float, size: float, up: bool, kind: str, title: str) -> str:
    """Return an entry mark whose tip touches the price."""
    tail = y + size * 1.5 if up else y - size * 1.5
    return (
        f'<path class="{kind}" d="M{num(x)} {num(y)}L{num(x - size)} {num(tail)}'
        f'L{num(x + size)} {num(tail)}Z"><title>{escape(title)}</title></path>'
    )


def dot(x: float, y: float, radius: float, kind: str, title: str = "") -> str:
    """Return a disc, with words on hover when ``title`` is given."""
    where = f'<circle class="{kind}" cx="{num(x)}" cy="{num(y)}" r="{num(radius)}"'
    return f"{where}/>" if not title else f"{where}><title>{escape(title)}</title></circle>"


def finite_range(*columns: Floats) -> tuple[float, float]:
    """Return the lowest and highest finite value of all columns, 0 and 0 where there is none."""
    lows = [float(c[np.isfinite(c)].min()) for c in columns if np.isfinite(c).any()]
    highs = [float(c[np.isfinite(c)].max()) for c in columns if np.isfinite(c).any()]
    return (min(lows), max(highs)) if lows else (0.0, 0.0)
