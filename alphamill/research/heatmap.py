"""The parameter map of one candidate: is the best cell a plateau or a needle."""

from collections.abc import Sequence

import numpy as np

from alphamill.core.params import Value
from alphamill.research.cells import Part, in_sample
from alphamill.research.outcome import Heatmap


def heatmap(part: Part, n_sessions: int, per_year: float) -> Heatmap | None:
    """Return the in-sample Sharpe over the two parameters with most values, best over the rest.

    Exits count as parameters. None where fewer than two parameters vary.
    """
    rows = [part.cell(row) for row in range(part.cells.size)]
    # A stack names percents and points only where it has them.
    names = dict.fromkeys(name for row in rows for name in row)
    axes = {name: _values([row.get(name) for row in rows]) for name in names}
    varied = sorted((name for name in axes if len(axes[name]) > 1), key=lambda n: -len(axes[n]))
    if len(varied) < 2:
        return None
    # The rule's own parameters tell more than the exits it shares with all others.
    own = [name for name in varied if name in part.params[0]]
    x_name, y_name = (own + [name for name in varied if name not in own])[:2]
    ratio = in_sample(part, n_sessions, per_year)
    traded = part.cells["total_trades"] > 0
    sharpe = np.full((len(axes[y_name]), len(axes[x_name])), np.nan)
    for row, value, is_real in zip(rows, ratio, traded, strict=True):
        at = axes[y_name].index(row.get(y_name)), axes[x_name].index(row.get(x_name))
        if is_real:
            sharpe[at] = np.fmax(sharpe[at], value)
    return Heatmap(x_name, y_name, tuple(axes[x_name]), tuple(axes[y_name]), sharpe)


def _values(found: Sequence[Value | None]) -> list[Value | None]:
    distinct = list(dict.fromkeys(found))
    return sorted(
        distinct, key=lambda v: (v is None, isinstance(v, str), v if v is not None else 0)
    )
