"""Arithmetic cell by cell; what is not defined is NaN, never an infinity."""

import numpy as np

from alphamill.core.market import Floats


def add(x: Floats, y: Floats) -> Floats:
    return x + y


def subtract(x: Floats, y: Floats) -> Floats:
    return x - y


def multiply(x: Floats, y: Floats) -> Floats:
    return x * y


def divide(x: Floats, y: Floats) -> Floats:
    out = x / y
    # A quotient by 0 is the usual infinity; one pass tells whether there is any.
    return finite(out)


def power(x: Floats, y: Floats) -> Floats:
    return finite(np.power(x, y))


def negative(x: Floats) -> Floats:
    return -x


def absolute(x: Floats) -> Floats:
    return np.abs(x)


def log(x: Floats) -> Floats:
    return finite(np.log(x))


def sqrt(x: Floats) -> Floats:
    return np.sqrt(x)


def exp(x: Floats) -> Floats:
    return finite(np.exp(x))


def sign(x: Floats) -> Floats:
    return np.sign(x)


def signed_power(x: Floats, exponent: float) -> Floats:
    return finite(np.sign(x) * np.abs(x) ** exponent)


def smaller(x: Floats, y: Floats) -> Floats:
    return np.minimum(x, y)


def larger(x: Floats, y: Floats) -> Floats:
    return np.maximum(x, y)


def is_less(x: Floats, y: Floats) -> Floats:
    return _answer(np.less(x, y), x, y)


def is_at_most(x: Floats, y: Floats) -> Floats:
    return _answer(np.less_equal(x, y), x, y)


def where(condition: Floats, x: Floats, y: Floats) -> Floats:
    chosen = np.where(condition != 0.0, x, y)
    return np.where(np.isnan(condition), np.nan, chosen)


def first_known(x: Floats, y: Floats) -> Floats:
    return np.where(np.isnan(x), y, x)


def finite(x: Floats) -> Floats:
    """Return ``x`` with NaN for its infinities."""
    bad = np.isinf(x)
    return np.where(bad, np.nan, x) if np.any(bad) else x


def _answer(is_so: Floats, x: Floats, y: Floats) -> Floats:
    # 1 or 0, and neither where one side is not known.
    return np.where(np.isnan(x) | np.isnan(y), np.nan, np.asarray(is_so, dtype=np.float64))
