"""The picture of what moves together: correlations in the order of their tree, the tree beside."""

from dataclasses import dataclass

from markupsafe import Markup

from alphamill.portfolio.allocate.clusters import Tree
from alphamill.report.svg import box, line, picture, text
from alphamill.report.wording import number


@dataclass(frozen=True)
class Leaves:
    """A tree with the name and the class of each column."""

    tree: Tree
    names: tuple[str, ...]
    classes: tuple[str, ...]


def correlations(leaves: Leaves, label: str, width: float = 760.0) -> Markup:
    """Return correlations as a square: depth of colour for size, hue for sign; the tree left.

    The further left two branches meet, the less their names move together.
    """
    order = leaves.tree.order.tolist()
    n = len(order)
    branch, names, top = 110.0, 118.0, 26.0
    cell = min((width - branch - names - 4) / n, 44.0)
    left = branch + names
    parts = _branches(leaves.tree, branch - 6.0, top, cell)
    for row, i in enumerate(order):
        y = top + (row + 0.5) * cell
        said = f"{leaves.names[i]} ({leaves.classes[i]})" if leaves.classes[i] else leaves.names[i]
        parts.append(text(left - 8, y + 4, _short(said, 18), "lbl ink", "end"))
        parts.append(
            text(
                left + (row + 0.5) * cell,
                top - 8,
                _short(leaves.names[i], int(cell / 6)),
                "lbl",
                "middle",
            )
        )
        for column, j in enumerate(order):
            value = float(leaves.tree.correlation[i, j])
            title = f"{leaves.names[i]} with {leaves.names[j]}: {number(value)}"
            parts.append(_cell(value, left + column * cell, top + row * cell, cell, title))
    return picture(left + n * cell + 4, top + n * cell + 6, label, parts)


def _cell(value: float, x: float, y: float, size: float, title: str) -> str:
    # Kept below 0.6 so that figures stay readable on the deepest colour.
    depth = 0.04 + 0.52 * abs(value)
    kind = "pos" if value >= 0 else "neg"
    shape = box(x + 0.5, y + 0.5, size - 1, size - 1, kind, title)
    shape = shape.replace("<rect", f'<rect fill-opacity="{depth:.2f}"', 1)
    if size < 30:
        return shape
    return shape + text(x + size / 2, y + size / 2 + 4, number(value), "cell", "middle")


def _branches(tree: Tree, right: float, top: float, cell: float) -> list[str]:
    n = tree.order.size
    deepest = float(tree.links[:, 2].max(initial=0.0)) or 1.0
    at = {int(leaf): (right, top + (row + 0.5) * cell) for row, leaf in enumerate(tree.order)}
    parts = []
    for k, (a, b, distance, _) in enumerate(tree.links.tolist()):
        (x1, y1), (x2, y2) = at[int(a)], at[int(b)]
        x = right - distance / deepest * (right - 4.0)
        parts += [
            line(x1, y1, x, y1, "held"),
            line(x2, y2, x, y2, "held"),
            line(x, y1, x, y2, "held"),
        ]
        at[n + k] = (x, (y1 + y2) / 2)
    return parts


def _short(words: str, n_letters: int) -> str:
    return words if len(words) <= n_letters else f"{words[: max(n_letters - 1, 1)]}…"
