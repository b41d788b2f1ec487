"""Prices to try an indicator on, and reference files of other houses."""

from pathlib import Path

import numpy as np
import pandas as pd

from alphamill.core.market import Floats


def prices(n_bars: int = 700, seed: int = 11) -> tuple[Floats, Floats, Floats, Floats]:
    """Return open, high, low, close on a grid of 0.1, with gaps and a flat stretch."""
    rng = np.random.default_rng(seed)
    close = 100.0 + np.cumsum(rng.standard_normal(n_bars))
    open_ = np.append(close[0], close[:-1]) + 0.5 * rng.standard_normal(n_bars)
    wicks = rng.random((2, n_bars))
    flat = slice(300, 340)
    close[flat] = open_[flat] = close[flat][:1]
    wicks[:, flat] = 0.0
    high = np.maximum(open_, close) + wicks[0]
    low = np.minimum(open_, close) - wicks[1]
    return open_.round(1), high.round(1), low.round(1), close.round(1)


def closes(n_bars: int = 700, seed: int = 11) -> Floats:
    return prices(n_bars, seed)[3]


def reference(shared: Path, file: str) -> dict[str, Floats]:
    """Return the columns of an indicator file of ../shared/data, names in lower case."""
    table = pd.read_csv(shared / "data" / "indicator-oracles" / file)
    numbers = table.drop(columns=table.columns[0])
    return {str(name).strip().lower(): numbers[name].to_numpy(dtype=np.float64) for name in numbers}


def worst(ours: Floats, theirs: Floats) -> float:
    """Return the largest difference where the reference says something; NaN if we are silent."""
    said = ~np.isnan(theirs)
    assert said.sum() > 50
    return float(np.max(np.abs(ours - theirs)[said]))
