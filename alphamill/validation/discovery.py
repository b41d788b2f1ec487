"""Many p-values at once: what is found at a false discovery rate, and how much of it is false.

The trap of all of them: the p-values must be those of every cell tried. Those of the survivors of
earlier gates on the same data are small by selection, and their number is not the number of tests.
"""

import math
from typing import Literal, NamedTuple

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Flags, Floats, Ints

Method = Literal["bh", "by"]


class Histogram(NamedTuple):
    """``counts[k]`` p-values lie above ``edges[k]`` and at or below ``edges[k + 1]``."""

    counts: Ints
    edges: Floats


def adjusted(p_values: Floats, method: Method = "bh") -> Floats:
    """Return p-values adjusted for the false discovery rate, in the order given.

    Parameters
    ----------
    p_values : ndarray of shape (n_tests,)
        Above 0, at most 1, of *all* tests made.
    method : {"bh", "by"}
        Benjamini-Hochberg, for independent or positively dependent tests, or Benjamini-Yekutieli,
        for any dependence (1 + 1/2 + ... + 1/n_tests times as strict).

    Returns
    -------
    ndarray of shape (n_tests,)
        The least rate at which each is a discovery; rising with the p-values.

    Raises
    ------
    DataError
        For NaN, a value outside (0, 1], and so for the 0 of a permutation test without its +1.

    References
    ----------
    Benjamini and Hochberg (1995), JRSS B 57(1); Benjamini and Yekutieli (2001), Annals of
    Statistics 29(4), theorem 1.3. Computed by SciPy.

    Examples
    --------
    >>> adjusted(np.array([0.03, 0.01, 0.5])).round(3).tolist()
    [0.045, 0.03, 0.5]
    """
    # Half a second of import that only a verdict needs.
    from scipy.stats import false_discovery_control

    out: Floats = false_discovery_control(_checked(p_values), method=method)
    return out


def discoveries(p_values: Floats, level: float = 0.05, method: Method = "bh") -> Flags:
    """Return which tests are discoveries at a false discovery rate of ``level``.

    As `adjusted`. With permutation p-values see `draws_needed`: with too few draws nothing can be
    discovered, however good.
    """
    # An adjusted value that is the level but for rounding is at the level.
    return adjusted(p_values, method) <= level * (1.0 + 1e-12)


def draws_needed(n_tests: int, level: float = 0.05) -> int:
    """Return the fewest draws after which a single one of ``n_tests`` can be a BH discovery.

    The least permutation p-value is 1 / (draws + 1), the first step of Benjamini-Hochberg
    level / n_tests. Where that asks for too much, take a maximum statistic.

    Examples
    --------
    >>> [draws_needed(n) for n in (100, 1_000, 10_000)]
    [1999, 19999, 199999]
    """
    if n_tests < 1 or not 0.0 < level < 1.0:
        raise DataError(
            "draws are needed for at least one test at a level between 0 and 1, received "
            f"{n_tests!r} tests and level {level!r}."
        )
    return math.ceil(round(n_tests / level - 1.0, 6))


def null_share(p_values: Floats, above: float = 0.5) -> float:
    """Return the estimated share of tests in which there is nothing to find.

    Parameters
    ----------
    p_values : ndarray of shape (n_tests,)
        As in `adjusted`.
    above : float
        p-values above it are taken to be of true nulls, which are uniform there.

    Returns
    -------
    float
        (1 + number above) / ((1 - above) n_tests), at most 1.

    Notes
    -----
    Conservative tests pile p-values up near 1, and the estimate is then 1: it informs and is not
    used to make the level of `discoveries` laxer. Dependent tests make it jump.

    References
    ----------
    Storey, Taylor and Siegmund (2004), JRSS B 66(1), equation 6, with the +1 of equation 12.
    """
    p = _checked(p_values)
    if not 0.0 < above < 1.0:
        raise DataError(f"above must lie between 0 and 1, received {above!r}.")
    return min(1.0, (1.0 + np.count_nonzero(p > above)) / ((1.0 - above) * p.size))


def false_discovery_estimate(p_values: Floats, threshold: float) -> float:
    """Return the estimated share of false ones among the p-values at or below ``threshold``.

    The nulls expected there, `null_share` x n_tests x ``threshold``, over those found, at most 1;
    NaN where none is found. For a report beside the counts of a gate: it estimates, while
    `discoveries` controls.

    References
    ----------
    Storey (2002), A Direct Approach to False Discovery Rates, JRSS B 64(3), equation 5.
    """
    p = _checked(p_values)
    n_found = np.count_nonzero(p <= threshold)
    if n_found == 0:
        return math.nan
    return min(1.0, null_share(p) * p.size * threshold / n_found)


def p_histogram(p_values: Floats, n_bins: int = 20) -> Histogram:
    """Return how many p-values lie in each of ``n_bins`` bins of equal width.

    Bins hold their right edge, so that the first of 20 counts what is significant at 5 %. Flat
    is noise, a peak at the left is edge, a peak at the right is a conservative test.

    Examples
    --------
    >>> p_histogram(np.array([0.25, 0.26, 1.0]), 4).counts.tolist()
    [1, 1, 0, 1]
    """
    edges = np.arange(n_bins + 1) / n_bins
    counts = np.bincount(np.searchsorted(edges, _checked(p_values)) - 1, minlength=n_bins)
    return Histogram(counts.astype(np.int64), edges)


def _checked(p_values: Floats) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or p.size == 0:
        raise DataError(f"p-values must be a list of at least one, received shape {p.shape}.")
    bad = np.flatnonzero(~((p > 0.0) & (p <= 1.0)))
    if bad.size:
        raise DataError(
            f"p-values must lie above 0 and at most at 1, entry {bad[0]} is {p[bad[0]]!r}; from "
            "draws take (1 + hits) / (1 + draws), which is never 0."
        )
    return p
