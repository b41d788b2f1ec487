"""The compiled forest: trees from histograms of codes, one after the other.

Each node has a key of its own, made from its parent's, and draws from a stream of that key.
So a tree depends on the forest's seed and its number alone, and its top on nothing below.
"""

from typing import Any

import numpy as np

from alphamill.core.market import Floats, Ints
from alphamill.learning.forest_split import FULL, STEP, best_split, may_split, mixed
from alphamill.learning.forest_state import (
    AT_ONCE,
    LEAF,
    N_CODES,
    NO_SPLIT,
    Codes,
    Ground,
    Node,
    Places,
    Space,
    Split,
    Tree,
    Words,
)
from alphamill.workshop.compiled import compiler

jit = compiler(__file__, nogil=True)

# Above 2**63, so that compiled code too takes them for unsigned.
OF_DRAWS, OF_LEFT, OF_RIGHT = 0x8000000000000001, 0x8000000000000002, 0x8000000000000003


@jit
def grow(ground: Ground, keys: Words, tree: Tree, test: Codes, depths: Ints, sums: Floats) -> int:
    """Grow a tree for each key, add its class-1 shares at the test rows, keep the last tree.

    Parameters
    ----------
    ground : Ground
    keys : uint64 of shape (n_trees,)
    tree : Tree
        Room for the nodes of one tree: `most_nodes`.
    test : uint8 of shape (n_columns, n_test)
        Without test rows trees are whole; else branches are left out that no row enters.
    depths : int64 of shape (n_depths,)
        Rising. A tree cut at depth d answers with the node that a row reaches after d questions.
    sums : float64 of shape (n_test, n_depths)
        Changed in place, tree by tree.

    Returns
    -------
    int
        Nodes of the last tree.
    """
    space, n_nodes = _space(ground, test.shape[1]), 0
    for t in range(keys.size):
        for i in range(test.shape[1]):
            space.tests[i] = i
        n_nodes = _grow(ground, space, tree, int(keys[t]), test, depths, sums)
    return n_nodes


@jit
def fill_keys(seed: Any, first: int, keys: Words) -> None:
    """Fill in the keys of the trees from ``first`` on."""
    state = mixed(int(seed))
    for t in range(first + keys.size):
        state = (state + STEP) & FULL
        if t >= first:
            keys[t - first] = mixed(state)


@jit
def fill_alias_table(weight: Floats, keep: Ints, other: Ints) -> None:
    """Fill the table that draws cell i with probability ``weight[i] / weight.sum()``.

    Vose (1991): each poor cell keeps its own share and gives the rest to one rich cell.
    """
    n = weight.size
    share = weight * (n / weight.sum())
    poor, rich = np.empty(n, np.int64), np.empty(n, np.int64)
    n_poor = n_rich = 0
    for i in range(n):
        keep[i], other[i] = 1 << 32, i
        if share[i] < 1.0:
            poor[n_poor] = i
            n_poor += 1
        else:
            rich[n_rich] = i
            n_rich += 1
    while n_poor > 0 and n_rich > 0:
        n_poor -= 1
        low, high = poor[n_poor], rich[n_rich - 1]
        keep[low], other[low] = int(share[low] * 4294967296.0), high
        share[high] -= 1.0 - share[low]
        if share[high] < 1.0:
            n_rich -= 1
            poor[n_poor] = high
            n_poor += 1


@jit
def _space(ground: Ground, n_test: int) -> Space:
    n = ground.label.size
    leaves = n // ground.leaf + 1
    return Space(
        np.empty(n + 1, np.uint64),
        np.empty(n, np.uint64),
        np.empty(n_test, np.uint32),
        np.empty(n_test, np.uint32),
        np.empty(n, np.int64),
        np.empty((leaves + 1, 7), np.int64),
        np.empty(leaves + 1, np.uint64),
        np.empty(ground.n_bins.size, np.int64),
        np.empty(AT_ONCE * N_CODES, np.int64),
        np.empty(2),
    )


@jit
def _sown(ground: Ground, space: Space, key: int) -> int:
    """Lay the rows of one tree as items and return how many they are."""
    times, items, bits = space.times, space.items, ground.bits
    n = ground.label.size
    if ground.n_draws > 0:
        times[:] = 0
        state = mixed(key ^ OF_DRAWS)
        for _ in range(ground.n_draws):
            state = (state + STEP) & FULL
            drawn = mixed(state)
            # Without rejection: off by less than n / 2**32 of a cell's chance.
            cell = int(((drawn >> 32) * n) >> 32)
            other = ground.other[cell]
            cell = cell if (drawn & 0xFFFFFFFF) < ground.keep[cell] else other
            times[cell] += 1
    else:
        # Not by slices: their error messages alone would take seconds to compile.
        for i in range(n):
            times[i] = ground.weight[i]
    filled = 0
    for i in range(n):
        items[filled] = (((i << bits) | times[i]) << bits) | (times[i] * ground.label[i])
        filled += times[i] > 0
    return filled


