"""How much of a label is its own where labels overlap, and how to draw rows by it.

Label intervals are whole numbers of bars, both ends included, as for `CombinatorialPurgedCV`.
"""

from collections.abc import Sequence

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats, Ints
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

# 170 years of minutes; nanoseconds by mistake would ask for exabytes.
_MOST_BARS = 100_000_000


def average_uniqueness(start: Ints, end: Ints) -> Floats:
    """Return the mean over each label's bars of 1 / (labels alive at the bar).

    Parameters
    ----------
    start, end : int64 of shape (n_labels,)
        First and last bar of each label, both included, in any order.

    Returns
    -------
    ndarray of shape (n_labels,)
        1 for a label that overlaps none. The sum is about how many independent labels there are:
        1,000 labels of 20 bars, one a bar, are worth 51.

    Raises
    ------
    DataError
        For intervals that are not bars or end before they start.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, sections 4.3 and 4.4.

    Examples
    --------
    >>> average_uniqueness(np.array([0, 2, 4]), np.array([2, 3, 5])).round(4).tolist()
    [0.8333, 0.75, 1.0]
    """
    first, last, n_bars = _bars_of(start, end)
    if first.size == 0:
        return np.zeros(0)
    alive = np.cumsum(np.bincount(first, minlength=n_bars + 1) - _ends(last, n_bars))[:n_bars]
    return _mean_over(1.0 / np.maximum(alive, 1), first, last)


def draw_probabilities(start: Ints, end: Ints, drawn: Sequence[int]) -> Floats:
    """Return how likely each label is to be drawn next, those in ``drawn`` given.

    In proportion to the uniqueness the label would have among those drawn and itself.

    Parameters
    ----------
    start, end
        As `average_uniqueness`.
    drawn : sequence of int
        Labels drawn so far, repeats included.

    References
    ----------
    Lopez de Prado (2018), section 4.5.1.

    Examples
    --------
    >>> start, end = np.array([0, 2, 4]), np.array([2, 3, 5])
    >>> (14 * draw_probabilities(start, end, [1])).round(9).tolist()
    [5.0, 3.0, 6.0]
    """
    first, last, n_bars = _bars_of(start, end)
    taken = np.array(drawn, dtype=np.int64)
    if taken.size and (taken.min() < 0 or taken.max() >= first.size):
        raise DataError(
            f"drawn labels must lie from 0 to {first.size - 1}, received {taken.min()} to "
            f"{taken.max()}."
        )
    begun = np.bincount(first[taken], minlength=n_bars + 1)
    alive = np.cumsum(begun - _ends(last[taken], n_bars))[:n_bars]
    weight = _mean_over(1.0 / (1.0 + alive), first, last)
    out: Floats = weight / weight.sum()
    return out


def sequential_bootstrap(start: Ints, end: Ints, n_draws: int, rng: np.random.Generator) -> Ints:
    """Draw labels one after another, those that overlap the drawn ones less often.

    Parameters
    ----------
    start, end
        As `average_uniqueness`.
    n_draws : int
        As many as there are labels, as a rule.
    rng : numpy.random.Generator

    Returns
    -------
    int64 of shape (n_draws,)
        Labels in the order drawn, repeats included, each by `draw_probabilities`.

    Notes
    -----
    Each draw walks all bars and labels once: 10,000 of 10,000 take half a second. It raises
    uniqueness only a little where every bar begins a label; then rather draw fewer.

    References
    ----------
    Lopez de Prado (2018), section 4.5.
    """
    first, last, n_bars = _bars_of(start, end)
    if first.size == 0 or n_draws < 1:
        raise DataError(
            f"a bootstrap needs at least one label and one draw, received {first.size} and "
            f"{n_draws!r}."
        )
    drawn = np.empty(n_draws, dtype=np.int64)
    draw_in_turn(first, last, n_bars, rng.random(n_draws), drawn)
    return drawn


@jit
def draw_in_turn(first: Ints, last: Ints, n_bars: int, uniform: Floats, drawn: Ints) -> None:
    """Fill ``drawn``; each label weighs its mean of 1 / (1 + drawn labels alive)."""
    alive = np.zeros(n_bars)
    summed = np.zeros(n_bars + 1)
    cumulative = np.zeros(first.size)
    for k in range(drawn.size):
        for t in range(n_bars):
            summed[t + 1] = summed[t] + 1.0 / (1.0 + alive[t])
        total = 0.0
        for i in range(first.size):
            total += (summed[last[i] + 1] - summed[first[i]]) / (last[i] + 1 - first[i])
            cumulative[i] = total
        # Rounding may lift uniform x total to the total itself.
        label = min(np.searchsorted(cumulative, uniform[k] * total, side="right"), first.size - 1)
        drawn[k] = label
        alive[first[label] : last[label] + 1] += 1.0


def _mean_over(of_bar: Floats, first: Ints, last: Ints) -> Floats:
    summed = np.append(0.0, np.cumsum(of_bar))
    out: Floats = (summed[last + 1] - summed[first]) / (last + 1 - first)
    return out


def _ends(last: Ints, n_bars: int) -> Ints:
    return np.bincount(last + 1, minlength=n_bars + 1)


def _bars_of(start: Ints, end: Ints) -> tuple[Ints, Ints, int]:
    """Return the intervals counted from the first bar of any, and the bars they span."""
    first, last = np.asarray(start), np.asarray(end)
    if first.shape != last.shape or first.ndim != 1 or {first.dtype.kind, last.dtype.kind} != {"i"}:
        raise DataError(
            "label intervals must be two lists of bars of one length, received shapes "
            f"{first.shape} and {last.shape}, types {first.dtype} and {last.dtype}."
        )
    inverted = np.flatnonzero(last < first)
    if inverted.size:
        at = int(inverted[0])
        raise DataError(
            f"label {at} ends at bar {last[at]}, before its start {first[at]}; leave out labels "
            "that are not known yet."
        )
    if first.size == 0:
        return first.astype(np.int64), last.astype(np.int64), 0
    origin = int(first.min())
    n_bars = int(last.max()) - origin + 1
    if n_bars > _MOST_BARS:
        raise DataError(
            f"label intervals must be bars, received a span of {n_bars} of them; number the bars "
            "instead of passing their stamps."
        )
    return first - origin, last - origin, n_bars
