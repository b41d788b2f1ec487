"""What a position is worth and what leaving it costs, as compiled functions.

The formulas are those of `alphamill.backtest.costs` and the kernel, to the bit (a test says so).
They stand here again because compiled code is cached by folder: a kernel that called functions of
another would go on returning the old number after an edit there.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np

from alphamill.workshop.compiled import compiler

F = TypeVar("F", bound=Callable[..., Any])
_njit: Any = numba.njit

jit = compiler(__file__)
# For what a compiled loop of this folder calls often. Nothing there allocates, so arrays that are
# handed over need not be counted: counting took nine tenths of a run. Such functions are compiled
# into their caller, whose cache knows the sources of the whole folder.
inlined: Callable[[F], F] = _njit(_nrt=False, forceinline=True)

# What a fill is worth, a row an instrument; ``tick`` 0 is off the grid, ``fee`` per unit and side,
# ``fee_frac`` of the traded value and side, ``margin`` per unit; ``net`` is room to count units in.
TERMS = np.dtype(
    [(n, np.float64) for n in ("tick", "point_value", "fee", "fee_frac", "margin", "net")]
)


@jit
def gain(side: int, entry: float, price: float, units: float, terms: Any) -> float:
    """Return the P&L before fees; on the grid a whole number of ticks."""
    tick, point_value = terms["tick"], terms["point_value"]
    if tick > 0.0:
        n_ticks = float(np.rint((price - entry) / tick))
        return float(side * n_ticks * (tick * point_value) * units)
    return float(side * (price - entry) * point_value * units)


@jit
def fee(price: float, units: float, terms: Any) -> float:
    by_value = terms["fee_frac"] * abs(price) * terms["point_value"] * units
    return float(terms["fee"] * units + by_value)


@jit
def paid(price: float, side: int, tick: float, slip: float, slip_frac: float) -> float:
    """Return what a market order pays at ``price``: ``side`` 1 buys, -1 sells."""
    worse = price + side * (slip + slip_frac * abs(price))
    if tick <= 0.0:
        return worse
    n_ticks = np.rint(worse / tick)
    if tick < 1.0:
        return float(n_ticks / np.rint(1.0 / tick))
    return float(n_ticks * tick)