@jit
def _grow(
    ground: Ground, space: Space, tree: Tree, key: int, test: Codes, depths: Ints, sums: Floats
) -> int:
    """Grow one tree depth first and return its number of nodes; see `add_scores`."""
    shift, deepest, n_test = 2 * ground.bits, depths.max(), test.shape[1]
    n_items = _sown(ground, space, key)
    total = _summed(space.items, n_items, shift)
    _weigh_classes(space.of_class, total, ground)
    _push(space, 0, Node(0, n_items, 0, n_test, 0, LEAF, total, key))
    top, n_nodes = 1, 0
    while top > 0:
        top -= 1
        node, here = _popped(space, top), n_nodes
        n_nodes += 1
        split = NO_SPLIT
        if node.depth < deepest and may_split(ground, node):
            split = best_split(ground, space, node)
        is_leaf = split.feature == LEAF
        share = _share(node.total, ground.bits, space.of_class)
        _note(tree, here, node.above, split, share)
        _score(space.tests, node, is_leaf, share, depths, sums)
        if is_leaf:
            continue
        cut = np.uint8(split.cut)
        code = ground.codes[split.feature]
        middle = _parted(code, space.items, space.spare, (node.start, node.end), shift, cut)
        code = test[split.feature]
        between = _parted(code, space.tests, space.spare_tests, (node.first, node.last), 0, cut)
        below, right = node.depth + 1, node.total - split.left
        # A branch that no test row enters need not grow; the left one is met first.
        if between < node.last or n_test == 0:
            key = mixed(node.key ^ OF_RIGHT)
            _push(space, top, Node(middle, node.end, between, node.last, below, here, right, key))
            top += 1
        if node.first < between or n_test == 0:
            key = mixed(node.key ^ OF_LEFT)
            left = Node(node.start, middle, node.first, between, below, LEAF, split.left, key)
            _push(space, top, left)
            top += 1
    return n_nodes


@jit
def _push(space: Space, at: int, node: Node) -> None:
    stack = space.stack
    stack[at, 0], stack[at, 1], stack[at, 2] = node.start, node.end, node.first
    stack[at, 3], stack[at, 4], stack[at, 5] = node.last, node.depth, node.above
    stack[at, 6], space.keys[at] = node.total, node.key


@jit
def _popped(space: Space, at: int) -> Node:
    stack = space.stack
    # Without the type int, uncompiled code would go on with NumPy's and warn of overflow.
    start, end, first = int(stack[at, 0]), int(stack[at, 1]), int(stack[at, 2])
    last, depth, above = int(stack[at, 3]), int(stack[at, 4]), int(stack[at, 5])
    return Node(start, end, first, last, depth, above, int(stack[at, 6]), int(space.keys[at]))


@jit
def _summed(items: Words, n_items: int, shift: int) -> int:
    """Return the packed sum of items, their count in the upper field."""
    one = 1 << shift
    total = 0
    for i in range(n_items):
        total += (int(items[i]) & (one - 1)) + one
    return total


@jit
def _weigh_classes(of_class: Floats, total: int, ground: Ground) -> None:
    mask = (1 << ground.bits) - 1
    whole, positive = (total >> ground.bits) & mask, total & mask
    of_class[:] = 1.0
    if ground.balanced and 0 < positive < whole:
        # Each class by the weight of the other: whole numbers again, and ties stay ties.
        of_class[0], of_class[1] = positive, whole - positive


@jit
def _share(total: int, bits: int, of_class: Floats) -> float:
    mask = (1 << bits) - 1
    whole, positive = (total >> bits) & mask, total & mask
    one = of_class[1] * positive
    # Not by a slash: its error for zero would keep the counting of references in every loop.
    return float(np.divide(one, of_class[0] * (whole - positive) + one))


@jit
def _note(tree: Tree, here: int, above: int, split: Split, share: float) -> None:
    """Write a node; ``above`` is the parent of a right child."""
    tree.feature[here], tree.cut[here], tree.value[here] = split.feature, split.cut, share
    tree.left[here] = LEAF if split.feature == LEAF else here + 1
    tree.right[here] = LEAF
    if above >= 0:
        tree.right[above] = here


@jit
def _score(
    tests: Places, node: Node, is_leaf: bool, share: float, depths: Ints, sums: Floats
) -> None:
    """Add a node's share where it answers: at its own depth, and deeper too if it is a leaf."""
    first, last = 0, 0
    for j in range(depths.size):
        first += depths[j] < node.depth
        last += is_leaf or depths[j] <= node.depth
    for i in range(np.uint64(node.first), np.uint64(node.last)):
        row = np.uint64(tests[i])
        for j in range(np.uint64(first), np.uint64(last)):
            sums[row, j] += share


@jit
def _parted(
    code: Codes, items: Any, spare: Any, span: tuple[int, int], shift: int, cut: Any
) -> Any:
    """Move items above the cut behind the others, orders kept, and return where they begin."""
    # Unsigned throughout: a signed index costs a test for counting from the end.
    row_of, end, over = np.uint64(shift), np.uint64(span[1]), np.uint64(0)
    for i in range(np.uint64(span[0]), end):
        item = items[i]
        # Both are written and one is kept: a branch would be guessed wrong half the time.
        items[i - over], spare[over] = item, item
        over += np.uint64(code[np.uint64(item) >> row_of] > cut)
    low = end - over
    for i in range(over):
        items[low + i] = spare[i]
    return np.int64(low)
