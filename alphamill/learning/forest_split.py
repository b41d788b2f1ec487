"""The best cut of a node: draw features, count their codes, compare the gains."""

from typing import Any

import numpy as np

from alphamill.core.market import Ints
from alphamill.learning.forest_state import (
    AT_ONCE,
    N_CODES,
    NO_SPLIT,
    Ground,
    Node,
    Space,
    Split,
    Words,
)
from alphamill.workshop.compiled import compiler

jit = compiler(__file__, nogil=True)

ONE = np.uint64(1)
NEARLY = 1.0 - 1e-12
FULL = 0xFFFFFFFFFFFFFFFF
STEP = 0x9E3779B97F4A7C15


@jit
def mixed(state: int) -> int:
    """Return the number that splitmix64 draws at a state (Steele, Lea and Flood 2014)."""
    z = (state + STEP) & FULL
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & FULL
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & FULL
    return z ^ (z >> 31)


@jit
def may_split(ground: Ground, node: Node) -> bool:
    """Return whether a node has rows for two leaves and both classes."""
    mask = (1 << ground.bits) - 1
    whole, positive = (node.total >> ground.bits) & mask, node.total & mask
    return node.end - node.start >= 2 * ground.leaf and 0 < positive < whole


@jit
def best_split(ground: Ground, space: Space, node: Node) -> Split:
    """Return the cut of the highest gain among features drawn for this node."""
    best, order, hist, n_columns = NO_SPLIT, space.order, space.hist, space.order.size
    for j in range(n_columns):
        order[j] = j
    asked, state, moves = 0, node.key, False
    # Beyond the candidates, as scikit-learn does: one by one while all were constant here.
    while asked < n_columns and not moves:
        more = ground.candidates if asked == 0 else 1
        state = _draw(order, asked, more, state)
        for first in range(asked, asked + more, AT_ONCE):
            features = order[first : min(first + AT_ONCE, asked + more)]
            if features.size > 2:
                _count_four(ground, space.items, hist, node, features)
            else:
                _count_two(ground, space.items, hist, node, features)
            row = space.items[node.start] >> np.uint64(2 * ground.bits)
            best, some_move = _scanned(ground, space, node, features, row, best)
            moves = moves or some_move
        asked += more
    return best


@jit
def _draw(order: Ints, at: int, n: int, state: int) -> int:
    """Draw ``n`` more features into ``order`` from ``at`` on and return the new state."""
    for i in range(at, at + n):
        state = (state + STEP) & FULL
        other = i + int(((mixed(state) >> 32) * (order.size - i)) >> 32)
        order[i], order[other] = order[other], order[i]
    return state


@jit
def _count_four(ground: Ground, items: Words, hist: Ints, node: Node, features: Ints) -> None:
    """Fill the histograms of three or four features; a missing one repeats the last."""
    last = features.size - 1
    a, b, c, d = features[0], features[1], features[2], features[last]
    n_bins, codes, row_of = ground.n_bins, ground.codes, np.uint64(2 * ground.bits)
    for k in range(max(n_bins[a], n_bins[b], n_bins[c], n_bins[d])):
        for q in range(4):
            hist[q * N_CODES + k] = 0
    low = (ONE << row_of) - ONE
    code_a, code_b, code_c, code_d = codes[a], codes[b], codes[c], codes[d]
    for i in range(np.uint64(node.start), np.uint64(node.end)):
        item = items[i]
        row, add = item >> row_of, np.int64((item & low) + low + ONE)
        hist[code_a[row]] += add
        hist[N_CODES + int(code_b[row])] += add
        hist[2 * N_CODES + int(code_c[row])] += add
        hist[3 * N_CODES + int(code_d[row])] += add


@jit
def _count_two(ground: Ground, items: Words, hist: Ints, node: Node, features: Ints) -> None:
    """Fill the histograms of one or two features; a missing one repeats the first."""
    a, b = features[0], features[features.size - 1]
    codes, row_of = ground.codes, np.uint64(2 * ground.bits)
    for k in range(max(ground.n_bins[a], ground.n_bins[b])):
        hist[k] = 0
        hist[N_CODES + k] = 0
    low = (ONE << row_of) - ONE
    code_a, code_b = codes[a], codes[b]
    for i in range(np.uint64(node.start), np.uint64(node.end)):
        item = items[i]
        row, add = item >> row_of, np.int64((item & low) + low + ONE)
        hist[code_a[row]] += add
        hist[N_CODES + int(code_b[row])] += add


@jit
def _scanned(
    ground: Ground, space: Space, node: Node, features: Ints, row: int, best: Split
) -> tuple[Split, bool]:
    """Return the better of a split so far and the cuts of counted features, and if any moves.

    A feature moves where not all rows of the node share the code of ``row``, one of them. The
    weighted Gini impurity falls by ``d**2 / (L R)`` up to factors of the node, where L and R are
    the children's weights and ``d = l1 N - l N1``: l of N is held left, l1 of N1 in class 1.
    """
    hist, bits = space.hist, ground.bits
    mask = (1 << bits) - 1
    whole, positive = float((node.total >> bits) & mask), float(node.total & mask)
    base, extra = space.of_class[0], space.of_class[1] - space.of_class[0]
    weight = base * whole + extra * positive
    enough = ground.leaf << (2 * bits)
    too_many = (node.end - node.start - ground.leaf + 1) << (2 * bits)
    who, left, above, below = best.feature, best.left, best.above, best.below
    cut: Any = best.cut
    moves = False
    for q in range(np.uint64(features.size)):
        feature, at = features[q], q * np.uint64(N_CODES)
        if hist[at + np.uint64(ground.codes[feature, row])] == node.total:
            continue
        moves = True
        # Ties go to the lower feature, then to the lower cut.
        ties, near = feature < who, np.divide(NEARLY * above, below)
        b, end, total = at, at + np.uint64(ground.n_bins[feature] - 1), 0
        while b < end and total < enough:
            total += hist[b]
            b += ONE
        while enough <= total < too_many:
            held, held_1 = float((total >> bits) & mask), float(total & mask)
            d = held_1 * whole - held * positive
            child = base * held + extra * held_1
            product = child * (weight - child)
            # Most cuts fail here already; the rest are compared without a division's rounding.
            if d * d > near * product:
                ours, theirs = d * d * below, above * product
                if ours > theirs or (ties and ours == theirs):
                    who, cut, left, ties = feature, np.int64(b - at) - 1, total, False
                    above, below = d * d, product
                    near = np.divide(NEARLY * above, below)
            if b == end:
                break
            total += hist[b]
            b += ONE
    return Split(who, cut, left, above, below), moves
