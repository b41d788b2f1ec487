"""Fractional differencing: as little differencing as makes a series stationary."""

import numpy as np

from alphamill.core.errors import DataError
from alphamill.core.market import Floats

# Weights fall as k^-(1 + d): a wider window than this is a threshold set too low.
_WIDEST = 1_000_000


def fractional_weights(d: float, threshold: float = 1e-4) -> Floats:
    """Return the weights of (1 - B)^d down to a threshold.

    w_0 = 1 and w_k = -w_(k-1) (d - k + 1) / k, cut before the first with a magnitude below
    ``threshold``.

    Parameters
    ----------
    d : float
        Order, above 0; 1 is the first difference. Choose it in the training window: the least
        order that passes a unit-root test on the whole sample has seen the future.
    threshold : float

    Returns
    -------
    ndarray of shape (n_terms,)
        That of the present value first.

    Raises
    ------
    DataError
        For an order or threshold that is not above 0, or more than a million terms.

    References
    ----------
    Hosking (1981), Biometrika 68(1); Lopez de Prado (2018), Advances in Financial Machine
    Learning, section 5.4.

    Examples
    --------
    >>> fractional_weights(0.4, 0.04).round(6).tolist()
    [1.0, -0.4, -0.12, -0.064, -0.0416]
    """
    if not 0.0 < d <= 10.0 or not 0.0 < threshold < 1.0:
        raise DataError(
            "fractional differencing needs an order from 0 to 10 and a threshold between 0 and 1, "
            f"received d {d!r} and threshold {threshold!r}."
        )
    weights = [1.0]
    while True:
        k = len(weights)
        following = -weights[-1] * (d - k + 1.0) / k
        if abs(following) < threshold:
            return np.array(weights)
        if k == _WIDEST:
            raise DataError(
                f"order {d!r} needs more than {_WIDEST} terms down to {threshold!r}; raise the "
                "threshold."
            )
        weights.append(following)


def fractional_difference(values: Floats, d: float, threshold: float = 1e-4) -> Floats:
    """Return the fractional difference of a series over a window of fixed width.

    Parameters
    ----------
    values : ndarray of shape (n_bars,)
        Log prices as a rule, oldest first.
    d, threshold
        As `fractional_weights`, whose length is the width.

    Returns
    -------
    ndarray of shape (n_bars,)
        NaN for the first width - 1 bars and wherever the window holds a NaN. Each value uses the
        same weights; an expanding window, which has none to leave out, drifts instead.

    References
    ----------
    Lopez de Prado (2018), section 5.5, the fixed-width window.
    """
    x = np.asarray(values, dtype=np.float64)
    weights = fractional_weights(d, threshold)
    out = np.full(x.size, np.nan)
    if x.size >= weights.size:
        out[weights.size - 1 :] = np.convolve(x, weights, mode="valid")
    return out
