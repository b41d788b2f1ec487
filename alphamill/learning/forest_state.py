"""What a forest is grown from and in: the arrays that its compiled functions hand around.

A training row is one 64-bit number, moved as its node is split:

    row | weight | weight if its label is 1

Each of the two lower fields has ``bits`` bits. A bin of a histogram is such a number too, with
the count of rows in the upper field, so that a row costs one addition. All sums are whole
numbers and exact, whatever the order of the rows.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alphamill.core.market import Floats, Ints

Codes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Places = NDArray[np.uint32]

LEAF = -1
N_CODES = 256
AT_ONCE = 4  # features counted in one pass over a node's rows; more or fewer are slower


class Ground(NamedTuple):
    """What the trees of a forest share.

    Attributes
    ----------
    codes : uint8 of shape (n_columns, n_train)
    n_bins, label, weight : int64 of shape (n_columns,), (n_train,), (n_train,)
        The weight counts where nothing is drawn.
    keep, other : int64 of shape (n_train,)
        Alias table of the draws: below ``keep`` of 2**32 a cell is itself, else ``other``.
    n_draws : int
        Rows drawn with replacement for each tree; 0 takes each row once.
    candidates, leaf : int
        Features asked at a node; rows that a child must keep.
    balanced : bool
        Both classes weigh the same in each tree.
    bits : int
        Width of a field; a tree's total weight lies below 2**bits.
    """

    codes: Codes
    n_bins: Ints
    label: Ints
    weight: Ints
    keep: Ints
    other: Ints
    n_draws: int
    candidates: int
    leaf: int
    balanced: bool
    bits: int


class Tree(NamedTuple):
    """Nodes in the order they are met, left before right; columns of shape (capacity,)."""

    feature: Ints
    cut: Ints
    left: Ints
    right: Ints
    value: Floats


class Space(NamedTuple):
    """Where a tree is grown; used again by the next."""

    items: Words
    spare: Words
    tests: Places
    spare_tests: Places
    times: Ints
    stack: Ints
    keys: Words
    order: Ints
    hist: Ints
    of_class: Floats


class Split(NamedTuple):
    """Best cut so far: gain is ``above / below``; ``left`` is the packed sum of the left child."""

    feature: int
    cut: int
    left: int
    above: float
    below: float


class Node(NamedTuple):
    """Its items from ``start`` to ``end``, its test rows from ``first`` to ``last``."""

    start: int
    end: int
    first: int
    last: int
    depth: int
    above: int
    total: int
    key: int


NO_SPLIT = Split(LEAF, 0, 0, 0.0, 1.0)
