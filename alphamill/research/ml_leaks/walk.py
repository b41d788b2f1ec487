"""The walk forward that the planted pairs share: it is honest, and what they give it may not be."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from alphamill.core.market import Flags, Floats
from alphamill.research.audit_rows import Labelled

FIRST = 80
EVERY = 40
PENALTY = 10.0


class Step(NamedTuple):
    """Rows whose labels were known when the block begins, and the rows of the block."""

    train: Flags
    block: slice


def steps(table: Labelled) -> Iterator[Step]:
    """Yield the blocks in order; the first rows are trained on only."""
    for begin in range(FIRST, len(table), EVERY):
        yield Step(table.end <= table.start[begin], slice(begin, begin + EVERY))


def walked(table: Labelled, x: Floats) -> Floats:
    """Return each row's score by the model of its block; NaN before the first block."""
    out = np.full(len(table), np.nan)
    for train, block in steps(table):
        out[block] = fitted(x[train], table.y[train])(x[block])
    return out


def fitted(x: Floats, y: Floats) -> Callable[[Floats], Floats]:
    """Return a ridge regression of the label as a function of new rows."""
    mean, level = x.mean(axis=0), y.mean()
    centred = x - mean
    weights = np.linalg.solve(
        centred.T @ centred + PENALTY * np.eye(x.shape[1]), centred.T @ (y - level)
    )
    return lambda new: level + (new - mean) @ weights
