"""What a rule says on a hand-worked series, as lists of bars."""

from typing import Any

import numpy as np

from alphamill.core.market import Bars
from alphamill.core.strategy import Strategy


def spoken(strategy: Strategy, bars: Bars, **given: Any) -> dict[str, list[int]]:
    """Return the bars at which each thing is said; levels are read where a side is wanted."""
    said = strategy.rule(bars, **strategy.params(given))
    return {
        "long": np.flatnonzero(said.enter == 1).tolist(),
        "short": np.flatnonzero(said.enter == -1).tolist(),
        "leave_long": np.flatnonzero(said.leave_long).tolist(),
        "leave_short": np.flatnonzero(said.leave_short).tolist(),
    }


def bars_to_forget(weight: float) -> float:
    """Return the bars after which a seed weighs below 1e-12 in an average of that weight."""
    return float(np.log(1e-12) / np.log1p(-weight))
