"""The identity probe: whether a feature is the label in disguise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Floats

CORRELATION_LIMIT: Final = 0.9
AUC_LIMIT: Final = 0.85
# Fewer rows link by chance.
MIN_ROWS: Final = 50
# Up to so many values a label is a class; more are a number, cut into thirds.
MAX_CLASSES: Final = 5


@dataclass(frozen=True)
class Disguise:
    """A feature that knows the label too well.

    Attributes
    ----------
    feature : str
    shift : int
        The feature at t is linked to the label of row t + shift.
    correlation : float
        Pearson's, at that shift.
    auc : float
        How often the feature ranks a high label above a low one, or below it, at that shift:
        0.5 to 1.
    """

    feature: str
    shift: int
    correlation: float
    auc: float

    def __str__(self) -> str:
        where = f", {abs(self.shift)} rows {'later' if self.shift > 0 else 'earlier'}"
        return (
            f"{self.feature} is the label in disguise: correlation {self.correlation:.3f}, "
            f"AUC {self.auc:.3f} with the label{where if self.shift else ''}"
        )


def identity_probe(
    features: Mapping[str, ArrayLike], label: ArrayLike, horizon: int = 1, max_shift: int = 5
) -> tuple[Disguise, ...]:
    """Return the features that are the label, the label shifted, or the label and some noise.

    Parameters
    ----------
    features : mapping
        Name -> ndarray of shape (n_rows,), known at each row; NaN rows are left out.
    label : ndarray of shape (n_rows,)
        Known ``horizon`` rows later: a class, its sign, or a return.
    horizon : int
        Rows that a label reads ahead, at least 1.
    max_shift : int
        Labels of the rows t - ``horizon`` - ``max_shift`` to t + ``max_shift`` are held against
        the feature of row t.

    Returns
    -------
    tuple of Disguise
        Each feature whose strongest link has a correlation beyond 0.9 or an AUC beyond 0.85, at
        its strongest shift. A link that is strongest with a label already known at t (``horizon``
        rows back or more) is no leak: the last return is an honest feature of the next.

    Notes
    -----
    Of a label with more than `MAX_CLASSES` values, the AUC is that of its upper third against its
    lower third. By its sign, a Gaussian label with as much noise would have an AUC of
    1/2 + (2 / pi) asin(1/2) = 0.833 and would pass; by thirds it has 0.916.

    Raises
    ------
    SettingsError
        When ``horizon`` is below 1 or ``max_shift`` below 0.
    DataError
        When lengths differ.
    """
    if horizon < 1 or max_shift < 0:
        raise SettingsError(
            f"horizon must be 1 or more and max_shift 0 or more, received {horizon!r} and "
            f"{max_shift!r}."
        )
    y = np.asarray(label, dtype=np.float64)
    found = []
    for name, column in features.items():
        x = np.asarray(column, dtype=np.float64)
        if x.shape != y.shape or x.ndim != 1:
            raise DataError(
                f"{name} must have one row a label {y.shape}, received {x.shape}. Align them."
            )
        shifts = range(-horizon - max_shift, max_shift + 1)
        links = [_linked(name, x, y, shift) for shift in shifts]
        by_correlation = max(links, key=lambda link: abs(link.correlation))
        by_auc = max(links, key=lambda link: link.auc)
        for strongest, size, limit in (
            (by_correlation, abs(by_correlation.correlation), CORRELATION_LIMIT),
            (by_auc, by_auc.auc, AUC_LIMIT),
        ):
            if size > limit and strongest.shift > -horizon:
                found.append(strongest)
                break
    return tuple(found)


def area_under_curve(score: ArrayLike, is_high: ArrayLike) -> float:
    """Return how often a score ranks a high row above a low one; ties count half.

    Parameters
    ----------
    score : ndarray of shape (n_rows,)
        Finite.
    is_high : ndarray of shape (n_rows,), bool

    Returns
    -------
    float
        0 to 1; 0.5 where all rows are of one kind. Mann and Whitney (1947), U over its most.

    Examples
    --------
    >>> area_under_curve([1.0, 2.0, 2.0, 3.0], [False, False, True, True])
    0.875
    """
    x, high = np.asarray(score, dtype=np.float64), np.asarray(is_high, dtype=np.bool_)
    n_high, n_low = int(high.sum()), int((~high).sum())
    if not n_high or not n_low:
        return 0.5
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2.0)[place]
    u = rank[high].sum() - n_high * (n_high + 1) / 2.0
    return float(u / (n_high * n_low))


def _linked(name: str, x: Floats, y: Floats, shift: int) -> Disguise:
    a = x[max(-shift, 0) : x.size - max(shift, 0)]
    b = y[max(shift, 0) : y.size - max(-shift, 0)]
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if a.size < MIN_ROWS or not a.std() > 0.0 or not b.std() > 0.0:
        return Disguise(name, shift, 0.0, 0.5)
    correlation = float(np.corrcoef(a, b)[0, 1])
    classes = np.unique(b)
    if classes.size <= MAX_CLASSES:
        low, high = b == classes[0], b == classes[-1]
    else:
        lower, upper = np.quantile(b, [1 / 3, 2 / 3])
        low, high = b <= lower, b >= upper
    told = low | high
    area = area_under_curve(a[told], high[told])
    return Disguise(name, shift, correlation, max(area, 1.0 - area))
